"""A file taken back: its results end now, and what they had replaced counts again.

Nothing is deleted. "As known on day D" goes on saying, for the days between import and
withdrawal, what was believed then (decision 0008).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients import signals
from patients.models import HeldResult, LabImport, Result
from patients.services import (
    fhirrepeats,
    fhirstore,
    lablatest,
    labrepeats,
    labversions,
    resulttasks,
)
from patients.services.labversions import THREAD

AT_ONCE = 20_000  # results whose versions are put in order by one statement
END = """
UPDATE patients_result SET withdrawn_at = %(now)s,
    superseded_at = greatest(recorded_at, least(superseded_at, %(now)s))
WHERE lab_import_id = %(lab_import)s AND withdrawn_at IS NULL
"""
# Results of the file of which something else is known, or was said by others as well.
SHARED = f"""
SELECT DISTINCT {", ".join(f"mine.{name}" for name in THREAD)}
FROM patients_result AS mine
WHERE mine.lab_import_id = %(lab_import)s AND mine.withdrawn_at = %(now)s AND EXISTS (
    SELECT FROM patients_result AS other
    WHERE {" AND ".join(f"other.{name} = mine.{name}" for name in THREAD)}
        AND other.withdrawn_at IS NULL)
ORDER BY 1, 2, 3, 4
"""  # noqa: S608
PAIRS = """
SELECT DISTINCT patient_id, analyte_id FROM patients_result
WHERE lab_import_id = %(lab_import)s AND withdrawn_at = %(now)s
"""


class NotImported(Exception):
    """Nothing of the file was stored, so there is nothing to take back."""

    def __init__(self) -> None:
        super().__init__("This file has not been imported, so there is nothing to withdraw.")


@transaction.atomic
def withdraw(lab_import: LabImport, *, by: User, now: datetime, reason: str) -> LabImport:
    """Take a file back with all its results; a second time changes nothing.

    A file that is being read stops where it is. Raises NotImported for one that nobody has
    confirmed yet, PermissionDenied for another sender's.
    """
    permissions.check(by, Permission.LABS_UPLOAD)
    if not LabImport.objects.visible_to(by).filter(pk=lab_import.pk).exists():
        raise PermissionDenied("Only who uploaded a file, or the laboratory, may withdraw it.")
    if lab_import.format == LabImport.Format.FHIR:
        fhirstore.lock()  # before the turn of results, in the order of an import
    labversions.take_turns()
    taken_back = LabImport.objects.select_for_update(of=["self"]).get(pk=lab_import.pk)
    if taken_back.withdrawn_at is not None:
        return taken_back
    if taken_back.job_id is None:
        raise NotImported
    taken_back.withdrawn_at, taken_back.withdrawn_by = now, by
    taken_back.withdrawal_reason = reason.strip()[:200]
    taken_back.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    patient_ids = _end_results(taken_back, now=now)
    if taken_back.format == LabImport.Format.FHIR:
        fhirrepeats.take_back(taken_back, now=now)
    _end_what_hangs_on_it(taken_back, patient_ids, by=by, now=now)
    audit.record(
        "lab_import.withdrawn", target=taken_back, by=by, patient_ids=patient_ids,
        results=Result.objects.filter(lab_import=taken_back, withdrawn_at=now).count(),
    )  # fmt: skip
    if patient_ids:
        signals.results_arrived.send(sender=LabImport, patient_ids=patient_ids)
    return taken_back


def _end_results(lab_import: LabImport, *, now: datetime) -> list[int]:
    """End the file's results and order what is left; whose they were, ascending."""
    this: dict[str, Any] = {"lab_import": lab_import.pk, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(END, this)
    labrepeats.speak_up(lab_import, now=now)
    for threads in _some_at_a_time(SHARED, this):
        labversions.supersede(threads)
        labversions.restate(threads)
    patients: set[int] = set()
    for pairs in _some_at_a_time(PAIRS, this):
        lablatest.refresh(pairs)
        patients |= {patient_id for patient_id, _analyte_id in pairs}
    return sorted(patients)


def _some_at_a_time(query: str, arguments: dict[str, Any]) -> Iterator[list[tuple]]:
    """Rows as they were when they were asked for, never all of a long file in memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, arguments)
        while rows := cursor.fetchmany(AT_ONCE):
            yield rows


def _end_what_hangs_on_it(
    lab_import: LabImport, patient_ids: list[int], *, by: User, now: datetime
) -> None:
    """Held rows wait no longer; tasks are closed or open again; who saw a value is told."""
    lab_import.held.waiting().update(
        status=HeldResult.Status.WITHDRAWN, decided_by=by, decided_at=now
    )
    again = Result.objects.filter(patient__in=patient_ids, recorded_at=now, restatement__gt=0)
    resulttasks.after_results(Result.objects.filter(lab_import=lab_import), now=now)
    resulttasks.after_results(again, now=now)
