"""One patient's record as the patient page and the patient's own view need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import CharField, DateField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from ml.facts import Facts
from ml.scores import person
from ml.scores.result import ScoreResult
from patients import queries as patient_queries
from patients.models import (
    Allergy,
    Condition,
    Encounter,
    FamilyHistory,
    Medication,
    Patient,
    PatientIdentifier,
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

LOOKS_SHOWN = 50
WEARABLE_DAYS = 30
RESULT_COLUMNS = [
    "pk", "analyte__code", "analyte__name", "analyte__group", "analyte__unit", "analyte__order",
    "value", "comparator", "status", "collected_at", "issued_at", "recorded_at", "reference_low",
    "reference_high", "flag", "superseded_at", "source", "accession", "analyte_id", "lab_import_id",
]  # fmt: skip
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


@dataclass(frozen=True)
class Record:
    """What the pages show of one patient. Lists are newest first unless said otherwise."""

    patient: Patient
    now: datetime
    facts: Facts
    scores: dict[str, ScoreResult]
    risks: list[Risk]
    advice: Advice
    results: list[Any]  # every version of every result, oldest first
    entries: list[Entry]
    encounters: list[Encounter]
    answers: list[SurveyAnswer]
    wearables: list[WearableDay]
    feedback: list[Any]
    is_being_scored: bool

    def listed(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]

    @property
    def current_results(self) -> list[Any]:
        """The version of each result that counts, oldest first."""
        return [
            row for row in self.results
            if row.superseded_at is None and row.status not in Result.VOID
        ]  # fmt: skip


def visible(user: User) -> QuerySet[Patient]:
    """Patients with their care team and record number, for one user."""
    return with_record_number(Patient.objects.visible_to(user)).select_related("care_team")


def with_record_number(patients: QuerySet[Patient]) -> QuerySet[Patient]:
    return patients.annotate(mrn=Subquery(record_number("pk")))


def record_number(patient: str) -> QuerySet:
    """Subquery: the record number of the patient that the outer query calls `patient`."""
    numbers = PatientIdentifier.objects.filter(
        patient=OuterRef(patient), system=PatientIdentifier.MRN
    )
    return numbers.order_by("pk").values("value")[:1]


def record(patient: Patient, *, now: datetime) -> Record:
    """Everything of one patient, at the same number of queries whatever is in it."""
    facts = patient_queries.facts_known_at(now, [patient])[patient.pk]
    return Record(
        patient=patient,
        now=now,
        facts=facts,
        scores=person.from_facts(facts),
        risks=prediction_queries.risks(patient.pk),
        advice=recommendation_queries.advice(patient.pk, today=facts.as_of),
        results=_results(patient.pk),
        entries=_entries(patient.pk),
        encounters=list(Encounter.objects.filter(patient=patient).order_by("-started_at")),
        answers=_answers(patient.pk),
        wearables=list(
            WearableDay.objects.filter(patient=patient).order_by("-day")[:WEARABLE_DAYS]
        ),
        feedback=_feedback(patient.pk),
        is_being_scored=_is_being_scored(patient.pk),
    )


def looks(patient: Patient) -> list[AuditEvent]:
    """Who read or changed this patient's record, newest first."""
    events = AuditEvent.objects.filter(patient_ids__contains=[patient.pk])
    return list(events.order_by("-at")[:LOOKS_SHOWN])


def _results(patient_id: int) -> list[Any]:
    rows = Result.objects.filter(patient=patient_id).order_by("collected_at", "issued_at", "pk")
    return list(rows.values_list(*RESULT_COLUMNS, named=True))


def _entries(patient_id: int) -> list[Entry]:
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
    named = model.objects.annotate(entry_kind=Value(kind, output_field=CharField()), **shown)
    return named.values_list("entry_kind", *shown, "recorded_at", "source")


def _answers(patient_id: int) -> list[SurveyAnswer]:
    newest = SurveyAnswer.objects.filter(patient=patient_id).order_by(
        "instrument", "item", "-answered_on"
    )
    return list(newest.distinct("instrument", "item"))


def _feedback(patient_id: int) -> list[Any]:
    given = Feedback.objects.filter(recommendation__patient=patient_id).order_by("-at")
    return list(
        given.values("answer", "reason", "at", "by__username", "by__first_name", "by__last_name",
                     name=F("recommendation__content__name"))
    )  # fmt: skip


def _is_being_scored(patient_id: int) -> bool:
    """A scoring of this patient waits or runs."""
    scoring = Job.objects.open().filter(kind="predictions.score")
    return scoring.filter(arguments__patient_ids__contains=patient_id).exists()
