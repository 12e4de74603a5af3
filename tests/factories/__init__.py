from .accounts import CareTeamFactory, UserFactory
from .identity import DuplicateCandidateFactory, EmergencyAccessFactory, PatientMergeFactory
from .intake import HeldResultFactory, LabSourceFactory
from .patients import (
    AnalyteFactory,
    LabImportFactory,
    PatientFactory,
    PatientIdentifierFactory,
    ResultFactory,
)
from .predictions import ModelVersionFactory, PredictionFactory
from .recommendations import FeedbackFactory, RecommendationFactory
from .tasks import NoticeFactory, ResultTaskFactory

__all__ = [
    "AnalyteFactory",
    "CareTeamFactory",
    "DuplicateCandidateFactory",
    "EmergencyAccessFactory",
    "FeedbackFactory",
    "HeldResultFactory",
    "LabImportFactory",
    "LabSourceFactory",
    "ModelVersionFactory",
    "NoticeFactory",
    "PatientFactory",
    "PatientIdentifierFactory",
    "PatientMergeFactory",
    "PredictionFactory",
    "RecommendationFactory",
    "ResultFactory",
    "ResultTaskFactory",
    "UserFactory",
]
