from .predictions import Prediction
from .versions import ModelVersion, WrongStage

__all__ = ["ModelVersion", "Prediction", "WrongStage"]
