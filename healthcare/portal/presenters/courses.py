"""One analyte over time: chart, its table, and the sentence that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from healthcare.common import figures, tables
from healthcare.common.sparklines import Reference
from healthcare.portal.presenters import FLAG_WORDS
from healthcare.portal.presenters.display_units import DisplayUnits

GAP_DAYS = 550  # about 18 months: nothing is known of the time between
CORRECTED = {"corrected", "amended"}


def chart(course: Sequence[Any], units: DisplayUnits, limits: Reference) -> dict | None:
    """Variables of `_components/chart.html` for results of one analyte, oldest first.

    `limits` are in the units shown. None when no result has a number.
    """
    numbers = [row for row in course if row.value is not None]
    if not numbers:
        return None
    newest = numbers[-1]
    unit = units.unit(newest)
    low, high = limits
    usual = range_words(limits) and f"usual {range_words(limits)}"
    return {
        "code": newest.analyte__code,
        "title": newest.analyte__name,
        "summary": _summary(numbers, units, usual),
        "spec": {
            "kind": "trend",
            "label": newest.analyte__name,
            "unit": unit,
            "gap_days": GAP_DAYS,
            "reference": {"low": low, "high": high, "label": usual} if usual else None,
            "points": [_point(row, units) for row in numbers],
        },
        **tables.table(
            ["Collected", tables.numeric(unit or "Value"), "Flag", "State", "Source"],
            [_table_row(row, units) for row in reversed(numbers)],
        ),
    }


def range_words(limits: Reference) -> str:
    """A reference range such as "90–130", "up to 5" or "40 or more"; empty without limits."""
    low, high = (None if end is None else figures.number(end) for end in limits)
    if low is None:
        return f"up to {high}" if high else ""
    return f"{low} or more" if high is None else f"{low}–{high}"


def _point(row: Any, units: DisplayUnits) -> dict:
    return {
        "date": timezone.localtime(row.collected_at).date().isoformat(),
        "value": units.number(row, row.value),
        "flag": "" if row.flag == "N" else row.flag,
        "note": "corrected" if row.status in CORRECTED else "",
    }


def _table_row(row: Any, units: DisplayUnits) -> list:
    return [
        figures.clock(row.collected_at),
        tables.numeric(units.words(row)),
        FLAG_WORDS.get(row.flag, ""),
        row.status,
        row.source,
    ]


def _summary(course: Sequence[Any], units: DisplayUnits, usual: str) -> str:
    newest, oldest = course[-1], course[0]
    flag = f", {FLAG_WORDS[newest.flag]}" if newest.flag not in {"", "N"} else ""
    said = f"Newest {units.quantity(newest)}{flag} on {figures.day(newest.collected_at)}"
    said += f"; {usual}" if usual else ""
    if len(course) > 1:
        said += f". {len(course)} values since {figures.day(oldest.collected_at)}"
        said += f", first {units.words(oldest)}"
    return f"{said}."
