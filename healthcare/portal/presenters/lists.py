"""The lists of the record as tables."""

from __future__ import annotations

from statistics import mean

from healthcare.common import figures, tables
from healthcare.portal.presenters.banner import is_active
from healthcare.portal.queries import Entry, Record
from ml import codes
from patients.models import SurveyAnswer

# Names of the record pages (patients.views.record_kinds).
SLUGS = {
    "condition": "problems",
    "medication": "medicines",
    "allergy": "allergies",
    "family": "family",
    "prevention": "prevention",
}
WEARABLES = [
    ("Steps a day", "steps", "0"),
    ("Active minutes a day", "active_minutes", "0"),
    ("Resting heart rate, a minute", "resting_heart_rate", "1"),
    ("Sleep, hours", "sleep_hours", "1"),
]


def lists(record: Record) -> list[dict]:
    """Tables of the record, each with the day on which somebody went through it."""
    patient = record.patient
    return [
        _entries(record, "condition", "Problems", "Since", patient.conditions_reviewed_on),
        _entries(record, "medication", "Medicines", "Since", patient.medications_reviewed_on),
        _entries(record, "allergy", "Allergies", "", patient.allergies_reviewed_on),
        _entries(record, "family", "Family history", "", patient.family_reviewed_on),
        _entries(record, "prevention", "Prevention done", "On", None),
        _answers(record.answers),
        _wearables(record),
    ]


def entry_words(entry: Entry) -> str:
    """A line in words; prevention and family history are kept as codes only."""
    if entry.kind == "prevention":
        return codes.display("done", entry.code)
    if entry.kind == "family":
        return codes.display("family_history", entry.code)
    return entry.label


def _entries(record: Record, kind: str, title: str, since: str, reviewed_on) -> dict:
    rows = record.listed(kind)
    headers = [title, "Detail", *([since] if since else []), "State", "Source", "Recorded"]
    return {
        "title": title,
        "slug": SLUGS[kind],
        "note": _review_words(rows, reviewed_on, kind),
        **tables.table(
            headers,
            [
                [
                    entry_words(row),
                    row.note,
                    *([figures.day(row.since)] if since else []),
                    "Current" if is_active(row, record) else f"Until {figures.day(row.until)}",
                    row.source,
                    figures.day(row.recorded_at),
                ]
                for row in rows
            ],
        ),
    }


def _review_words(rows: list[Entry], reviewed_on, kind: str) -> str:
    if reviewed_on:
        return f"Reviewed {figures.day(reviewed_on)}"
    if kind == "prevention":
        return ""
    return "Not reviewed: may be incomplete" if rows else "Not recorded: nobody has asked yet"


def _answers(answers: list[SurveyAnswer]) -> dict:
    return {
        "title": "Answers and habits",
        "slug": "answers",
        "note": "",
        **tables.table(
            ["Question", "Answer", "Questionnaire", "Answered", "Source"],
            [
                [
                    row.item.replace("_", " ").capitalize(),
                    _answer_words(row),
                    row.instrument.replace("_", " "),
                    figures.day(row.answered_on),
                    row.source,
                ]
                for row in answers
            ],
        ),
    }


def _answer_words(answer: SurveyAnswer) -> str:
    if answer.text or answer.number is None:
        return answer.text
    if answer.instrument == SurveyAnswer.FLAGS:
        return "yes" if answer.number else "no"
    return figures.number(answer.number)


def _wearables(record: Record) -> dict:
    days = record.wearables
    rows = []
    for label, column, decimals in WEARABLES:
        values = [getattr(day, column) for day in days if getattr(day, column) is not None]
        if values:
            average = f"{mean(values):.{decimals}f}"
            newest = f"{figures.day(days[-1].day)} to {figures.day(days[0].day)}"
            rows.append([label, average, str(len(values)), newest, days[0].source])
    return {
        "title": "Wearable devices",
        "slug": "wearables",
        "note": "Averages of the newest days; consumer devices, never a diagnosis",
        **tables.table(
            ["Measure", "Average", "Days", "From, to", "Source"],
            rows,
        ),
    }
