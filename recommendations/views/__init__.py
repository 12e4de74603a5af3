from .answers import answer, undo
from .budget import alert_budget
from .quality import close, compute, export, quality, tasks

__all__ = ["alert_budget", "answer", "close", "compute", "export", "quality", "tasks", "undo"]
