"""Results that stand on the wrong patient go to the right one, with their whole history.

Nothing is rewritten: the versions on the wrong record end now and are marked withdrawn, and
copies of them begin now on the right one. So each record says of every day in the past what it
said on that day, and of today what is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from ml import analytes
from patients import signals
from patients.models import Patient, RepeatedResults, Result, ResultMove
from patients.services import labrepeats, labstore, labversions, records, resulttasks

SHORTEST_REASON = 5
LONGEST_PREGNANCY = 42 * 7  # days
VERSION = ("analyte_id", "collected_at", "accession", "version")
COPIED = [
    field.attname
    for field in Result._meta.concrete_fields
    if field.name not in {"id", "patient", "recorded_at", "superseded_at", "withdrawn_at",
                          "restatement", "reference_low", "reference_high", "flag"}
]  # fmt: skip


class CannotMove(Exception):
    """These results cannot be moved; the message says why."""


@transaction.atomic
def move(
    results: Iterable[Result], *, to_patient: Patient, by: User, now: datetime, reason: str
) -> ResultMove:
    """Move these results of one patient, each with all its versions."""
    chosen = list(results)
    source = _source(chosen)
    labversions.take_turns()  # before the check: merges wait their turn too
    _check(source, to_patient, by, reason)
    versions = list(_versions(chosen))
    if not versions:
        raise CannotMove("These results have been withdrawn or moved already.")
    copies = _copies(versions, source, to_patient, now)
    Result.objects.filter(pk__in=[version.pk for version in versions]).update(
        superseded_at=Least(Coalesce(F("superseded_at"), now), now), withdrawn_at=now
    )
    done = ResultMove.objects.create(
        from_patient=source, to_patient=to_patient, reason=reason.strip(), by=by, at=now,
        results=[[version.pk, copy.pk] for version, copy in zip(versions, copies, strict=True)],
    )  # fmt: skip
    labrepeats.carry(done.results)
    _note_what_stood_there(versions, copies)
    _settle(versions, copies, now=now)
    ids = [source.pk, to_patient.pk]
    audit.record("results.moved", target=done, by=by, patient_ids=ids, versions=len(versions))
    signals.results_arrived.send(sender=ResultMove, patient_ids=ids)
    return done


def movable(user: User) -> QuerySet[Result]:
    """Results this user may say belong to somebody else, with their patient and analyte.

    The laboratory reaches what a laboratory sent, and nothing that the ward has entered.
    """
    rows = Result.objects.filter(withdrawn_at=None, patient__in=_reachable(user))
    if not permissions.can(user, Permission.RESULT_ACKNOWLEDGE):
        rows = rows.exclude(source=records.SOURCE)
    return rows.select_related("patient", "analyte")


def find(number: str, birth_date: date, *, by: User) -> Patient:
    """The patient with exactly this number and birth date. Raises CannotMove."""
    people = _reachable(by).filter(identifiers__value=number.strip(), birth_date=birth_date)
    found = list(people.distinct()[:2])
    if len(found) != 1:
        raise CannotMove(
            "No patient you may move results to has this number and birth date. Check both."
        )
    audit.read("patients.identified", patient_ids=[found[0].pk], by=by)
    return found[0]


def _reachable(user: User) -> QuerySet[Patient]:
    """Clinicians reach the records they see; the laboratory may identify any in use."""
    if permissions.can(user, Permission.RESULT_ACKNOWLEDGE):
        return Patient.objects.visible_to(user)
    permissions.check(user, Permission.INTAKE_RESOLVE)
    return Patient.objects.identifiable_to(user)


def _source(results: list[Result]) -> Patient:
    owners = {result.patient_id for result in results}
    if len(owners) != 1:
        raise CannotMove("Choose results of one patient.")
    return Patient.objects.get(pk=owners.pop())


def _check(source: Patient, target: Patient, by: User, reason: str) -> None:
    reachable = _reachable(by)
    if source.pk == target.pk:
        raise CannotMove("The results stand on this patient already. Choose another.")
    if reachable.filter(pk__in=[source.pk, target.pk]).count() != 2:
        raise CannotMove("You may move results only between records that you may open.")
    if len(reason.strip()) < SHORTEST_REASON:
        raise CannotMove("Say in a few words how you know whose results these are.")


def _versions(results: list[Result]) -> Iterable[Result]:
    """Every version of these results that has not been withdrawn, in the order they came."""
    wanted = Q()
    for result in results:
        wanted |= Q(
            analyte=result.analyte_id,
            collected_at=result.collected_at,
            accession=result.accession,
        )
    rows = Result.objects.select_for_update(of=("self",)).select_related("analyte")
    return rows.filter(wanted, patient=results[0].patient_id, withdrawn_at=None).order_by("pk")


def _copies(
    versions: list[Result], source: Patient, target: Patient, now: datetime
) -> list[Result]:
    """The same statements on the right record; what stands there already is left alone."""
    here = _standing(versions, target)
    said = _restatements(versions, target)
    copies = []
    for version in versions:
        key = tuple(getattr(version, name) for name in VERSION)
        copy = here.get(key) or Result(
            **{name: getattr(version, name) for name in COPIED},
            **_range_and_flag(version, source, target),
            patient=target, recorded_at=now, restatement=said.get(key, -1) + 1,
        )  # fmt: skip
        copies.append(copy)
    Result.objects.bulk_create([copy for copy in copies if copy.pk is None])
    return copies


def _note_what_stood_there(versions: list[Result], copies: list[Result]) -> None:
    """What the right record had already has been said twice now: by its own file and by the one
    of what was moved."""
    for version, copy in zip(versions, copies, strict=True):
        if copy.lab_import_id != version.lab_import_id:
            RepeatedResults.objects.create(
                lab_import_id=version.lab_import_id,
                recorded_at=version.recorded_at,
                source=version.source,
                results=[copy.pk],
                rows=[-1 if version.import_row is None else version.import_row],
            )


def _standing(versions: list[Result], target: Patient) -> dict[tuple, Result]:
    rows = Result.objects.filter(patient=target, withdrawn_at=None)
    rows = rows.filter(version__in=[version.version for version in versions])
    return {tuple(getattr(row, name) for name in VERSION): row for row in rows}


def _restatements(versions: list[Result], target: Patient) -> dict[tuple, int]:
    rows = Result.objects.filter(
        patient=target, version__in=[version.version for version in versions]
    )
    numbered = rows.values_list(*VERSION).annotate(highest=Max("restatement"))
    return {tuple(key): highest for *key, highest in numbered.order_by()}


def _range_and_flag(version: Result, source: Patient, target: Patient) -> dict:
    """The usual range of the right patient, where it was the wrong one's and not the
    laboratory's own; the flag follows it."""
    kept = {name: getattr(version, name) for name in ("reference_low", "reference_high", "flag")}
    usual_there = _usual(version, source)
    is_the_laboratorys = (version.reference_low, version.reference_high) != usual_there
    if is_the_laboratorys or version.value is None or version.comparator:
        return kept
    low, high = _usual(version, target)
    flag = analytes.flag(version.analyte.code, version.value, *_person(version, target))
    return {"reference_low": low, "reference_high": high, "flag": flag}


def _usual(version: Result, patient: Patient) -> tuple[float | None, float | None]:
    return analytes.reference_range(version.analyte.code, *_person(version, patient))


def _person(version: Result, patient: Patient) -> tuple:
    """Sex, age and pregnancy on the day of the sample."""
    day = timezone.localdate(version.collected_at)
    sex = None if patient.sex == Patient.Sex.UNKNOWN else patient.sex
    since = patient.pregnant_since
    pregnant = since is not None and 0 <= (day - since).days <= LONGEST_PREGNANCY
    return sex, patient.age_on(day), pregnant


def _settle(versions: list[Result], copies: list[Result], *, now: datetime) -> None:
    """Order the versions on the right record, its newest values, and who must see to what."""
    labstore.supersede(
        {(row.patient_id, row.analyte_id, row.collected_at, row.accession) for row in copies}
    )
    labstore.refresh_latest(sorted({row.patient_id for row in [*versions, *copies]}))
    touched = [row.pk for row in [*versions, *copies]]
    resulttasks.after_results(Result.objects.filter(pk__in=touched), now=now)
