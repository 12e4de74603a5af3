from .feedback import Feedback, ReviewTask
from .followups import FollowUp, Repeatability
from .interruptions import AlertBudget, HabitModel, Interruption
from .interventions import Interaction, Intervention
from .recommendations import Recommendation

__all__ = [
    "AlertBudget",
    "Feedback",
    "FollowUp",
    "HabitModel",
    "Interaction",
    "Interruption",
    "Intervention",
    "Recommendation",
    "Repeatability",
    "ReviewTask",
]
