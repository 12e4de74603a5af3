"""Reads that span models, shaped for those who ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Aggregate, Avg, Max, Q
from django.utils import timezone

from healthcare.common import figures
from ml import codings
from ml.facts import Facts, Lifestyle, Measurement
from patients.models import (
    Allergy,
    Condition,
    FamilyHistory,
    Medication,
    Patient,
    PreventiveCare,
    Result,
    SurveyAnswer,
    WearableDay,
)

LIFESTYLE_ITEMS = {field.name for field in fields(Lifestyle)}
WEARABLE_WINDOW = timedelta(days=30)
WEARABLE_COLUMNS = {
    "STEPS": ("steps", "/d"),
    "RHR": ("resting_heart_rate", "/min"),
    "SLEEP": ("sleep_hours", "h"),
}
DAYS_PER_MONTH = 30.4375


class _List(NamedTuple):
    """A list of the record: which columns say what an entry is, and since when it holds."""

    name: str  # as explanations call it
    code: str
    label: str = ""
    since: str = ""  # else it stands since it was recorded
    understand: Callable[..., tuple[str, ...]] | None = None  # codes of other systems

    def words(self, row: dict) -> list[str]:
        """Everything that an entry says in the words of the rules: diabetes, and its kidney
        disease. One that no rule knows stands by its name: a list that holds only such entries
        is not a list of none."""
        word = row[self.code] or row.get(self.label, "")
        if self.understand is None or not row["coding"]:
            return [word]
        return [word, *self.understand([_coding(row)], row[self.label])]


CONDITIONS = _List("condition", "code", "label", "onset_on", codings.conditions)
DRUGS = _List("medication", "drug_class", "name", "started_on", codings.medications)
SUBSTANCES = _List("allergy", "code", "label", "", codings.allergies)
FAMILY = _List("family", "code")


def facts_known_at(moment: datetime, patients: Iterable[Patient]) -> dict[int, Facts]:
    """What was known of each patient at a moment, by primary key.

    Costs the same eight queries for one patient and for a thousand. Nothing recorded or
    collected after the moment enters: a test proves it.
    """
    people = {patient.pk: patient for patient in patients}
    day = timezone.localdate(moment)
    known = _Known(list(people), moment, day)
    return {pk: _facts(patient, known, day) for pk, patient in people.items()}


class _Known:
    """The rows of many patients, sorted by patient: one query a table."""

    def __init__(self, ids: list[int], moment: datetime, day: date):
        self.results = _by_patient(_newest_results(ids, moment))
        self.conditions = _by_patient(
            Condition.objects.known_at(moment)
            .filter(Q(resolved_on=None) | Q(resolved_on__gt=day), patient__in=ids)
            .values("patient_id", "code", "coding", "label", "onset_on", "recorded_at", "source")
        )
        self.medications = _by_patient(
            Medication.objects.known_at(moment)
            .filter(Q(stopped_on=None) | Q(stopped_on__gt=day), patient__in=ids)
            .values(
                "patient_id", "drug_class", "coding", "name", "started_on", "recorded_at", "source"
            )
        )
        self.allergies = _by_patient(
            Allergy.objects.known_at(moment)
            .filter(patient__in=ids)
            .values("patient_id", "code", "coding", "label", "recorded_at", "source")
        )
        self.family = _by_patient(
            FamilyHistory.objects.known_at(moment)
            .filter(patient__in=ids)
            .values("patient_id", "code", "recorded_at", "source")
        )
        self.answers = _by_patient(_newest_answers(ids, moment))
        self.done = _by_patient(
            PreventiveCare.objects.known_at(moment)
            .filter(patient__in=ids, done_on__lte=day)
            .order_by("done_on")
            .values("patient_id", "item", "done_on", "source")
        )
        self.wearables = _by_patient(_wearable_means(ids, moment, day))


def _facts(patient: Patient, known: _Known, day: date) -> Facts:
    answers = known.answers[patient.pk]
    results, worn = known.results[patient.pk], _worn(known.wearables[patient.pk])
    told = _told(known, patient.pk)
    pregnant = _pregnant(patient, day)
    return Facts(
        as_of=day,
        sex=None if patient.sex == Patient.Sex.UNKNOWN else patient.sex,  # type: ignore[arg-type]
        age=patient.age_on(day),
        birth_date=patient.birth_date,
        pregnant=pregnant,
        breastfeeding=patient.is_breastfeeding,
        gestation_weeks=(day - patient.pregnant_since).days / 7
        if pregnant and patient.pregnant_since
        else None,
        ethnicity=patient.ethnicity or None,  # type: ignore[arg-type]
        conditions=_codes(CONDITIONS, known.conditions[patient.pk], patient.conditions_reviewed_on),
        medications=_codes(DRUGS, known.medications[patient.pk], patient.medications_reviewed_on),
        allergies=_codes(SUBSTANCES, known.allergies[patient.pk], patient.allergies_reviewed_on),
        family_history=_codes(FAMILY, known.family[patient.pk], patient.family_reviewed_on),
        flags=frozenset(
            answer["item"]
            for answer in answers
            if answer["instrument"] == SurveyAnswer.FLAGS and answer["number"]
        ),
        lifestyle=_lifestyle(answers),
        done={
            event["item"]: (day - event["done_on"]).days / DAYS_PER_MONTH
            for event in known.done[patient.pk]
        },
        measurements=_measurements(results, worn),
        recorded={name: since for name, (since, _) in told.items()},
        sources=_sources(results, worn, told),
    )


def _newest_results(ids: list[int], moment: datetime):
    # What is known was collected, except that a day alone stands for its noon, which may be to
    # come; a value that is text alone hides no number.
    tomorrow = start_of_day(timezone.localdate(moment) + timedelta(days=1))
    return (
        Result.objects.as_known_at(moment)
        .filter(patient__in=ids, collected_at__lt=tomorrow, value__isnull=False)
        .order_by("patient_id", "analyte_id", "-collected_at", "-issued_at", "-pk")
        .distinct("patient_id", "analyte_id")
        .values(
            "patient_id",
            "analyte__code",
            "analyte__unit",
            "value",
            "comparator",
            "collected_at",
            "source",
        )
    )


def start_of_day(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def _newest_answers(ids: list[int], moment: datetime):
    return (
        SurveyAnswer.objects.known_at(moment)
        .filter(patient__in=ids, instrument__in=[SurveyAnswer.LIFESTYLE, SurveyAnswer.FLAGS])
        .order_by("patient_id", "instrument", "item", "-answered_on")
        .distinct("patient_id", "instrument", "item")
        .values("patient_id", "instrument", "item", "number", "text", "answered_on", "source")
    )


def _wearable_means(ids: list[int], moment: datetime, day: date):
    """Of each metric the mean, the newest day that has it, and the devices that told it."""
    asked: dict[str, Aggregate] = {}
    for code, (column, _) in WEARABLE_COLUMNS.items():
        told = Q(**{f"{column}__isnull": False})
        asked[code] = Avg(column)
        asked[f"{code}_newest"] = Max("day", filter=told)
        asked[f"{code}_devices"] = ArrayAgg("source", distinct=True, filter=told)
    return (
        WearableDay.objects.known_at(moment)
        .filter(patient__in=ids, day__gt=day - WEARABLE_WINDOW, day__lte=day)
        .values("patient_id")
        .annotate(**asked)
    )


def _by_patient(rows) -> dict[int, list[dict]]:
    grouped: dict[int, list[dict]] = defaultdict(list)
    for row in rows:
        grouped[row["patient_id"]].append(row)
    return grouped


def _codes(kind: _List, rows: list[dict], reviewed_on: date | None) -> frozenset[str] | None:
    """The codes of a list; None when the list is empty because nobody asked."""
    if not rows and reviewed_on is None:
        return None
    return frozenset(chain.from_iterable(kind.words(row) for row in rows))


def _coding(row: dict) -> tuple[str, str]:
    """System and code, as their sender gave them: `system|code`."""
    system, _, code = row["coding"].rpartition("|")
    return system, code


def _pregnant(patient: Patient, day: date) -> bool | None:
    if patient.sex == Patient.Sex.MALE:
        return False
    if patient.pregnant_since:
        return timedelta(0) <= day - patient.pregnant_since <= timedelta(weeks=44)
    return False if patient.conditions_reviewed_on else None


def _lifestyle(answers: list[dict]) -> Lifestyle:
    said = {
        answer["item"]: answer["text"] or answer["number"]
        for answer in answers
        if answer["instrument"] == SurveyAnswer.LIFESTYLE and answer["item"] in LIFESTYLE_ITEMS
    }
    return Lifestyle(**said)


Worn = dict[str, tuple[Measurement, str]]  # by code, and which devices told it


def _measurements(results: list[dict], worn: Worn) -> dict[str, Measurement]:
    measured = {
        row["analyte__code"]: Measurement(
            code=row["analyte__code"],
            value=row["value"],
            unit=row["analyte__unit"],
            collected=timezone.localdate(row["collected_at"]),
            comparator=row["comparator"],
        )
        for row in results
    }
    return {code: mean for code, (mean, _) in worn.items()} | measured


def _worn(wearables: list[dict]) -> Worn:
    """Means of what devices counted, dated by the newest day that has it."""
    days = WEARABLE_WINDOW.days
    return {
        code: (
            Measurement(code, means[code], unit, means[f"{code}_newest"]),
            f"{figures.listed(means[f'{code}_devices'])}, mean of the last {days} days",
        )
        for means in wearables
        for code, (_, unit) in WEARABLE_COLUMNS.items()
        if means[code] is not None
    }


Told = dict[str, tuple[date, str]]  # "condition:htn" -> since when, and who said so


def _told(known: _Known, patient_id: int) -> Told:
    """What stands behind each fact that is no measurement, for explanations."""
    told = _entries(CONDITIONS, known.conditions[patient_id])
    told |= _entries(DRUGS, known.medications[patient_id])
    told |= _entries(SUBSTANCES, known.allergies[patient_id])
    told |= _entries(FAMILY, known.family[patient_id])
    for row in known.answers[patient_id]:
        prefix = "flag" if row["instrument"] == SurveyAnswer.FLAGS else row["instrument"]
        told[f"{prefix}:{row['item']}"] = row["answered_on"], row["source"]
    for row in known.done[patient_id]:  # the newest comes last
        told[f"done:{row['item']}"] = row["done_on"], row["source"]
    return told


def _entries(kind: _List, rows: list[dict]) -> Told:
    """Of several entries that say the same, the one that stands longest."""
    told: Told = {}
    for row in rows:
        since = row[kind.since] if kind.since else None
        entry = since or timezone.localdate(row["recorded_at"]), row["source"]
        for word in kind.words(row):
            name = f"{kind.name}:{word}"
            told[name] = min(told.get(name, entry), entry)
    return told


def _sources(results: list[dict], worn: Worn, told: Told) -> dict[str, str]:
    """Who said what is known: `number:CREAT` -> "lab file"."""
    counted = {f"number:{code}": devices for code, (_, devices) in worn.items()}
    measured = {f"number:{row['analyte__code']}": row["source"] for row in results}
    return counted | measured | {name: source for name, (_, source) in told.items()}
