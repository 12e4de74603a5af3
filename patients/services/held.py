"""Rows that waited for a person: matched, mapped or rejected, and then read like any other.

A released row goes the way of every row (`intake.take`), so that it is checked, converted,
ordered and stored as if it had come today: `recorded_at` is now, since only now it is known
whose it is. The report of its file stays as it was; the row itself says what became of it. A
row that is clear in one point may ask another: then it waits again, with the new question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients import signals
from patients.models import (
    Analyte,
    HeldResult,
    LabImport,
    LabSource,
    Patient,
    PatientIdentifier,
    Result,
)
from patients.services import demographics, intake, labversions, resulttasks, sources
from patients.services.laborigin import LAB_FILE, Origin

Reason, Status = HeldResult.Reason, HeldResult.Status
OWN_NUMBERS = "carelens"  # of patients to whom nobody has given one
SOURCES = {LabImport.Format.HL7: "HL7 file", LabImport.Format.FHIR: "FHIR"}
Cells = dict[str, str]


class Released(NamedTuple):
    """What became of the rows: stored, known already, still waiting; whom they concern."""

    stored: int = 0
    known: int = 0
    waiting: int = 0
    patient_ids: frozenset[int] = frozenset()


class CannotMatch(Exception):
    """These rows cannot be given to this patient; the message says why."""


@transaction.atomic
def match(
    held_ids: Iterable[int],
    patient: Patient,
    *,
    by: User,
    now: datetime,
    remember: bool = False,
) -> Released:
    """These rows are this patient's; with `remember` their number is, from now on.

    Rows that wait no longer are left alone, so that twice is once. Raises CannotMatch, and
    `demographics.NumberTaken` when the number is another patient's.
    """
    permissions.check(by, Permission.INTAKE_RESOLVE)
    rows = _waiting(held_ids, Reason.PATIENT)  # merges wait now
    if not Patient.objects.identifiable_to(by).filter(pk=patient.pk).exists():
        raise CannotMatch("This record is not in use any more. Search for the patient again.")
    if not rows:
        return Released()
    if remember:
        _remember_numbers(rows, patient, by)
    number = number_of(patient)
    known_as = {"mrn": number.value, "identifier_system": number.system, "birth_date": ""}
    done = _release(rows, lambda cells: cells | known_as, by=by, now=now, patient=patient)
    audit.record("held_results.matched", target=rows[0], by=by, patient_ids=[patient.pk],
                 rows=len(rows), remembered=remember)  # fmt: skip
    return done


@transaction.atomic
def map_code(
    lab_source: LabSource, code: str, analyte: Analyte, unit: str = "", *, by: User, now: datetime
) -> Released:
    """This source means this analyte by its code; every row that waits for that is read again."""
    sources.say_code(lab_source, code, analyte, unit=unit, by=by, now=now)
    same = HeldResult.objects.waiting().filter(lab_source=lab_source, cells__code__iexact=code)
    rows = _waiting(same.values_list("pk", flat=True), Reason.CODE)
    if not rows:
        return Released()
    done = _release(rows, lambda cells: cells, by=by, now=now)
    audit.record("held_results.mapped", target=rows[0], by=by, patient_ids=done.patient_ids,
                 rows=len(rows), analyte=analyte.code)  # fmt: skip
    return done


@transaction.atomic
def map_unit(held_ids: Iterable[int], unit: str, *, by: User, now: datetime) -> Released:
    """The values of these rows are in this unit."""
    permissions.check(by, Permission.INTAKE_RESOLVE)
    rows = _waiting(held_ids, Reason.UNIT)
    if not rows:
        return Released()
    done = _release(rows, lambda cells: cells | {"unit": unit}, by=by, now=now)
    audit.record("held_results.unit_given", target=rows[0], by=by, patient_ids=done.patient_ids,
                 rows=len(rows), unit=unit)  # fmt: skip
    return done


@transaction.atomic
def reject(held_ids: Iterable[int], comment: str, *, by: User, now: datetime) -> int:
    """These rows are not stored; they are kept with the reason. Return how many there were."""
    permissions.check(by, Permission.INTAKE_RESOLVE)
    rows = _waiting(held_ids)
    for row in rows:
        row.status, row.comment = Status.REJECTED, comment.strip()[:200]
        row.decided_by, row.decided_at = by, now
    HeldResult.objects.bulk_update(rows, ["status", "comment", "decided_by", "decided_at"])
    for row in rows[:1]:
        audit.record("held_results.rejected", target=row, by=by, rows=len(rows))
    return len(rows)


def _waiting(held_ids: Iterable[int], *reasons: str) -> list[HeldResult]:
    """Rows that wait, in order and locked; the writers of results take their turn first, as
    in an import, so that the two never wait for each other."""
    labversions.take_turns()
    rows = HeldResult.objects.waiting().filter(pk__in=list(held_ids))
    if reasons:
        rows = rows.filter(reason__in=reasons)
    with_origin = rows.select_related("lab_import", "message", "lab_source")
    return list(with_origin.select_for_update(of=("self",)).order_by("received_at", "pk"))


def _release(
    rows: Sequence[HeldResult],
    answered: Callable[[Cells], Cells],
    *,
    by: User,
    now: datetime,
    patient: Patient | None = None,
) -> Released:
    """Read rows again with what is known now; one `take` for each file or message."""
    together: dict[tuple, list[HeldResult]] = defaultdict(list)
    for row in rows:
        row.cells = answered(row.cells) | _place(row)
        row.patient = patient or row.patient
        row.decided_by, row.decided_at = by, now
        together[row.lab_import_id, row.message_id, row.lab_source_id].append(row)
    released = Released()
    for group in together.values():
        released = _sum(released, _take(group, now))
    if released.patient_ids:
        ids = sorted(released.patient_ids)
        fresh = Result.objects.filter(patient__in=ids, recorded_at=now)
        resulttasks.after_results(fresh, now=now)
        signals.results_arrived.send(sender=HeldResult, patient_ids=ids)
    return released


def _take(rows: list[HeldResult], now: datetime) -> Released:
    """Rows of one origin. They leave the list for the time, so that `take` may hold them anew."""
    HeldResult.objects.filter(pk__in=[row.pk for row in rows]).delete()
    taken = intake.take([row.cells for row in rows], _origin(rows[0], now))
    asked_anew = {(row.row, row.column): row for row in _at_places(rows)}
    refused = {problem.row: problem.message for problem in taken.problems}
    for row in rows:
        _decide(row, asked_anew.get((row.row, row.column)), refused.get(row.row, ""))
    HeldResult.objects.filter(pk__in=[row.pk for row in asked_anew.values()]).delete()
    HeldResult.objects.bulk_create(rows)
    return Released(
        stored=taken.accepted + taken.corrected,
        known=taken.duplicate,
        waiting=sum(row.status == Status.WAITING for row in rows),
        patient_ids=frozenset(int(pk) for pk in taken.patient_ids),
    )


def _decide(row: HeldResult, asked_anew: HeldResult | None, refused: str) -> None:
    """A row is stored, or asks something else, or is refused for good unless somebody rejects
    it: then it stays on the list and says why."""
    if asked_anew is not None:
        row.reason, row.key, row.cells = asked_anew.reason, asked_anew.key, asked_anew.cells
    if asked_anew is None and not refused:
        row.status = Status.RELEASED
        return
    row.comment = "" if asked_anew else refused[:200]
    row.decided_by = row.decided_at = None


def _at_places(rows: list[HeldResult]) -> Iterable[HeldResult]:
    first = rows[0]
    return HeldResult.objects.waiting().filter(
        lab_import=first.lab_import_id,
        message=first.message_id,
        row__in=[row.row for row in rows],
    )


def _place(row: HeldResult) -> Cells:
    place = {"source_row": str(row.row)}
    return place | {"source_column": row.column} if row.column else place


def _origin(row: HeldResult, now: datetime) -> Origin:
    if row.message is not None:
        source = "HL7 message"
    elif row.lab_import is not None:
        source = SOURCES.get(LabImport.Format(row.lab_import.format), LAB_FILE)
    else:
        source = LAB_FILE
    return Origin(
        received_at=now,
        source=source,
        lab_import=row.lab_import,
        message=row.message,
        lab_source=row.lab_source,
    )


def _remember_numbers(rows: Iterable[HeldResult], patient: Patient, by: User) -> None:
    said = {
        (row.cells.get("identifier_system") or PatientIdentifier.MRN, row.cells["mrn"])
        for row in rows
        if row.cells.get("mrn")
    }
    for system, value in sorted(said):
        demographics.add_identifier(patient, system=system, value=value, by=by)


def number_of(patient: Patient) -> PatientIdentifier:
    """A number by which the intake finds the patient; one of ours for who has none."""
    numbers = PatientIdentifier.objects.filter(patient=patient).order_by("pk")
    own = numbers.filter(system=PatientIdentifier.MRN).first() or numbers.first()
    if own is not None:
        return own
    return PatientIdentifier.objects.create(
        patient=patient, system=OWN_NUMBERS, value=str(patient.public_id)
    )


def _sum(one: Released, other: Released) -> Released:
    return Released(
        one.stored + other.stored,
        one.known + other.known,
        one.waiting + other.waiting,
        one.patient_ids | other.patient_ids,
    )
