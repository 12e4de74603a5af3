from .accounts import CareTeamFactory, UserFactory
from .patients import (
    AnalyteFactory,
    LabImportFactory,
    PatientFactory,
    PatientIdentifierFactory,
    ResultFactory,
)

__all__ = [
    "AnalyteFactory",
    "CareTeamFactory",
    "LabImportFactory",
    "PatientFactory",
    "PatientIdentifierFactory",
    "ResultFactory",
    "UserFactory",
]
