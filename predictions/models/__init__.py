from .predictions import Prediction
from .versions import CannotServe, IncompleteCard, ModelVersion, WrongStage

__all__ = ["CannotServe", "IncompleteCard", "ModelVersion", "Prediction", "WrongStage"]
