from .accounts import CareTeamFactory, UserFactory
from .patients import (
    AnalyteFactory,
    LabImportFactory,
    PatientFactory,
    PatientIdentifierFactory,
    ResultFactory,
)
from .predictions import ModelVersionFactory, PredictionFactory
from .recommendations import FeedbackFactory, RecommendationFactory

__all__ = [
    "AnalyteFactory",
    "CareTeamFactory",
    "FeedbackFactory",
    "LabImportFactory",
    "ModelVersionFactory",
    "PatientFactory",
    "PatientIdentifierFactory",
    "PredictionFactory",
    "RecommendationFactory",
    "ResultFactory",
    "UserFactory",
]
