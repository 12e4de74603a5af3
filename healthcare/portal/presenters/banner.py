"""Who this is: the banner on top of a patient's pages, and the strip of critical results."""

from __future__ import annotations

from datetime import timedelta

from healthcare.common import figures
from healthcare.portal.presenters import analyte_url
from healthcare.portal.queries import Record
from patients import who

CRITICAL_WINDOW = timedelta(days=30)


def banner(record: Record) -> dict:
    """Variables of `_components/patient_banner.html`."""
    return who.described(
        record.patient,
        now=record.now,
        today=record.facts.as_of,
        allergies=[(row.label, row.note) for row in record.listed("allergy")],
        diagnoses=[row.label for row in record.listed("condition") if is_active(row, record)],
        notes=[note for note in _notes(record) if note],
    )


def criticals(record: Record) -> list[dict]:
    """Newest values beyond the critical limits, not older than a month."""
    since = record.now - CRITICAL_WINDOW
    return [
        {
            "label": row.analyte__name,
            "value": record.units.words(row),
            "unit": "" if row.value is None else record.units.unit(row),
            "code": row.flag,
            "when": figures.clock(row.collected_at),
            "source": row.source,
            "url": analyte_url(row.analyte__code),
        }
        for row, _ in record.latest.values()
        if row.flag in {"LL", "HH"} and row.collected_at >= since
    ]


def is_active(entry, record: Record) -> bool:
    return entry.until is None or entry.until > record.facts.as_of


def _notes(record: Record) -> list[str]:
    visits = [row for row in record.encounters if row.started_at <= record.now]
    newest = max((row.collected_at for row, _ in record.latest.values()), default=None)
    return [
        record.patient.care_team.name,
        f"last seen {figures.day(visits[0].started_at)}" if visits else "no visit recorded",
        f"data to {figures.clock(newest)}" if newest else "no results yet",
        "" if record.patient.conditions_reviewed_on else "problem list not reviewed",
    ]
