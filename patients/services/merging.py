"""Join two records of one person, and part them again exactly as they were.

Every row that points to the merged record is pointed to the survivor, whatever app it is of;
the list of what moved is kept, so that undoing moves back those rows and no others. Rows that
the survivor has already (the same condition, the same version of a result) stay where they are.
Demographics of neither record change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients import signals
from patients.models import DuplicateCandidate, Patient, PatientMerge, Result, ResultTask
from patients.services import duplicates, labrepeats, labstore, mergedresults, relations
from patients.services.relations import Table

SHORTEST_REASON = 5


class CannotMerge(Exception):
    """These records cannot be joined; the message says why and what to do."""


class CannotPart(Exception):
    """This merge cannot be undone now; the message says what to do first."""


@transaction.atomic
def merge(
    *, survivor: Patient, merged: Patient, by: User, now: datetime, reason: str
) -> PatientMerge:
    """Move everything of `merged` to `survivor`; `merged` is seen through it from now on."""
    permissions.check(by, Permission.RECORDS_MERGE)
    survivor, merged = _held(survivor, merged)
    _check_mergeable(survivor, merged, reason)
    snapshot: dict[str, Any] = {
        "newest": _newest_keys(),
        "current": _current_conclusions([survivor.pk, merged.pk]),
        "login": _hand_over_login(merged, survivor),
        "restated": mergedresults.make_way(merged.pk, survivor.pk),
    }
    snapshot["rows"], staying = _move_rows(relations.tables(), merged.pk, survivor.pk)
    snapshot["closed_tasks"] = _close_tasks(staying.get(Result, []), now)
    Patient.objects.filter(pk=merged.pk).update(merged_into=survivor)
    done = PatientMerge.objects.create(
        survivor=survivor, merged=merged, moved=snapshot, reason=reason.strip(), by=by, at=now
    )
    _settle_results([survivor.pk, merged.pk], snapshot["rows"])
    closed, snapshot["carried_tasks"] = mergedresults.carry_tasks(snapshot["restated"], now=now)
    snapshot["closed_tasks"] += closed
    done.save(update_fields=["moved"])
    _settle_candidates(survivor, merged, by, now, DuplicateCandidate.Status.MERGED)
    ids = [survivor.pk, merged.pk]
    audit.record("patient.merged", target=done, by=by, patient_ids=ids, rows=_count(snapshot))
    signals.results_arrived.send(sender=PatientMerge, patient_ids=[survivor.pk])
    return done


@transaction.atomic
def unmerge(done: PatientMerge, *, by: User, now: datetime) -> dict[str, int]:
    """Give both records back what each had; return what came since and stays, by table."""
    permissions.check(by, Permission.RECORDS_MERGE)
    done = PatientMerge.objects.select_for_update().get(pk=done.pk)
    survivor, merged = _held(done.survivor, done.merged)
    _check_partable(done)
    snapshot = done.moved
    _restore_conclusions(snapshot["current"], [survivor.pk, merged.pk], now)
    results = snapshot["rows"].get(relations.name_of(Result), [])
    newest = snapshot["newest"].get(relations.name_of(Result), 0)
    mergedresults.follow_back(results, newest=newest, survivor=survivor.pk, merged=merged.pk)
    kept = _move_back(snapshot["rows"], survivor.pk, merged.pk)
    mergedresults.take_numbers_back(snapshot.get("restated", {}), merged.pk)
    mergedresults.take_tasks_back(snapshot.get("carried_tasks", {}))
    ResultTask.objects.filter(pk__in=snapshot["closed_tasks"]).update(closed_at=None)
    _give_back_login(snapshot["login"], survivor, merged)
    Patient.objects.filter(pk=merged.pk).update(merged_into=None)
    done.undone_at, done.undone_by = now, by
    done.save(update_fields=["undone_at", "undone_by"])
    _settle_results([survivor.pk, merged.pk], snapshot["rows"])
    labrepeats.speak_up_of([survivor.pk, merged.pk], now=now)
    _settle_candidates(survivor, merged, by, now, DuplicateCandidate.Status.DIFFERENT)
    ids = [survivor.pk, merged.pk]
    audit.record("patient.parted", target=done, by=by, patient_ids=ids, rows=_count(snapshot))
    signals.results_arrived.send(sender=PatientMerge, patient_ids=ids)
    return _came_since(snapshot["newest"], survivor.pk) | kept


def merges(user: User) -> QuerySet[PatientMerge]:
    """Merges that stand, the newest first."""
    if not permissions.can(user, Permission.RECORDS_MERGE):
        return PatientMerge.objects.none()
    rows = PatientMerge.objects.filter(undone_at=None).select_related("survivor", "merged", "by")
    return rows.order_by("-at", "-pk")


def _held(*patients: Patient) -> list[Patient]:
    """The rows of both records, locked in one order, and the writers of results kept out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", labstore.LOCK)
    wanted = [patient.pk for patient in patients]
    rows = Patient.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    by_key = {row.pk: row for row in rows}
    return [by_key[pk] for pk in wanted]


def _check_mergeable(survivor: Patient, merged: Patient, reason: str) -> None:
    if survivor.pk == merged.pk:
        raise CannotMerge("This is one record. Choose two.")
    if survivor.merged_into_id or merged.merged_into_id:
        raise CannotMerge(
            "One of these records was merged before. Open the list of duplicates again."
        )
    if len(reason.strip()) < SHORTEST_REASON:
        raise CannotMerge("Say in a few words why these are one person.")


def _check_partable(done: PatientMerge) -> None:
    if done.undone_at:
        raise CannotPart("This merge has been undone already.")
    later = PatientMerge.objects.filter(undone_at=None, pk__gt=done.pk)
    if later.filter(Q(merged=done.survivor_id) | Q(survivor=done.survivor_id)).exists():
        raise CannotPart(
            "The record that was kept has been merged again since. Undo the later merge first."
        )


def _move_rows(
    tables: Iterable[Table], source: int, target: int
) -> tuple[dict[str, list[int]], dict[type, list[int]]]:
    """Point rows to another record; return the keys that moved and, by model, those that
    could not because the target has the same."""
    tables = list(tables)
    staying = {table.model: table.clashing(source, target) for table in tables}
    moved = {}
    for table in tables:
        rows = table.rows(source).exclude(pk__in=staying[table.model])
        for field, kept in table.followed(staying):
            rows = rows.exclude(**{f"{field}__in": kept})
        if keys := list(rows.order_by("pk").values_list("pk", flat=True)):
            moved[table.name] = keys
            table.model._base_manager.filter(pk__in=keys).update(**{table.field: target})
    return moved, staying


def _move_back(moved: dict[str, list[int]], survivor: int, merged: int) -> dict[str, int]:
    """Point those rows back; return how many could not go, by table."""
    kept = {}
    for table in relations.tables():
        rows = table.rows(survivor).filter(pk__in=moved.get(table.name, []))
        clashing = table.clashing(survivor, merged, among=rows)
        rows.exclude(pk__in=clashing).update(**{table.field: merged})
        if clashing:
            kept[table.label] = len(clashing)
    return kept


def _newest_keys() -> dict[str, int]:
    """The highest key of each table: what has a higher one came after the merge."""
    return {
        table.name: table.model._base_manager.aggregate(newest=Max("pk"))["newest"] or 0
        for table in relations.tables()
    }


def _came_since(newest: dict[str, int], survivor: int) -> dict[str, int]:
    came = {
        table.label: table.rows(survivor).filter(pk__gt=newest.get(table.name, 0)).count()
        for table in relations.tables()
        if not table.is_conclusion
    }
    return {label: count for label, count in came.items() if count}


def _current_conclusions(patients: list[int]) -> dict[str, list[int]]:
    """What was concluded of either record (predictions, recommendations) and held at the merge."""
    return {
        table.name: list(
            table.rows(*patients).filter(superseded_at=None).values_list("pk", flat=True)
        )
        for table in relations.tables()
        if table.is_conclusion
    }


def _restore_conclusions(current: dict[str, list[int]], patients: list[int], now: datetime) -> None:
    """What was concluded of the joined record ends; what held before it holds again."""
    for table in relations.tables():
        if table.is_conclusion:
            before = current.get(table.name, [])
            rows = table.rows(*patients)
            rows.filter(superseded_at=None).exclude(pk__in=before).update(superseded_at=now)
            rows.filter(pk__in=before).update(superseded_at=None)


def _settle_results(patients: list[int], moved: dict[str, list[int]]) -> None:
    """Order the versions of results that both records have, and their newest values."""
    keys = moved.get(relations.name_of(Result), [])
    threads = Result.objects.filter(pk__in=keys).values_list(
        "analyte_id", "collected_at", "accession"
    )
    labstore.supersede(
        (patient, *thread) for patient in patients for thread in sorted(set(threads))
    )
    labstore.refresh_latest(patients)


def _close_tasks(results: list[int], now: datetime) -> list[int]:
    """Nobody sees a record that was merged: the survivor's same result has a task of its own."""
    tasks = ResultTask.objects.open().filter(result__in=results)
    keys = list(tasks.values_list("pk", flat=True))
    ResultTask.objects.filter(pk__in=keys).update(closed_at=now)
    return keys


def _hand_over_login(merged: Patient, survivor: Patient) -> int | None:
    """The patient's own log-in follows, where the survivor has none."""
    login = merged.user_id
    if login is None or survivor.user_id is not None:
        return None
    Patient.objects.filter(pk=merged.pk).update(user=None)
    Patient.objects.filter(pk=survivor.pk).update(user_id=login)
    return login


def _give_back_login(login: int | None, survivor: Patient, merged: Patient) -> None:
    if login is not None and Patient.objects.filter(pk=survivor.pk, user_id=login).update(
        user=None
    ):
        Patient.objects.filter(pk=merged.pk).update(user_id=login)


def _settle_candidates(
    survivor: Patient, merged: Patient, by: User, now: datetime, status: str
) -> None:
    """The pair is decided; other pairs of the merged record go, those of the survivor are new."""
    first, second = sorted([survivor.pk, merged.pk])
    DuplicateCandidate.objects.filter(first=first, second=second).update(
        status=status, decided_by=by, decided_at=now
    )
    either = Q(first=merged.pk) | Q(second=merged.pk)
    DuplicateCandidate.objects.filter(either, status=DuplicateCandidate.Status.OPEN).delete()
    duplicates.demographics_changed(survivor, merged)


def _count(snapshot: dict[str, Any]) -> int:
    return sum(len(keys) for keys in snapshot["rows"].values())
