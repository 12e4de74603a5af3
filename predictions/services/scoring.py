"""Score patients with every serving model and keep what was said."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from ml.facts import Facts
from ml.serving import RiskModel
from ml.studies import train
from ml.types import Abstention, Assessment, Contribution
from patients import queries as patient_queries
from patients.models import Patient
from predictions import artifacts, signals
from predictions.models import ModelVersion, Prediction


@transaction.atomic
def score(patient_ids: list[int], *, now: datetime) -> int:
    """Score patients from what is known now; return how many predictions changed.

    Saying the same again from the same inputs adds no row, so running twice is safe. The
    patients' rows are held, so that two workers do not both replace a prediction. The floors
    above hear of every patient, changed or not: a potassium or an allergy that no model reads
    still decides what is safe. They hear inside the transaction, so that a worker that dies
    right after it has lost nothing.
    """
    patients = list(
        Patient.objects.select_for_update(no_key=True).filter(pk__in=patient_ids).order_by("pk")
    )
    if not patients:
        return 0
    facts = patient_queries.facts_known_at(now, patients)
    changed: set[int] = set()
    for version, model in artifacts.opened():
        changed |= _score_with(version, model, facts, now)
    signals.patients_scored.send(sender=Prediction, patient_ids=sorted(facts))
    return len(changed)


def _score_with(
    version: ModelVersion, model: RiskModel, facts: dict[int, Facts], now: datetime
) -> set[int]:
    """Store what one version says of each patient; return those of whom it says something new."""
    outcomes = model.assess_many(list(facts.values()))
    said = {
        pk: _prediction(pk, version, outcome, now)
        for pk, outcome in zip(facts, outcomes, strict=True)
    }
    current = Prediction.objects.current().filter(task=version.task, patient__in=facts)
    unchanged = {
        old.patient_id
        for old in current.only("patient_id", "version_id", "inputs_digest", "code_version")
        if _same(old, said[old.patient_id])
    }
    new = [prediction for pk, prediction in said.items() if pk not in unchanged]
    current.exclude(patient__in=unchanged).update(superseded_at=now)
    current.update(checked_at=now)
    Prediction.objects.bulk_create(new, batch_size=500)
    return {prediction.patient_id for prediction in new}


def _same(old: Prediction, new: Prediction) -> bool:
    return (old.version_id, old.inputs_digest, old.code_version) == (
        new.version_id,
        new.inputs_digest,
        new.code_version,
    )


def _prediction(
    patient_id: int, version: ModelVersion, outcome: Assessment | Abstention, now: datetime
) -> Prediction:
    common = {
        "patient_id": patient_id,
        "version": version,
        "task": version.task,
        "as_of": now,
        "checked_at": now,
        "code_version": code_version(),
        "next_test": outcome.next_test_label or outcome.next_test,
    }
    if isinstance(outcome, Abstention):
        reason = {"reason": outcome.reason, "inputs_digest": _digest(outcome.reason)}
        return Prediction(**common, **reason)
    return Prediction(
        **common,
        inputs=dict(outcome.inputs),
        inputs_digest=_digest([sorted(outcome.inputs.items()), outcome.warnings]),
        contributions=[_plain(part) for part in outcome.contributions],
        missing=list(outcome.missing),
        warnings=list(outcome.warnings),
        horizon_years=outcome.horizon_years,
        risk=outcome.risk,
        low=outcome.low,
        high=outcome.high,
        baseline=outcome.baseline,
        tier_flip=outcome.tier_flip_probability,
        tier=outcome.tier,
        advice=outcome.advice,
    )


def code_version() -> str:
    """Release, and digest of the code that makes features and models."""
    return f"{settings.VERSION}+{train.code_version()}"


def _plain(part: Contribution) -> dict[str, str | float | None]:
    """A contribution as JSON; by hand, since `asdict` costs more than the model."""
    return {
        "feature": part.feature,
        "label": part.label,
        "value": part.value,
        "unit": part.unit,
        "points": part.points,
        "code": part.code,
        "collected": part.collected.isoformat() if part.collected else None,
    }


def _digest(value) -> str:
    return hashlib.sha256(json.dumps(value, cls=DjangoJSONEncoder).encode()).hexdigest()
