"""What a cohort holds, column by column: nothing that is not named here leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from ml import codes
from patients import queries
from patients.models import (
    Allergy,
    Condition,
    Consent,
    Encounter,
    FamilyHistory,
    Medication,
    PreventiveCare,
    Result,
    SurveyAnswer,
    WearableDay,
)

PEOPLE = ["patient", "age", "sex", "ethnicity", "died"]
CODED = ("snomed:", "icd10:")
OTHER = "other"
# Results in words: only such as are the same for everybody.
QUALITATIVE = {"negative", "positive", "trace", "normal", "abnormal", "reactive", "nonreactive",
               "non-reactive", "detected", "not detected", "1+", "2+", "3+", "4+"}  # fmt: skip


class Column(NamedTuple):
    """A column of a file: its name, what it means, and where it comes from in a row."""

    name: str
    meaning: str
    of: Callable[[Any], Any]
    is_date: bool = False


class Table(NamedTuple):
    """A file of facts."""

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[list[int]], QuerySet]


def known(kind: str, column: str) -> Callable[[Any], str]:
    """A code that a vocabulary holds; others may be somebody's own words."""

    def code(row: Any) -> str:
        value = getattr(row, column)
        return value if value in codes.vocabulary(kind) or value.startswith(CODED) else OTHER

    return code


def dated(name: str, meaning: str, column: str = "") -> Column:
    return Column(name, f"{meaning}; moved back with all dates of the person",
                  attrgetter(column or name), is_date=True)  # fmt: skip


def current(model: Any, *related: str) -> Callable[[list[int]], QuerySet]:
    def rows(patients: list[int]) -> QuerySet:
        found = model.objects.current().filter(patient__in=patients)
        return found.select_related(*related) if related else found

    return rows


def told(row: SurveyAnswer) -> str:
    """A smoking status; other words are the person's own."""
    is_ours = row.instrument == SurveyAnswer.LIFESTYLE and row.item == "smoking"
    return row.text if is_ours and row.text in {"never", "former", "current"} else ""


def item(row: SurveyAnswer) -> str:
    is_ours = row.item in queries.LIFESTYLE_ITEMS or row.item in codes.vocabulary("flag")
    return row.item if is_ours else OTHER


def in_words(row: Result) -> str:
    return row.text if row.text.casefold() in QUALITATIVE else ""


TABLES = (
    Table("conditions", (
        Column("code", "Condition; “other” where no vocabulary holds it",
               known("condition", "code")),
        dated("onset", "Day it began", "onset_on"),
        dated("resolved", "Day it ended", "resolved_on"),
    ), current(Condition)),
    Table("medications", (
        Column("drug_class", "Class of the drug", known("drug", "drug_class")),
        dated("started", "First day", "started_on"),
        dated("stopped", "Last day", "stopped_on"),
    ), current(Medication)),
    Table("allergies", (
        Column("code", "Substance or class", known("allergy", "code")),
    ), current(Allergy)),
    Table("family_history", (
        Column("code", "Condition of a relative", known("family_history", "code")),
    ), current(FamilyHistory)),
    Table("encounters", (
        Column("kind", "Clinic visit, hospital stay or emergency visit", attrgetter("kind")),
        dated("started", "First day", "started_at"),
        dated("ended", "Last day", "ended_at"),
    ), current(Encounter)),
    Table("preventive_care", (
        Column("item", "Screening, vaccination or check", known("done", "item")),
        dated("done", "Day", "done_on"),
    ), current(PreventiveCare)),
    Table("survey_answers", (
        Column("item", "Question; “other” where it is none of ours", item),
        Column("number", "Answer as a number", attrgetter("number")),
        Column("text", "Smoking status", told),
        dated("answered", "Day", "answered_on"),
    ), current(SurveyAnswer)),
    Table("wearable_days", (
        dated("day", "Day"),
        Column("steps", "Steps", attrgetter("steps")),
        Column("active_minutes", "Minutes of activity", attrgetter("active_minutes")),
        Column("resting_heart_rate", "Resting heart rate, /min", attrgetter("resting_heart_rate")),
        Column("sleep_hours", "Sleep, h", attrgetter("sleep_hours")),
    ), current(WearableDay)),
    Table("results", (
        Column("analyte", "Short name of the test", attrgetter("analyte.code")),
        Column("comparator", "<, <=, > or >= where the value is a limit", attrgetter("comparator")),
        Column("value", "In the unit beside it", attrgetter("value")),
        Column("unit", "UCUM", attrgetter("analyte.unit")),
        Column("words", "A result in words, such as negative", in_words),
        Column("flag", "LL, L, N, H, HH or A", attrgetter("flag")),
        dated("collected", "Day of the sample", "collected_at"),
    ), current(Result, "analyte")),
)  # fmt: skip
PEOPLE_MEANINGS = {
    "patient": "Pseudonym, the same in all files and exports of one purpose",
    "age": "Completed years at the export, or at death; 90 and more are one group",
    "sex": "Sex at birth",
    "ethnicity": "Empty where it is not known or shared by fewer than ten",
    "died": "yes or no",
}


def dictionary() -> list[list[str]]:
    """What every column means: rows of file, column, meaning."""
    rows = [["file", "column", "meaning"]]
    rows += [["patients.csv", name, meaning] for name, meaning in PEOPLE_MEANINGS.items()]
    for table in TABLES:
        rows.append([f"{table.name}.csv", "patient", PEOPLE_MEANINGS["patient"]])
        rows += [[f"{table.name}.csv", column.name, column.meaning] for column in table.columns]
    return rows


def readme(purpose: str, patients: int, now: datetime) -> str:
    label = Consent.Purpose(purpose).label
    return (
        f"Carelens cohort · purpose: {label}\n"
        f"Made on {timezone.localdate(now).isoformat()} of {patients} patients whose newest "
        "decision for this purpose was yes.\n\n"
        "No names, numbers, places or free text. Each person has a pseudonym, and all their\n"
        "dates are moved back by one number of days (1 to 365) that differs between people:\n"
        "intervals within a person are true, seasons and calendar dates are not.\n"
        "Use it for the stated purpose only. Who withdraws their consent is not in the next\n"
        "export: delete this one when you have made a newer one.\n"
    )


def plain(value: Any) -> str:
    """A cell: a number as short as it can be read back, nothing for nothing."""
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)
