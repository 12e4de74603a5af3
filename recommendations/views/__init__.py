from .answers import answer, undo
from .quality import close, export, quality, tasks

__all__ = ["answer", "close", "export", "quality", "tasks", "undo"]
