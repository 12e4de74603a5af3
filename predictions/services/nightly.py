"""Every night: score those whose record has changed, or who have had a birthday, since."""

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
from predictions.models import Prediction
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
    """Patients never scored, or with a fact newer than when they were last scored."""
    scored_at = (
        Prediction.objects.current()
        .filter(patient=OuterRef("pk"))
        .order_by("checked_at")
        .values("checked_at")[:1]
    )
    newer: Any = Q(scored_at=None) | Q(updated_at__gt=F("scored_at"))
    for model in FACTS:
        facts = model.objects.filter(patient=OuterRef("pk"))
        came = Q(recorded_at__gt=OuterRef("scored_at"))
        ended = Q(superseded_at__gt=OuterRef("scored_at"))  # removed, with nothing in its place
        newer |= Exists(facts.filter(came | ended))
    birthday = Q(birth_date__month=now.month, birth_date__day=now.day)
    patients = Patient.objects.annotate(scored_at=scored_at)
    return patients.filter(newer | birthday).order_by("pk")
