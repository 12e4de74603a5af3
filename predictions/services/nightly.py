"""Every night: score those whose record, age or model has changed since they were scored."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

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
from predictions.models import ModelVersion, Prediction
from predictions.services import requests

FACTS: list[Any] = [
    Result,
    Condition,
    Medication,
    Allergy,
    FamilyHistory,
    PreventiveCare,
    SurveyAnswer,
    WearableDay,
]


def score_changed(*, now: datetime) -> int:
    """Queue the scoring of changed patients; return how many."""
    ids = list(_changed(now).values_list("pk", flat=True))
    requests.request(patient_ids=ids)
    return len(ids)


def _changed(now: datetime):
    """Patients never scored, with a newer fact, or scored by a model that serves no longer."""
    said = Prediction.objects.current().filter(patient=OuterRef("pk"))
    scored_at = said.order_by("checked_at").values("checked_at")[:1]
    newer: Any = Q(scored_at=None) | Q(updated_at__gt=F("scored_at"))
    newer |= Exists(said.exclude(version__stage=ModelVersion.Stage.SERVING))
    for model in FACTS:
        facts = model.objects.filter(patient=OuterRef("pk"))
        came = Q(recorded_at__gt=OuterRef("scored_at"))
        ended = Q(superseded_at__gt=OuterRef("scored_at"))  # removed, with nothing in its place
        newer |= Exists(facts.filter(came | ended))
    birthday = Q(birth_date__month=now.month, birth_date__day=now.day)
    patients = Patient.objects.annotate(scored_at=scored_at)
    return patients.filter(newer | birthday).order_by("pk")
