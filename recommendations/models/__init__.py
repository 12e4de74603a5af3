from .catalogueedits import CatalogueEdit
from .evaluations import AdviceEvaluation
from .feedback import Feedback, ReviewTask
from .followups import FollowUp, Repeatability
from .interruptions import AlertBudget, AlertBudgetChange, HabitModel, Interruption
from .interventions import Interaction, Intervention
from .preferences import PatientPreferences
from .rankingweights import RankingWeights
from .recommendations import Recommendation

__all__ = [
    "AdviceEvaluation",
    "AlertBudget",
    "AlertBudgetChange",
    "CatalogueEdit",
    "Feedback",
    "FollowUp",
    "HabitModel",
    "Interaction",
    "Interruption",
    "Intervention",
    "PatientPreferences",
    "RankingWeights",
    "Recommendation",
    "Repeatability",
    "ReviewTask",
]
