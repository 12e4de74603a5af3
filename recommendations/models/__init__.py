from .interventions import Interaction, Intervention
from .recommendations import Feedback, Recommendation

__all__ = ["Feedback", "Interaction", "Intervention", "Recommendation"]
