from .predictions import Prediction
from .versions import IncompleteCard, ModelVersion, WrongStage

__all__ = ["IncompleteCard", "ModelVersion", "Prediction", "WrongStage"]
