"""Weigh the catalogue for patients, from what is known and predicted now."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from healthcare.jobs import services as jobs
from ml.facts import Facts
from ml.scores import person
from ml.scores.derived import derived
from ml.scores.result import ScoreResult
from patients import queries as patient_queries
from patients.models import Patient
from predictions.models import Prediction
from recommendations import catalogue, engine
from recommendations.models import Recommendation
from recommendations.outcome import Item, Outcome, as_dict

CHUNK = 250


def request(*, patient_ids: list[int]) -> None:
    """Queue the weighing for these patients, in jobs that are short."""
    ids = sorted(set(patient_ids))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        key = hashlib.sha256(repr(chunk).encode()).hexdigest()[:32]
        jobs.enqueue(
            "recommendations.weigh", key=key, queue="inference", arguments={"patient_ids": chunk}
        )


@transaction.atomic
def recommend(patient_ids: list[int], *, now: datetime) -> int:
    """Weigh the catalogue; return how many recommendations are new or changed.

    An item that says the same as before keeps its row, and with it the answers given to it.
    """
    patients = list(
        Patient.objects.select_for_update(no_key=True).filter(pk__in=patient_ids).order_by("pk")
    )
    facts = patient_queries.facts_known_at(now, patients)
    predicted = _predictions(patient_ids)
    new = []
    for pk, known in facts.items():
        new += _replace(pk, weigh(known, person.from_facts(known), predicted[pk]), now)
    Recommendation.objects.bulk_create(new, batch_size=1000)
    return len(new)


def weigh(facts: Facts, scores: Mapping[str, ScoreResult], assessments) -> Outcome:
    """The engine's answer for one person.

    `scores` is what `ml.scores.person.from_facts` says of them; `assessments` have task, risk,
    tier and horizon.
    """
    numbers = person.rule_values(scores)
    return engine.recommend(derived(facts).facts, catalogue.load(), numbers, assessments)


def _predictions(patient_ids: list[int]) -> dict[int, list[Prediction]]:
    grouped = defaultdict(list)
    current = Prediction.objects.current().filter(patient__in=patient_ids, risk__isnull=False)
    for prediction in current.defer("inputs", "contributions"):
        grouped[prediction.patient_id].append(prediction)
    return grouped


def _replace(patient_id: int, outcome: Outcome, now: datetime) -> list[Recommendation]:
    """Close what no longer holds of a patient; return the rows that are new."""
    wanted = {item.id: _row(patient_id, item, now) for item in outcome.items}
    current = Recommendation.objects.current().filter(patient=patient_id)
    same = {
        old.item
        for old in current.only("item", "content_digest", "rank")
        if old.item in wanted and _says_the_same(old, wanted[old.item])
    }
    current.exclude(item__in=same).update(superseded_at=now)
    current.update(as_of=now)  # weighed again, with the same answer
    return [row for item, row in wanted.items() if item not in same]


def _says_the_same(old: Recommendation, new: Recommendation) -> bool:
    return (old.content_digest, old.rank) == (new.content_digest, new.rank)


def _row(patient_id: int, item: Item, now: datetime) -> Recommendation:
    content = as_dict(item)
    text = json.dumps(content, sort_keys=True)
    return Recommendation(
        patient_id=patient_id,
        item=item.id,
        status=item.status,
        rank=item.rank,
        is_urgent=item.urgency == "urgent",
        content=content,
        content_digest=hashlib.sha256(text.encode()).hexdigest(),
        catalogue_digest=catalogue.load().digest,
        as_of=now,
    )
