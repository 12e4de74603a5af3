"""One patient's record as the patient page and the patient's own view need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, DateField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, JSONObject

from healthcare.jobs.models import Job
from healthcare.portal import labs
from healthcare.portal.presenters.display_units import DisplayUnits
from ml.facts import Facts
from ml.scores import person
from ml.scores.result import ScoreResult
from patients import queries as patient_queries
from patients.models import (
    Allergy,
    Condition,
    Encounter,
    FamilyHistory,
    LatestResult,
    Medication,
    Patient,
    PreventiveCare,
    Result,
    SurveyAnswer,
    WearableDay,
)
from predictions import queries as prediction_queries
from predictions.queries import Risk
from recommendations import queries as recommendation_queries
from recommendations.models import Feedback
from recommendations.queries import Advice

WEARABLE_DAYS = 30
RECENT = 400  # versions of results; a patient page never reads more of them
COURSE = 24  # values of a sparkline
CHARTED = 200  # values of the large chart; the page of a test has them all
CHANGED = 40  # versions of results that were corrected
NO_DAY = Cast(Value(None), DateField())
NO_TEXT = Value("", output_field=CharField())


class Entry(NamedTuple):
    """A line of one of the lists: problems, drugs, allergies, family, prevention."""

    kind: str
    code: str
    label: str
    note: str
    since: Any
    until: Any
    recorded_at: datetime
    source: str


class Latest(NamedTuple):
    """The newest value of one analyte, and the numbers that led to it, oldest first."""

    row: Any  # of labs.COLUMNS
    course: list[tuple[datetime, float]]


@dataclass(frozen=True)
class Record:
    """What the pages show of one patient. Lists are newest first unless said otherwise."""

    patient: Patient
    now: datetime
    units: DisplayUnits
    facts: Facts
    scores: dict[str, ScoreResult]
    risks: list[Risk]
    advice: Advice
    latest: dict[str, Latest]  # by analyte, as kept on arrival
    recent: list[Any]  # the newest results that count, oldest first
    entries: list[Entry]
    encounters: list[Encounter]
    answers: list[SurveyAnswer]
    wearables: list[WearableDay]
    is_being_scored: bool

    def listed(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]


def record(patient: Patient, *, now: datetime, units: DisplayUnits) -> Record:
    """What matters of one patient, at the same number of queries whatever is in it."""
    facts = patient_queries.facts_known_at(now, [patient])[patient.pk]
    return Record(
        patient=patient,
        now=now,
        units=units,
        facts=facts,
        scores=person.from_facts(facts),
        risks=prediction_queries.risks(patient.pk),
        advice=recommendation_queries.advice(patient.pk, today=facts.as_of),
        latest=_latest(patient.pk),
        recent=_recent(patient.pk),
        entries=entries(patient.pk),
        encounters=list(
            Encounter.objects.current().filter(patient=patient).order_by("-started_at")
        ),
        answers=_answers(patient.pk),
        wearables=list(
            WearableDay.objects.current().filter(patient=patient).order_by("-day")[:WEARABLE_DAYS]
        ),
        is_being_scored=_is_being_scored(patient.pk),
    )


def course(patient: Patient, code: str) -> list[Any]:
    """The newest results of one analyte that count, oldest first."""
    rows = Result.objects.current().filter(patient=patient, analyte__code=code)
    newest = rows.order_by("-collected_at", "-issued_at", "-pk")[:CHARTED]
    return list(newest.values_list(*labs.COLUMNS, named=True))[::-1]


def changed(patient: Patient) -> list[Any]:
    """Versions of the results that were corrected, replaced or taken back, newest first."""
    thread = ["patient", "analyte", "collected_at", "accession"]
    same = Result.objects.filter(**{name: OuterRef(name) for name in thread})
    another_stood = Exists(same.filter(superseded_at__isnull=False).exclude(pk=OuterRef("pk")))
    rows = Result.objects.filter(patient=patient).filter(
        Q(superseded_at__isnull=False) | another_stood
    )
    newest = rows.order_by("-recorded_at", "-pk")[:CHANGED]
    return list(newest.values_list(*labs.COLUMNS, named=True))


def _latest(patient_id: int) -> dict[str, Latest]:
    """Cost: one probe of the index an analyte, whatever lies behind it."""
    numbers = Result.objects.current().filter(
        patient=OuterRef("patient"), analyte=OuterRef("analyte"), value__isnull=False
    )
    newest_first = numbers.order_by("-collected_at", "-issued_at", "-pk")
    pairs = newest_first.values(one=JSONObject(at="collected_at", value="value"))
    kept = LatestResult.objects.filter(patient=patient_id)
    kept = kept.annotate(course=ArraySubquery(pairs[:COURSE]))
    columns = [f"result__{name}" for name in labs.COLUMNS]
    rows = kept.order_by("analyte__order").values_list(*columns, "course")
    latest = (Latest(labs.Row(*said), _readings(numbers)) for *said, numbers in rows)
    return {one.row.analyte__code: one for one in latest}


def _readings(said: list[dict]) -> list[tuple[datetime, float]]:
    return [(datetime.fromisoformat(one["at"]), one["value"]) for one in reversed(said)]


def _recent(patient_id: int) -> list[Any]:
    rows = Result.objects.current().filter(patient=patient_id)
    newest = rows.order_by("-collected_at", "-issued_at", "-pk")[:RECENT]
    return list(newest.values_list(*labs.COLUMNS, named=True))[::-1]


def entries(patient_id: int) -> list[Entry]:
    """Five lists in one query: their columns are the same but for the names."""
    parts = [
        _part(Condition, "condition", "code", "label", NO_TEXT, "onset_on", "resolved_on"),
        _part(Medication, "medication", "drug_class", "name", "dose", "started_on", "stopped_on"),
        _part(Allergy, "allergy", "code", "label", "reaction", NO_DAY, NO_DAY),
        _part(FamilyHistory, "family", "code", "code", "relation", NO_DAY, NO_DAY),
        _part(PreventiveCare, "prevention", "item", "item", NO_TEXT, "done_on", NO_DAY),
    ]
    mine = [part.filter(patient=patient_id) for part in parts]
    rows = mine[0].union(*mine[1:], all=True)
    return sorted(
        (Entry(*row) for row in rows),
        key=lambda entry: (entry.since or entry.recorded_at.date(), entry.label),
        reverse=True,
    )


def _part(model: Any, kind: str, *columns: Any) -> QuerySet:
    shown = {
        name: F(column) if isinstance(column, str) else column
        for name, column in zip(
            ["entry_code", "entry_label", "entry_note", "entry_since", "entry_until"],
            columns,
            strict=True,
        )
    }
    named = model.objects.current().annotate(
        entry_kind=Value(kind, output_field=CharField()), **shown
    )
    return named.values_list("entry_kind", *shown, "recorded_at", "source")


def _answers(patient_id: int) -> list[SurveyAnswer]:
    newest = (
        SurveyAnswer.objects.current()
        .filter(patient=patient_id)
        .order_by("instrument", "item", "-answered_on")
    )
    return list(newest.distinct("instrument", "item"))


def feedback(patient_id: int) -> list[Any]:
    given = Feedback.objects.filter(recommendation__patient=patient_id).order_by("-at")
    return list(
        given.values("answer", "reason", "at", "by__username", "by__first_name", "by__last_name",
                     name=F("recommendation__content__name"))
    )  # fmt: skip


def _is_being_scored(patient_id: int) -> bool:
    """A scoring of this patient waits or runs."""
    scoring = Job.objects.open().filter(kind="predictions.score")
    return scoring.filter(arguments__patient_ids__contains=patient_id).exists()
