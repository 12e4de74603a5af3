"""What happened to a patient, from every table that knows a day: for the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Min, Q
from django.db.models.functions import JSONObject

from healthcare.portal import labs, queries
from healthcare.portal.queries import Entry
from patients.models import Encounter, Patient, Result, SurveyAnswer
from predictions import queries as prediction_queries
from predictions.queries import Risk

IS_ABNORMAL = Q(flag__in=labs.ABNORMAL)


@dataclass(frozen=True)
class Happenings:
    """Rows of one patient; each list in its own order, the timeline sorts them."""

    visits: list[Encounter]
    batches: list[dict]  # results that were collected together
    arrivals: list[Any]  # when an upload brought results
    changed: list[Any]  # versions of results that did not stay, newest first
    risks: list[Risk]
    feedback: list[Any]
    entries: list[Entry]
    answers: list[SurveyAnswer]


def of(patient: Patient) -> Happenings:
    """Nine queries, whatever is in the record."""
    current = Encounter.objects.current().filter(patient=patient)
    answers = SurveyAnswer.objects.current().filter(patient=patient)
    return Happenings(
        visits=list(current.order_by("-started_at")),
        batches=_batches(patient),
        arrivals=_arrivals(patient),
        changed=queries.changed(patient),
        risks=prediction_queries.risks(patient.pk),
        feedback=queries.feedback(patient.pk),
        entries=queries.entries(patient.pk),
        answers=list(answers.order_by("-answered_on", "instrument", "item")),
    )


def _batches(patient: Patient) -> list[dict]:
    """What was collected at one time and told by one source, with what of it is abnormal."""
    one = JSONObject(
        analyte__code="analyte__code", analyte__name="analyte__name",
        analyte__unit="analyte__unit", value="value", comparator="comparator", text="text",
        flag="flag",
    )  # fmt: skip
    rows = (
        Result.objects.current()
        .filter(patient=patient)
        .order_by()
        .values("collected_at", "source", "lab_import_id")
        .annotate(
            count=Count("pk"),
            first=Min("analyte__name"),
            abnormal=ArrayAgg(one, filter=IS_ABNORMAL, order_by="analyte__order", default=[]),
        )
        .order_by("-collected_at")
    )
    return [
        row | {"abnormal": [SimpleNamespace(**result) for result in row["abnormal"]]}
        for row in rows
    ]


def _arrivals(patient: Patient) -> list[Any]:
    brought = Result.objects.filter(patient=patient, lab_import__isnull=False).order_by()
    rows = brought.values("lab_import_id", "source").annotate(
        count=Count("pk"), at=Min("recorded_at"), withdrawn=Min("withdrawn_at")
    )
    return list(rows.order_by("-at"))
