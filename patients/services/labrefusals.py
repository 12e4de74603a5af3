"""Why a row of results cannot be stored, in sentences, and which of them a person can settle."""

from ml import analytes
from patients.labcsv.refusal import Refusal, masked
from patients.models import HeldResult

WAITS_FOR = {
    "unknown_patient": HeldResult.Reason.PATIENT,
    "patient_mismatch": HeldResult.Reason.PATIENT,
    "unknown_code": HeldResult.Reason.CODE,
    "unknown_unit": HeldResult.Reason.UNIT,
    "missing_unit": HeldResult.Reason.UNIT,
}
FUTURE = (
    "The sample was collected after this file was uploaded.",
    "Check the date, the time and the offset from UTC.",
)
UNBORN = (
    "The sample was collected before this patient was born.",
    "Check the date and the patient's number.",
)
LATE = (
    "The result was issued after this file was uploaded.",
    "Check the date, the time and the offset from UTC.",
)


def unknown_patient(identifier: str) -> Refusal:
    return Refusal(
        "mrn",
        "unknown_patient",
        "No patient here has this number.",
        "Check the number and its leading zeros. The row waits on the list of results without a "
        "patient, where somebody can say whose it is.",
        masked(identifier),
    )


def implausible(analyte: analytes.Analyte, seen: str) -> Refusal:
    low, high = analyte.plausible
    return Refusal(
        "value",
        "implausible_value",
        f"{analyte.display} of a living person lies between {low:g} and {high:g} {analyte.unit}.",
        "Check the value, the unit and the decimal point.",
        seen,
    )


def reversed_range(low: float, high: float) -> Refusal:
    return Refusal(
        "reference_low",
        "reference_range_reversed",
        "The lower reference limit is above the upper one.",
        "Check the two limits.",
        f"{low:g} to {high:g}",
    )


PATIENT_MISMATCH = Refusal(
    "birth_date",
    "patient_mismatch",
    "The patient with this number was born on another day.",
    "Check the number and the birth date. The row waits on the list of results without a "
    "patient, where somebody can say whose it is.",
)
