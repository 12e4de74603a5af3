"""Values that a person enters by hand: vital signs and tests at the point of care.

They go the way of every result (`intake.take`), so that they are converted, checked, flagged
and kept as versions like those of a laboratory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from healthcare.accounts.models import User
from healthcare.audit import services as audit
from patients import labcsv
from patients.models import Patient, PatientIdentifier
from patients.services import intake
from patients.services.records import SOURCE, NotChanged
from patients.signals import results_arrived


@dataclass(frozen=True)
class Reading:
    """One value as typed; `unit` is one that the analyte is known in."""

    code: str
    value: str
    unit: str
    note: str = ""


class NotTaken(NotChanged):
    """Some values were refused, and none was stored; `problems` says which and why."""

    def __init__(self, problems: Sequence[labcsv.Problem], readings: Sequence[Reading]):
        super().__init__("Nothing was stored. Mend the marked values.")
        self.by_code = {
            readings[problem.row - 1].code: f"{problem.message} {problem.repair}".strip()
            for problem in problems
        }


class NoNumber(NotChanged):
    def __init__(self) -> None:
        super().__init__("This patient has no number yet. Add one under Person and team first.")


@transaction.atomic
def enter(
    patient: Patient, readings: Sequence[Reading], *, measured_at: datetime, by: User, now: datetime
) -> int:
    """Store all of these values or none; return how many are new.

    Raises NotTaken when a value cannot be true, NoNumber when the patient has no identifier.
    """
    number = patient.identifiers.order_by("pk").first()
    if number is None:
        raise NoNumber
    if swapped := _swapped_pressures(readings):
        raise NotTaken([swapped], readings)
    rows = [_row(number, reading, measured_at) for reading in readings]
    taken = intake.take(rows, intake.Origin(received_at=now, source=SOURCE))
    if taken.problems:
        raise NotTaken(taken.problems, readings)
    new = taken.accepted + taken.corrected
    if new:
        audit.record(
            "results.entered", target=patient, by=by, patient_ids=[patient.pk],
            codes=sorted(reading.code for reading in readings),
        )  # fmt: skip
        results_arrived.send(sender=Patient, patient_ids=[patient.pk])
    return new


def _swapped_pressures(readings: Sequence[Reading]) -> labcsv.Problem | None:
    """What is wrong when the lower pressure is not below the upper one: each alone may be true."""
    typed = {reading.code: reading.value for reading in readings}
    try:
        upper, lower = (float(typed[code].replace(",", ".")) for code in ("SBP", "DBP"))
    except (KeyError, ValueError):  # one is missing, or no number, which the intake refuses
        return None
    if lower < upper:
        return None
    place = 1 + [reading.code for reading in readings].index("DBP")
    message = "The diastolic pressure must lie below the systolic one."
    repair = "Check whether the two were swapped."
    return labcsv.Problem(place, "value", "swapped_pressures", message, repair, typed["DBP"])


def _row(number: PatientIdentifier, reading: Reading, measured_at: datetime) -> dict[str, str]:
    return {
        "mrn": number.value,
        "identifier_system": number.system,
        "code": reading.code,
        "value": reading.value,
        "unit": reading.unit,
        "collected_at": measured_at.isoformat(),
        "note": reading.note,
    }
