"""One test over the years: chart, current values, and every version that ever stood."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from healthcare.common import figures
from healthcare.portal.labs import History, Review
from healthcare.portal.presenters import courses
from healthcare.portal.presenters.display_units import DisplayUnits
from patients.models import Result

ENDED_BY = {
    "preliminary": "a preliminary result followed",
    "final": "the final result followed",
    "corrected": "corrected by the laboratory",
    "amended": "amended by the laboratory",
    "cancelled": "cancelled by the laboratory",
    "entered-in-error": "the laboratory called it an error",
}


def context(found: History, units: DisplayUnits) -> dict:
    """What `portal/lab_test.html` reads. `found` has at least one version."""
    newest = found.versions[0]
    current = [row for row in found.versions if is_current(row)]
    return {
        "name": newest.analyte__name,
        "code": newest.analyte__code,
        "unit": units.unit(newest),
        "chart": courses.chart(current[::-1], units, units.limits(_newest_number(current, newest))),
        "rows": _threads(found, units),
        "is_cut": found.is_cut,
        "shown": ",".join(str(row.pk) for row in current if not found.reviews[row.pk]),
        "unreviewed_shown": sum(not found.reviews[row.pk] for row in current),
    }


def _newest_number(current: list[Any], otherwise: Any) -> Any:
    return next((row for row in current if row.value is not None), otherwise)


def is_current(row: Any) -> bool:
    return row.superseded_at is None and row.status not in Result.VOID


def _threads(found: History, units: DisplayUnits) -> list[dict]:
    """Every version as a row; versions of one result follow each other, what counts first."""
    rows = []
    for _, versions in groupby(found.versions, key=lambda row: (row.collected_at, row.accession)):
        ordered = sorted(versions, key=lambda row: not is_current(row))
        for place, row in enumerate(ordered):
            ended = _ended(row, ordered, found)
            rows.append(_version(row, found, units) | {"is_older": place > 0, "ended": ended})
    return rows


def _successor(row: Any, versions: list[Any]) -> Any | None:
    """The version that was recorded as this one ended: what replaced it."""
    others = [other for other in versions if other is not row]
    by = [other for other in others if other.recorded_at == row.superseded_at]
    later = [other for other in others if other.issued_at >= row.issued_at]
    return next(iter(by or later), None)


def _version(row: Any, found: History, units: DisplayUnits) -> dict:
    return {
        "pk": row.pk,
        "collected": figures.clock(row.collected_at),
        "value": units.words(row),
        "unit": "" if row.value is None else units.unit(row),
        "code": row.flag,
        "usual": courses.range_words(units.limits(row)),
        "as_sent": _as_sent(row, units),
        "state": row.status.replace("-", " "),
        "issued": figures.clock(row.issued_at),
        "known": figures.clock(row.recorded_at),
        "source": _source(row),
        "note": row.note,
        "is_current": is_current(row),
        "reviewed": [_review(one) for one in found.reviews[row.pk]],
    }


def _as_sent(row: Any, units: DisplayUnits) -> str:
    """What the laboratory wrote, where that is not what is shown."""
    sent = f"{row.value_as_sent} {figures.unit(row.unit_as_sent)}".strip()
    return "" if sent == units.quantity(row) else sent


def _source(row: Any) -> str:
    return f"{row.source}, upload {row.lab_import_id}" if row.lab_import_id else row.source


def _ended(row: Any, versions: list[Any], found: History) -> str:
    """Until when and why a version no longer counts; empty while it does."""
    if is_current(row):
        return ""
    if row.superseded_at is None:
        return "Does not count: it was cancelled or called an error"
    when = figures.clock(row.superseded_at)
    if row.pk in found.moved:
        return f"Until {when}: moved to the patient it belongs to"
    if row.withdrawn_at:
        return f"Until {when}: its file was withdrawn"
    successor = _successor(row, versions)
    why = ENDED_BY.get(successor.status, "") if successor else ""
    return f"Until {when}: {why or 'another version followed'}"


def _review(review: Review) -> str:
    return f"{review.name}, {figures.clock(review.at)}"
