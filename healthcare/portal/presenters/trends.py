"""Measured values over time: rows with a sparkline, one large chart, the grid, corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from healthcare.common import figures
from healthcare.common.sparklines import Reference, spark
from healthcare.portal.presenters import analyte_url, courses
from healthcare.portal.presenters.courses import CORRECTED, GAP_DAYS
from healthcare.portal.presenters.display_units import DisplayUnits
from healthcare.portal.presenters.tiers import TASKS
from healthcare.portal.queries import RECENT, Latest, Record
from ml import analytes

SHOWN = 8
STALE_MONTHS = 13  # a yearly check that is overdue
GRID_DAYS = 8
ABNORMAL = {"LL": 0, "HH": 0, "L": 1, "H": 1, "A": 1}
MODEL_INPUTS = [code for words in TASKS.values() for code in words.inputs]


def rows(record: Record) -> tuple[list[dict], list[dict]]:
    """Rows of `_components/trend_row.html`: the telling ones, and all others."""
    order = sorted(record.latest.values(), key=lambda latest: _importance(latest.row))
    made = [_row(latest, record) for latest in order]
    return made[:SHOWN], made[SHOWN:]


def charted(record: Record, wanted: str) -> str:
    """Code of the analyte in the large chart: the wanted one, else the most telling."""
    if wanted in record.latest or not record.latest:
        return wanted
    return min(record.latest, key=lambda code: _importance(record.latest[code].row))


def chart(course: Sequence[Any], record: Record) -> dict | None:
    """The chart of the results of one analyte, oldest first."""
    limits = reference(course[-1], record) if course else (None, None)
    return courses.chart(course, record.units, limits)


def grid(record: Record) -> dict:
    """Tests by day, newest day first; the last days on which anything was measured."""
    days: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for result in record.recent:
        day = timezone.localtime(result.collected_at).date()
        days[day][result.analyte__code].append(result)
    if len(record.recent) == RECENT and len(days) > 1:
        del days[min(days)]  # of which not every result may have been read
    shown = sorted(days, reverse=True)[:GRID_DAYS]
    tests = {code: results[-1] for day in shown for code, results in days[day].items()}
    return {
        "days": [figures.day(day) for day in shown],
        "has_more": len(days) > len(shown),
        "tests": [
            _grid_row(test, [days[day].get(test.analyte__code) for day in shown], record)
            for test in sorted(tests.values(), key=lambda row: row.analyte__order)
        ],
    }


def corrections(changed: Sequence[Any], units: DisplayUnits) -> list[dict]:
    """Results with more than one version: each value that was, and the one that counts."""
    threads: dict[tuple, list[Any]] = defaultdict(list)
    for result in changed:
        threads[result.analyte_id, result.collected_at, result.accession].append(result)
    several = [versions for versions in threads.values() if len(versions) > 1]
    return [_correction(sorted(versions, key=_issue), units) for versions in several]


def _issue(result: Any):
    return result.superseded_at is None, result.issued_at, result.pk


def _correction(versions: Sequence[Any], units: DisplayUnits) -> dict:
    newest = versions[-1]
    return {
        "label": newest.analyte__name,
        "unit": units.unit(newest),
        "collected": figures.clock(newest.collected_at),
        "old": [
            {
                "value": units.words(old),
                "until": figures.clock(old.superseded_at or old.recorded_at),
            }
            for old in versions[:-1]
        ],
        "value": units.words(newest),
        "state": newest.status.replace("-", " "),
        "when": figures.clock(newest.recorded_at),
        "recorded_at": newest.recorded_at,
        "code": newest.analyte__code,
        "url": analyte_url(newest.analyte__code),
        "source": newest.source,
    }


def _importance(newest: Any) -> tuple:
    """Critical before abnormal before inputs of the models before the rest."""
    code = newest.analyte__code
    place = MODEL_INPUTS.index(code) if code in MODEL_INPUTS else len(MODEL_INPUTS)
    return ABNORMAL.get(newest.flag, 2), place, newest.analyte__order


def _row(latest: Latest, record: Record) -> dict:
    newest, units = latest.row, record.units
    months = figures.months_between(newest.collected_at.date(), record.facts.as_of)
    readings = [(at.date(), units.number(newest, value)) for at, value in latest.course]
    count = len(readings)
    return {
        "label": newest.analyte__name,
        "url": analyte_url(newest.analyte__code),
        "value": units.words(newest),
        "unit": "" if newest.value is None else units.unit(newest),
        "code": newest.flag,
        "spark": spark(readings, reference=reference(newest, record), gap_days=GAP_DAYS),
        "summary": f"{newest.analyte__name}: {count} value{'' if count == 1 else 's'}, newest "
        f"{units.quantity(newest)} on {figures.day(newest.collected_at)}",
        "when": figures.day(newest.collected_at),
        "stale": f"{months} months old" if months >= STALE_MONTHS else "",
    }


def reference(newest: Any, record: Record) -> Reference:
    """The range stored with the result, else the reference table's; in the units shown."""
    if newest.reference_low is not None or newest.reference_high is not None:
        return record.units.limits(newest)
    facts = record.facts
    try:
        usual = analytes.reference_range(newest.analyte__code, facts.sex, facts.age, facts.pregnant)
    except analytes.UnknownAnalyte:
        return None, None
    return record.units.range(newest, usual)


def _grid_row(test: Any, by_day: list[list[Any] | None], record: Record) -> dict:
    """One test with the last value of each day, and how many came before it that day."""
    return {
        "name": test.analyte__name,
        "unit": record.units.unit(test),
        "url": analyte_url(test.analyte__code),
        "cells": [
            {
                "value": record.units.words(results[-1]),
                "code": results[-1].flag,
                "corrected": results[-1].status in CORRECTED,
                "earlier": len(results) - 1,
            }
            if results
            else None
            for results in by_day
        ],
    }
