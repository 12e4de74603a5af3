from .answers import answer, undo
from .budget import alert_budget
from .quality import close, export, quality, tasks

__all__ = ["alert_budget", "answer", "close", "export", "quality", "tasks", "undo"]
