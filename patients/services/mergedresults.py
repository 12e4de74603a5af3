"""Results in a merge and its undoing, where one row of the other record is not just moved."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, Max, OuterRef, Q

from patients.models import Result
from patients.services import relations

THREAD = ("analyte_id", "collected_at", "accession")


def make_way(source: int, target: int) -> dict[str, int]:
    """Number anew what one record says and the other has withdrawn: both are to stand in one
    record, and what is withdrawn must not keep out what counts.

    Returns the old numbers by primary key, as `take_numbers_back` takes them.
    """
    theirs = Result.objects.filter(patient=target, **_same(*THREAD, "version"))
    rows = Result.objects.filter(patient=source, withdrawn_at=None).filter(
        Exists(theirs.filter(restatement=OuterRef("restatement"))),
        ~Exists(theirs.filter(withdrawn_at=None)),
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
