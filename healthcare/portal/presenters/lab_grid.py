"""The lab grid in words: groups of tests, their course, and their cells by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils import timezone

from healthcare.common import figures
from healthcare.common.sparklines import spark
from healthcare.portal import labs
from healthcare.portal.labs import Asked, Grid, Review
from healthcare.portal.presenters import FLAG_WORDS
from healthcare.portal.presenters.courses import GAP_DAYS, range_words
from healthcare.portal.presenters.display_units import DisplayUnits
from patients.models import Patient

GROUPS = {
    "CBC": "Blood count",
    "glycaemic": "Glucose",
    "drug level": "Drug levels",
    "survey": "Questionnaire scores",
    "tumour marker": "Tumour markers",
    "liver": "Liver",
    "urine": "Urine",
    "renal": "Kidney",
    "cardiac": "Heart",
    "vitals": "Vital signs",
    "wearables": "Wearables and fitness",
}
STATE_MARKS = {"corrected": "c", "amended": "c", "preliminary": "p"}


def context(patient: Patient, found: Grid, asked: Asked, units: DisplayUnits) -> dict:
    """What `portal/_lab_grid.html` reads."""
    days = [row["day"] for row in found.page]
    notes = _Notes()
    return {
        "days": [{"text": figures.day(day), "iso": day.isoformat()} for day in days],
        "groups": _groups(patient, found, days, units, notes),
        "notes": notes.lines,
        "page": found.page,
        "shown": ",".join(str(row.pk) for row in found.cells if not found.reviews[row.pk]),
        "unreviewed_shown": sum(not found.reviews[row.pk] for row in found.cells),
        "unreviewed_count": found.unreviewed_count,
        "result_count": found.result_count,
        "known": figures.day(asked.known),
        "narrows": asked.narrows,
        "tasks": [] if asked.known else [_task(task, units) for task in found.tasks],
    }


def group_words(group: str) -> str:
    return GROUPS.get(group, group[:1].upper() + group[1:])


class _Notes:
    """Remarks of the laboratory, numbered in the order in which the grid shows them."""

    def __init__(self) -> None:
        self.lines: list[dict] = []

    def number(self, row: Any) -> int | None:
        if not row.note:
            return None
        self.lines.append(
            {"number": len(self.lines) + 1, "test": row.analyte__name, "text": row.note,
             "when": figures.clock(row.collected_at)}
        )  # fmt: skip
        return len(self.lines)


def _groups(
    patient: Patient, found: Grid, days: list[date], units: DisplayUnits, notes: _Notes
) -> list[dict]:
    """Tests in the order of the table of analytes, under the name of their group."""
    tests: dict[str, list[Any]] = defaultdict(list)
    for row in found.cells:
        tests[row.analyte__code].append(row)
    ordered = sorted(tests.values(), key=lambda rows: (rows[0].analyte__order, rows[0].pk))
    groups = list(dict.fromkeys(rows[0].analyte__group for rows in ordered))
    together = sorted(ordered, key=lambda rows: groups.index(rows[0].analyte__group))
    return [
        {
            "title": group_words(group),
            "tests": [_test(patient, rows, found, days, units, notes) for rows in members],
        }
        for group, members in groupby(together, key=lambda rows: rows[0].analyte__group)
    ]


def _test(
    patient: Patient,
    rows: Sequence[Any],
    found: Grid,
    days: list[date],
    units: DisplayUnits,
    notes: _Notes,
) -> dict:
    newest, limits = rows[-1], units.limits(rows[-1])
    course = found.courses.get(newest.analyte__code, [])
    readings = [(at.date(), units.number(newest, value)) for at, value in course]
    by_day: dict[date, list[Any]] = defaultdict(list)
    for row in rows:
        by_day[timezone.localdate(row.collected_at)].append(row)
    return {
        "name": newest.analyte__name,
        "unit": units.unit(newest),
        "usual": range_words(limits),
        "url": reverse("lab-test", args=[patient.public_id, newest.analyte__code]),
        "spark": spark(readings, reference=limits, gap_days=GAP_DAYS),
        "summary": _summary(newest, len(course), units),
        "cells": [
            [_value(row, found.reviews[row.pk], len(by_day[day]) > 1, units, notes)
             for row in by_day[day]]
            for day in days
        ],
    }  # fmt: skip


def _summary(newest: Any, count: int, units: DisplayUnits) -> str:
    flag = f", {FLAG_WORDS[newest.flag]}" if newest.flag not in {"", "N"} else ""
    return (
        f"{newest.analyte__name}: {count} value{'' if count == 1 else 's'}, newest shown "
        f"{units.quantity(newest)}{flag} on {figures.day(newest.collected_at)}"
    )


def _value(
    row: Any, reviews: list[Review], is_one_of_several: bool, units: DisplayUnits, notes: _Notes
) -> dict:
    """One value of a cell; several of a day stand below each other with their times."""
    return {
        "pk": row.pk,
        "name": f"{row.analyte__name} of {figures.clock(row.collected_at)}",
        "value": units.words(row),
        "code": row.flag,
        "time": f"{timezone.localtime(row.collected_at):%H:%M}" if is_one_of_several else "",
        "mark": STATE_MARKS.get(row.status, ""),
        "state": row.status,
        "note": notes.number(row),
        "reviewed": "; ".join(f"{one.name}, {figures.clock(one.at)}" for one in reviews),
    }


def _task(task: Any, units: DisplayUnits) -> dict:
    result, row = task.result, labs.row_of(task.result)
    return {
        "kind": task.get_kind_display(),
        "is_corrected": task.kind == task.Kind.CORRECTED,
        "test": result.analyte.name,
        "code": result.flag,
        "value": units.words(row),
        "unit": "" if row.value is None else units.unit(row),
        "collected": figures.clock(result.collected_at),
        "since": figures.clock(task.created_at),
        "level": task.level,
    }
