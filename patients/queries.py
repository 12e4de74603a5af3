"""Reads that span models, shaped for those who ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from itertools import chain

from django.db.models import Avg, Q
from django.utils import timezone

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


def facts_known_at(moment: datetime, patients: Iterable[Patient]) -> dict[int, Facts]:
    """What was known of each patient at a moment, by primary key.

    Costs the same nine queries for one patient and for a thousand. Nothing recorded or
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
            .values("patient_id", "code", "coding", "label", "onset_on", "recorded_at")
        )
        self.medications = _by_patient(
            Medication.objects.known_at(moment)
            .filter(Q(stopped_on=None) | Q(stopped_on__gt=day), patient__in=ids)
            .values("patient_id", "drug_class", "coding", "name", "started_on", "recorded_at")
        )
        self.allergies = _by_patient(
            Allergy.objects.known_at(moment)
            .filter(patient__in=ids)
            .values("patient_id", "code", "coding", "label", "recorded_at")
        )
        self.family = _by_patient(
            FamilyHistory.objects.known_at(moment)
            .filter(patient__in=ids)
            .values("patient_id", "code", "recorded_at")
        )
        self.answers = _by_patient(_newest_answers(ids, moment))
        self.done = _by_patient(
            PreventiveCare.objects.known_at(moment)
            .filter(patient__in=ids, done_on__lte=day)
            .order_by("done_on")
            .values("patient_id", "item", "done_on")
        )
        self.wearables = _by_patient(_wearable_means(ids, moment, day))


def _facts(patient: Patient, known: _Known, day: date) -> Facts:
    conditions = known.conditions[patient.pk]
    medications = known.medications[patient.pk]
    allergies = known.allergies[patient.pk]
    family = known.family[patient.pk]
    answers = known.answers[patient.pk]
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
        conditions=_codes(_conditions(conditions), patient.conditions_reviewed_on),
        medications=_codes(_drugs(medications), patient.medications_reviewed_on),
        allergies=_codes(_substances(allergies), patient.allergies_reviewed_on),
        family_history=_codes([row["code"] for row in family], patient.family_reviewed_on),
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
        measurements=_measurements(known.results[patient.pk], known.wearables[patient.pk], day),
        recorded=_recorded(conditions, medications, allergies, family),
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
            "patient_id", "analyte__code", "analyte__unit", "value", "comparator", "collected_at"
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
        .values("patient_id", "instrument", "item", "number", "text", "answered_on")
    )


def _wearable_means(ids: list[int], moment: datetime, day: date):
    return (
        WearableDay.objects.known_at(moment)
        .filter(patient__in=ids, day__gt=day - WEARABLE_WINDOW, day__lte=day)
        .values("patient_id")
        .annotate(**{code: Avg(column) for code, (column, _) in WEARABLE_COLUMNS.items()})
    )


def _by_patient(rows) -> dict[int, list[dict]]:
    grouped: dict[int, list[dict]] = defaultdict(list)
    for row in rows:
        grouped[row["patient_id"]].append(row)
    return grouped


def _codes(codes: list[str], reviewed_on: date | None) -> frozenset[str] | None:
    """The codes of a list; None when the list is empty because nobody asked."""
    return None if not codes and reviewed_on is None else frozenset(codes)


def _conditions(rows: list[dict]) -> list[str]:
    """A diagnosis of another system may say several things: diabetes, and its kidney disease."""
    said = [codings.conditions([_coding(row)], row["label"]) for row in rows if row["coding"]]
    return [row["code"] for row in rows] + list(chain.from_iterable(said))


def _drugs(rows: list[dict]) -> list[str]:
    """Every class of each drug. One of a class that no rule knows stands by its name: a list
    that holds only such drugs is not a list of none."""
    said = [codings.medications([_coding(row)], row["name"]) for row in rows if row["coding"]]
    return [row["drug_class"] or row["name"] for row in rows] + list(chain.from_iterable(said))


def _substances(rows: list[dict]) -> list[str]:
    said = [codings.allergies([_coding(row)], row["label"]) for row in rows if row["coding"]]
    return [row["code"] or row["label"] for row in rows] + list(chain.from_iterable(said))


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


def _measurements(results: list[dict], wearables: list[dict], day: date) -> dict[str, Measurement]:
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
    for means in wearables:
        for code, (_, unit) in WEARABLE_COLUMNS.items():
            if means[code] is not None and code not in measured:
                measured[code] = Measurement(code, means[code], unit, day)
    return measured


def _recorded(
    conditions: list[dict], medications: list[dict], allergies: list[dict], family: list[dict]
) -> dict[str, date]:
    """Since when each coded fact stands, for explanations: `condition:htn` -> day."""
    dated = {}
    for prefix, rows, code, name, since in [
        ("condition", conditions, "code", "", "onset_on"),
        ("medication", medications, "drug_class", "name", "started_on"),
        ("allergy", allergies, "code", "label", None),
        ("family", family, "code", "", None),
    ]:
        for row in rows:
            known_on = timezone.localdate(row["recorded_at"])
            word = row[code] or row[name]
            dated[f"{prefix}:{word}"] = (row[since] if since else None) or known_on
    return dated
