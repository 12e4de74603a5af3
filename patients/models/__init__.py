from .access import Consent, EmergencyAccess
from .encounters import Encounter
from .history import Allergy, Condition, FamilyHistory, Medication, PreventiveCare
from .identity import DuplicateCandidate, PatientMerge, ResultMove
from .imports import (
    FhirResource,
    HeldResult,
    Hl7Message,
    ImportProblem,
    LabImport,
    LabSource,
    LocalCode,
)
from .observations import SurveyAnswer, WearableDay, WearableUpload
from .patients import Patient, PatientIdentifier
from .repeats import RepeatedResults
from .results import Analyte, LatestResult, ReferenceRange, Result
from .reviews import Notice, ResultReview, ResultTask

__all__ = [
    "Allergy",
    "Analyte",
    "Condition",
    "Consent",
    "DuplicateCandidate",
    "EmergencyAccess",
    "Encounter",
    "FamilyHistory",
    "FhirResource",
    "HeldResult",
    "Hl7Message",
    "ImportProblem",
    "LabImport",
    "LabSource",
    "LatestResult",
    "LocalCode",
    "Medication",
    "Notice",
    "Patient",
    "PatientIdentifier",
    "PatientMerge",
    "PreventiveCare",
    "ReferenceRange",
    "RepeatedResults",
    "Result",
    "ResultMove",
    "ResultReview",
    "ResultTask",
    "SurveyAnswer",
    "WearableDay",
    "WearableUpload",
]
