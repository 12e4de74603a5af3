"""Rows of the worklist in words."""

from __future__ import annotations

from datetime import date

from healthcare.common import figures
from healthcare.portal.presenters import risk
from healthcare.portal.presenters.tiers import look, short
from healthcare.portal.worklist import Row

STALE_MONTHS = 13


def row(line: Row, today: date) -> dict:
    """What one row of the table shows."""
    prediction, patient = line.prediction, line.prediction.patient
    shown = {
        "name": patient.name,
        "url": patient.get_absolute_url(),
        "age_sex": f"{patient.age_on(today)}, {patient.get_sex_display().lower()}",
        "mrn": figures.record_number(line.mrn),
        "open_count": line.open_count,
        "interrupts": line.interrupts,
        "is_urgent": line.is_urgent,
        "asks": "Look today" if line.is_urgent else "Suggested",
        "critical_count": line.critical_count,
        "task_count": line.task_count,
        "newest": figures.day(line.newest_result) or "no results",
        "inputs": _inputs(line, today),
    }
    if prediction.risk is None:
        return shown | {"tier": "none", "why": risk.refusal_words(prediction)}
    return shown | {
        "tier": look(prediction.tier),
        "tier_word": short(prediction.tier),
        "number": figures.in_100(prediction.risk),
        "range": figures.span_in_100(prediction.low or 0, prediction.high or 0),
        "change": _change(line),
        "why": risk.top_driver(prediction),
    }


def _change(line: Row) -> dict | None:
    before, now = line.before, line.prediction
    if before is None or now.risk is None:
        return None
    direction = risk.direction(before.risk, now.risk)
    step = figures.points(100 * (now.risk - before.risk))
    return {
        "direction": direction,
        "text": "same" if direction == "same" else step,
        "since": figures.day(before.as_of),
    }


def _inputs(line: Row, today: date) -> str:
    """How many inputs were missing and how old the oldest was."""
    missing = len(line.prediction.missing)
    oldest = risk.oldest_input(line.prediction)
    months = figures.months_between(oldest, today) if oldest else 0
    parts = [
        f"{missing} input{'s' if missing > 1 else ''} missing" if missing else "",
        f"oldest {months} months" if months >= STALE_MONTHS else "",
    ]
    return ", ".join(part for part in parts if part)
