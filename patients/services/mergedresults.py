"""Results in a merge and its undoing, where one row of the other record is not just moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, Q

from patients.models import Result, ResultTask
from patients.services import relations

THREAD = ("analyte_id", "collected_at", "accession")
_VERSION = ("patient_id", *THREAD, "version")


def make_way(source: int, target: int) -> dict[str, int]:
    """Number anew what counts of one record where the other says the same or has withdrawn it.

    Both are to stand in the joined record: when the file that one of them came from is
    withdrawn, the other still says it. Returns the old numbers by primary key, as
    `take_numbers_back` takes them.
    """
    theirs = Result.objects.filter(patient=target, **_same(*THREAD, "version"))
    rows = Result.objects.filter(patient=source, withdrawn_at=None).filter(
        Exists(theirs.filter(restatement=OuterRef("restatement")))
    )
    old = {}
    for row in rows.order_by("pk"):
        said = Result.objects.filter(
            patient__in=[source, target], version=row.version,
            **{name: getattr(row, name) for name in THREAD},
        )  # fmt: skip
        old[str(row.pk)] = row.restatement
        highest = said.aggregate(highest=Max("restatement"))["highest"]
        Result.objects.filter(pk=row.pk).update(restatement=highest + 1)
    return old


def take_numbers_back(old: dict[str, int], patient: int) -> None:
    """Undo `make_way`, for the rows that stand on their own record again."""
    for pk, restatement in old.items():
        Result.objects.filter(pk=int(pk), patient=patient).update(restatement=restatement)


def carry_tasks(renumbered: Iterable[str], *, now: datetime) -> tuple[list[int], dict[str, int]]:
    """Of results that both records had, one version stands now: what was asked of the other is
    asked of this one, unless the same was.

    Returns the tasks that were closed, and of those that were carried over the results they
    were on, as `take_tasks_back` takes them.
    """
    closed, carried = [], {}
    rows = Result.objects.filter(pk__in=[int(pk) for pk in renumbered])
    tasks = ResultTask.objects.open().filter(
        Exists(rows.filter(**{name: OuterRef(f"result__{name}") for name in _VERSION})),
        result__superseded_at__isnull=False,
    )
    for task in tasks.select_related("result").order_by("pk"):
        standing = _standing(task.result)
        if standing is None:
            continue
        asked = {"result": standing, "kind": task.kind, "assigned_to": task.assigned_to_id}
        if ResultTask.objects.filter(**asked).exists():
            closed.append(task.pk)
        else:
            carried[str(task.pk)] = task.result_id
            ResultTask.objects.filter(pk=task.pk).update(result=standing)
    ResultTask.objects.filter(pk__in=closed).update(closed_at=now)
    return closed, carried


def take_tasks_back(carried: dict[str, int]) -> None:
    """Undo `carry_tasks`."""
    for pk, result in carried.items():
        ResultTask.objects.filter(pk=int(pk)).update(result=result)


def _standing(ended: Result) -> Result | None:
    """The same statement where it counts."""
    said = {name: getattr(ended, name) for name in _VERSION}
    return Result.objects.filter(**said, superseded_at=None).first()


def follow_back(moved: Sequence[int], *, newest: int, survivor: int, merged: int) -> None:
    """Versions that came while the records were one go with the result they are versions of:
    a correction, or what was stated anew when a file was withdrawn.

    `moved` are the results that came from the other record, `newest` the highest key then.
    """
    theirs = Result.objects.filter(pk__in=moved)
    own = Result.objects.filter(patient=survivor, pk__lte=newest).exclude(pk__in=moved)
    since = Result.objects.filter(patient=survivor, pk__gt=newest)
    is_theirs = Exists(theirs.filter(**_same(*THREAD))) & ~Exists(own.filter(**_same(*THREAD)))
    is_said_again = Exists(theirs.filter(**_same(*THREAD, "version")))
    keys = list(since.filter(Q(is_theirs) | Q(is_said_again)).values_list("pk", flat=True))
    if not keys:
        return
    Result.objects.filter(pk__in=keys).update(patient=merged)
    for table in relations.tables():
        for field, _keys in table.followed({Result: keys}):
            rows = table.rows(survivor).filter(**{f"{field}__in": keys})
            rows.update(**{table.field: merged})


def _same(*names: str) -> dict[str, OuterRef]:
    return {name: OuterRef(name) for name in names}
