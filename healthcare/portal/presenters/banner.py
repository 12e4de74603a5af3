"""Who this is: the banner on top of a patient's pages, and the strip of critical results."""

from __future__ import annotations

from datetime import timedelta

from healthcare.common import figures
from healthcare.portal.presenters import analyte_url, measured
from healthcare.portal.queries import Record

CONDITIONS_SHOWN = 5
CRITICAL_WINDOW = timedelta(days=30)


def banner(record: Record) -> dict:
    """Variables of `_components/patient_banner.html`."""
    patient, day = record.patient, record.facts.as_of
    number = patient.mrn  # type: ignore[attr-defined]  # annotated by portal.queries.visible
    return {
        "family": patient.family_name,
        "given": patient.given_name,
        "born": figures.day(patient.birth_date),
        "age": f"{patient.age_on(patient.died_on or day)} y",
        "sex": patient.get_sex_display(),
        "mrn": figures.record_number(number) if number else "not recorded",
        "allergies": _allergies(record),
        "diagnoses": _diagnoses(record),
        "ribbons": _ribbons(record),
        "notes": [note for note in _notes(record) if note],
    }


def criticals(record: Record) -> list[dict]:
    """Newest values beyond the critical limits, not older than a month."""
    newest = {row.analyte__code: row for row in record.current_results}
    since = record.now - CRITICAL_WINDOW
    return [
        {
            "label": row.analyte__name,
            "value": measured(row),
            "unit": figures.unit(row.analyte__unit),
            "code": row.flag,
            "when": figures.clock(row.collected_at),
            "source": row.source,
            "url": analyte_url(row.analyte__code),
        }
        for row in newest.values()
        if row.flag in {"LL", "HH"} and row.collected_at >= since
    ]


def _allergies(record: Record) -> list[str] | None:
    rows = record.listed("allergy")
    if not rows and record.patient.allergies_reviewed_on is None:
        return None
    return [f"{row.label}: {row.note}" if row.note else row.label for row in rows]


def _diagnoses(record: Record) -> list[str]:
    active = [row.label for row in record.listed("condition") if is_active(row, record)]
    more = len(active) - CONDITIONS_SHOWN
    return active[:CONDITIONS_SHOWN] + ([f"{more} more"] if more > 0 else [])


def is_active(entry, record: Record) -> bool:
    return entry.until is None or entry.until > record.facts.as_of


def _ribbons(record: Record) -> list[str]:
    ribbons = ["Synthetic"] if record.patient.is_synthetic else []
    if record.patient.died_on:
        ribbons.append(f"Died {figures.day(record.patient.died_on)}")
    return ribbons


def _notes(record: Record) -> list[str]:
    visits = [row for row in record.encounters if row.started_at <= record.now]
    newest = max((row.collected_at for row in record.current_results), default=None)
    return [
        record.patient.care_team.name,
        f"last seen {figures.day(visits[0].started_at)}" if visits else "no visit recorded",
        f"data to {figures.clock(newest)}" if newest else "no results yet",
        "" if record.patient.conditions_reviewed_on else "problem list not reviewed",
    ]
