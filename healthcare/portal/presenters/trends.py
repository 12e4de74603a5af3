"""Measured values over time: rows with a sparkline, one large chart, the grid, corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from healthcare.common import figures, tables
from healthcare.common.sparklines import Reference, spark
from healthcare.portal.presenters import FLAG_WORDS, analyte_url, measured
from healthcare.portal.presenters.tiers import TASKS
from healthcare.portal.queries import Record
from ml import analytes

SHOWN = 8
GAP_DAYS = 550  # about 18 months: nothing is known of the time between
STALE_MONTHS = 13  # a yearly check that is overdue
GRID_DAYS = 8
ABNORMAL = {"LL": 0, "HH": 0, "L": 1, "H": 1}
MODEL_INPUTS = [code for words in TASKS.values() for code in words.inputs]


def rows(record: Record) -> tuple[list[dict], list[dict]]:
    """Rows of `_components/trend_row.html`: the telling ones, and all others."""
    courses = by_analyte(record)
    order = sorted(courses, key=lambda code: _importance(courses[code][-1]))
    made = [_row(courses[code], record) for code in order]
    return made[:SHOWN], made[SHOWN:]


def by_analyte(record: Record) -> dict[str, list[Any]]:
    """Current results of each analyte, oldest first."""
    courses: dict[str, list[Any]] = defaultdict(list)
    for result in record.current_results:
        courses[result.analyte__code].append(result)
    return courses


def chart(record: Record, wanted: str) -> dict | None:
    """The chart of one analyte; without a wish, of the most telling one."""
    courses = by_analyte(record)
    if not courses:
        return None
    first = min(courses, key=lambda code: _importance(courses[code][-1]))
    course = courses[wanted if wanted in courses else first]
    newest, limits = course[-1], reference(course[-1], record)
    unit = figures.unit(newest.analyte__unit)
    return {
        "code": newest.analyte__code,
        "title": newest.analyte__name,
        "summary": _summary(course, limits),
        "spec": {
            "kind": "trend",
            "label": newest.analyte__name,
            "unit": unit,
            "gap_days": GAP_DAYS,
            "reference": _band(limits),
            "points": [_point(result) for result in course],
        },
        **tables.table(
            ["Collected", tables.numeric(unit or "Value"), "Flag", "State", "Source"],
            [_table_row(result) for result in reversed(course)],
        ),
    }


def grid(record: Record) -> dict:
    """Tests by day, newest day first; the last days on which anything was measured."""
    days: dict[Any, dict[str, Any]] = defaultdict(dict)
    names: dict[str, Any] = {}
    for result in record.current_results:
        days[timezone.localtime(result.collected_at).date()][result.analyte__code] = result
        names[result.analyte__code] = result
    shown = sorted(days, reverse=True)[:GRID_DAYS]
    tests = [
        result
        for result in sorted(names.values(), key=lambda row: row.analyte__order)
        if any(result.analyte__code in days[day] for day in shown)
    ]
    return {
        "days": [figures.day(day) for day in shown],
        "left_out": len(days) - len(shown),
        "tests": [_grid_row(test, [days[day].get(test.analyte__code) for day in shown])
                  for test in tests],
    }  # fmt: skip


def corrections(record: Record) -> list[dict]:
    """Results with more than one version: each value that was, and the one that counts."""
    threads: dict[tuple, list[Any]] = defaultdict(list)
    for result in record.results:
        threads[result.analyte_id, result.collected_at, result.accession].append(result)
    changed = [versions for versions in threads.values() if len(versions) > 1]
    newest_first = sorted(changed, key=lambda versions: versions[-1].recorded_at, reverse=True)
    return [_correction(sorted(versions, key=_issue)) for versions in newest_first]


def _issue(result: Any):
    return result.superseded_at is None, result.issued_at, result.pk


def _correction(versions: Sequence[Any]) -> dict:
    newest = versions[-1]
    return {
        "label": newest.analyte__name,
        "unit": figures.unit(newest.analyte__unit),
        "collected": figures.clock(newest.collected_at),
        "old": [
            {"value": measured(old), "until": figures.clock(old.superseded_at or old.recorded_at)}
            for old in versions[:-1]
        ],
        "value": measured(newest),
        "state": newest.status.replace("-", " "),
        "when": figures.clock(newest.recorded_at),
        "recorded_at": newest.recorded_at,
        "url": analyte_url(newest.analyte__code),
        "source": newest.source,
    }


def _importance(newest: Any) -> tuple:
    """Critical before abnormal before inputs of the models before the rest."""
    code = newest.analyte__code
    place = MODEL_INPUTS.index(code) if code in MODEL_INPUTS else len(MODEL_INPUTS)
    return ABNORMAL.get(newest.flag, 2), place, newest.analyte__order


def _row(course: Sequence[Any], record: Record) -> dict:
    newest, limits = course[-1], reference(course[-1], record)
    months = figures.months_between(newest.collected_at.date(), record.facts.as_of)
    unit = figures.unit(newest.analyte__unit)
    readings = [(result.collected_at.date(), result.value) for result in course]
    return {
        "label": newest.analyte__name,
        "url": analyte_url(newest.analyte__code),
        "value": measured(newest),
        "unit": unit,
        "code": newest.flag,
        "spark": spark(readings, reference=limits, gap_days=GAP_DAYS),
        "summary": f"{newest.analyte__name}: {len(course)} values, newest {measured(newest)} "
        f"{unit} on {figures.day(newest.collected_at)}",
        "when": figures.day(newest.collected_at),
        "stale": f"{months} months old" if months >= STALE_MONTHS else "",
    }


def reference(newest: Any, record: Record) -> Reference:
    """The laboratory's own range where it sent one, else the reference table's."""
    if newest.reference_low is not None or newest.reference_high is not None:
        return newest.reference_low, newest.reference_high
    facts = record.facts
    try:
        return analytes.reference_range(newest.analyte__code, facts.sex, facts.age, facts.pregnant)
    except analytes.UnknownAnalyte:
        return None, None


def _band(limits: Reference) -> dict | None:
    if limits == (None, None):
        return None
    return {"low": limits[0], "high": limits[1], "label": f"usual {range_words(limits)}"}


def range_words(limits: Reference) -> str:
    """A reference range such as "90–130", "up to 5" or "40 or more"."""
    low, high = (None if end is None else figures.number(end) for end in limits)
    if low is None:
        return f"up to {high}"
    return f"{low} or more" if high is None else f"{low}–{high}"


def _point(result: Any) -> dict:
    flag = "" if result.flag == "N" else result.flag
    note = "corrected" if result.status in {"corrected", "amended"} else ""
    return {
        "date": timezone.localtime(result.collected_at).date().isoformat(),
        "value": result.value,
        "flag": flag,
        "note": note,
    }


def _table_row(result: Any) -> list:
    flag = FLAG_WORDS.get(result.flag, "")
    return [
        figures.clock(result.collected_at),
        tables.numeric(measured(result)),
        flag,
        result.status,
        result.source,
    ]


def _summary(course: Sequence[Any], limits: Reference) -> str:
    newest, oldest = course[-1], course[0]
    unit = figures.unit(newest.analyte__unit)
    flag = f", {FLAG_WORDS[newest.flag]}" if newest.flag not in {"", "N"} else ""
    said = f"Newest {measured(newest)} {unit}".strip() + flag
    said += f" on {figures.day(newest.collected_at)}"
    if limits != (None, None):
        said += f"; usual {range_words(limits)}"
    if len(course) > 1:
        said += f". {len(course)} values since {figures.day(oldest.collected_at)}"
        said += f", first {measured(oldest)}"
    return f"{said}."


def _grid_row(test: Any, results: list[Any]) -> dict:
    return {
        "name": test.analyte__name,
        "unit": figures.unit(test.analyte__unit),
        "url": analyte_url(test.analyte__code),
        "cells": [
            {
                "value": measured(result),
                "code": result.flag,
                "corrected": result.status in {"corrected", "amended"},
            }
            if result
            else None
            for result in results
        ],
    }
