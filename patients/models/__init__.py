from .encounters import Encounter
from .history import Allergy, Condition, FamilyHistory, Medication, PreventiveCare
from .imports import ImportProblem, LabImport
from .observations import SurveyAnswer, WearableDay
from .patients import Patient, PatientIdentifier
from .results import Analyte, ReferenceRange, Result

__all__ = [
    "Allergy",
    "Analyte",
    "Condition",
    "Encounter",
    "FamilyHistory",
    "ImportProblem",
    "LabImport",
    "Medication",
    "Patient",
    "PatientIdentifier",
    "PreventiveCare",
    "ReferenceRange",
    "Result",
    "SurveyAnswer",
    "WearableDay",
]
