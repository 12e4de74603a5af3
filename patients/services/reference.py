"""Make the tables of analytes and reference ranges say what the library says."""

from dataclasses import dataclass

from django.db import transaction

from ml import analytes
from patients.models import Analyte, ReferenceRange


@dataclass(frozen=True)
class Loaded:
    """What a load changed."""

    added: list[str]
    changed: list[str]
    range_count: int


@transaction.atomic
def load() -> Loaded:
    """Bring every analyte of `ml.analytes` into the database. Running it again changes nothing.

    Stored results keep the range they were reported with. An analyte that left the library
    stays, because results point to it.
    """
    stored = {analyte.code: analyte for analyte in Analyte.objects.all()}
    added, changed = [], []
    for order, source in enumerate(analytes.all()):
        fields = _fields(source, order)
        row = stored.get(source.code)
        if row is None:
            stored[source.code] = Analyte.objects.create(code=source.code, **fields)
            added.append(source.code)
        elif any(getattr(row, name) != value for name, value in fields.items()):
            Analyte.objects.filter(pk=row.pk).update(**fields)
            changed.append(source.code)
    wanted = [found for source in analytes.all() for found in _ranges(source, stored)]
    ours = ReferenceRange.objects.filter(lab_source=None)  # a laboratory's own ranges stay
    if _as_rows(ours) != _as_rows(wanted):
        ours.delete()
        ReferenceRange.objects.bulk_create(wanted)
    return Loaded(added, changed, len(wanted))


def _fields(source: analytes.Analyte, order: int) -> dict:
    return {
        "loinc": source.loinc,
        "name": source.display,
        "group": source.group,
        "unit": source.unit,
        "plausible_low": source.plausible[0],
        "plausible_high": source.plausible[1],
        "critical_low": source.critical[0],
        "critical_high": source.critical[1],
        "order": order,
    }


def _ranges(source: analytes.Analyte, stored: dict[str, Analyte]) -> list[ReferenceRange]:
    return [
        ReferenceRange(
            analyte=stored[source.code],
            sex=limits.sex or "",
            is_pregnant=limits.pregnant,
            age_from=limits.age_min,
            age_to=limits.age_max,
            low=limits.low,
            high=limits.high,
            source=source.sources.get("ref", "")[:200],
        )
        for limits in source.ranges
    ]


def _as_rows(ranges) -> list[tuple]:
    """Ranges as comparable rows, in any order."""
    names = ["analyte_id", "sex", "is_pregnant", "age_from", "age_to", "low", "high", "source"]
    return sorted((tuple(getattr(limits, name) for name in names) for limits in ranges), key=repr)
