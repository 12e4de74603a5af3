"""Weigh the catalogue for patients, from what is known and predicted now."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from healthcare.jobs import services as jobs
from ml.facts import Facts
from ml.recommenders.ranking import NO_PREFERENCES, Preferences, Weights
from ml.scores import person
from ml.scores.derived import derived
from ml.scores.result import ScoreResult
from patients import queries as patient_queries
from patients.models import Patient
from predictions import artifacts
from predictions.models import Prediction
from recommendations import engine
from recommendations.catalogue import Catalogue, expiry
from recommendations.models import PatientPreferences, RankingWeights, Recommendation
from recommendations.outcome import Item, Outcome, as_dict
from recommendations.services import catalogue, nexttests
from recommendations.services import habits as learned

CHUNK = 250


@dataclass(frozen=True, slots=True)
class Site:
    """What this site has decided: its catalogue, and what the parts of the ranking weigh."""

    catalogue: Catalogue
    weights: Weights


def site() -> Site:
    """As it holds now, in two queries."""
    return Site(catalogue.current(), RankingWeights.current())


def request(*, patient_ids: list[int]) -> None:
    """Queue the weighing for these patients, in jobs that are short."""
    ids = sorted(set(patient_ids))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        key = hashlib.sha256(repr(chunk).encode()).hexdigest()[:32]
        jobs.enqueue(
            "recommendations.weigh", key=key, queue="inference", arguments={"patient_ids": chunk}
        )


def request_everybody() -> None:
    """Have all patients weighed again: what is recommended to whom may have changed.

    One job, which makes those of `request`: nobody waits at a page for thousands of them.
    """
    jobs.enqueue("recommendations.weigh_everybody", key="everybody", queue="inference")


def weigh_everybody() -> None:
    request(patient_ids=list(Patient.objects.values_list("pk", flat=True)))


@transaction.atomic
def request_expired(*, now: datetime) -> int:
    """Close the recommendations of items that are no longer offered to anybody, and weigh those
    patients again; return how many patients they are. Both or nothing: what is closed is not
    found again."""
    day = timezone.localdate(now)
    offered = [item.id for item in expiry.active(catalogue.current(), day).interventions]
    catalogued = Recommendation.objects.current().exclude(item__startswith=nexttests.PREFIX)
    stale = catalogued.exclude(item__in=offered)
    patients = sorted(set(stale.values_list("patient", flat=True)))
    stale.update(superseded_at=now)
    request(patient_ids=patients)
    return len(patients)


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
    models = artifacts.serving_models()
    here, preferred = site(), PatientPreferences.objects.of(patient_ids)
    taken_here = dict(zip(facts, learned.shares(list(facts.values())), strict=True))
    new = []
    for pk, known in facts.items():
        with_number = [each for each in predicted[pk] if each.risk is not None]
        outcome = weigh(
            known, person.from_facts(known), with_number, here=here,
            preferences=preferred.get(pk, NO_PREFERENCES), habits=taken_here[pk],
        )  # fmt: skip
        still_open = nexttests.of_models(known, predicted[pk], models)
        new += _replace(pk, nexttests.add(outcome, still_open, here.catalogue), here, now)
    Recommendation.objects.bulk_create(new, batch_size=1000)
    return len(new)


def weigh(
    facts: Facts,
    scores: Mapping[str, ScoreResult],
    assessments,
    *,
    here: Site | None = None,
    preferences: Preferences = NO_PREFERENCES,
    habits: Mapping[str, float] | None = None,
) -> Outcome:
    """The engine's answer for one person, by the catalogue and the weights of this site.

    `scores` is what `ml.scores.person.from_facts` says of them; `assessments` have task, risk,
    tier and horizon. `habits` is what `services.habits.shares` says of them.
    """
    numbers, here = person.rule_values(scores), here or site()
    return engine.recommend(
        with_days_of(scores, derived(facts).facts), here.catalogue, numbers, assessments,
        weights=here.weights, preferences=preferences, habits=habits,
    )  # fmt: skip


def with_days_of(scores: Mapping[str, ScoreResult], facts: Facts) -> Facts:
    """Facts that say when the scores computed from them stand, and that they are computed."""
    computed = {
        f"score:{name}": result.as_of
        for name, result in scores.items()
        if result.source == "computed" and not result.error
    }
    dated = {name: day for name, day in computed.items() if day}
    return replace(
        facts,
        recorded={**facts.recorded, **dated},
        sources={**facts.sources, **dict.fromkeys(computed, "calculated")},
    )


def _predictions(patient_ids: list[int]) -> dict[int, list[Prediction]]:
    grouped = defaultdict(list)
    current = Prediction.objects.current().filter(patient__in=patient_ids)
    for prediction in current.defer("inputs", "contributions"):
        grouped[prediction.patient_id].append(prediction)
    return grouped


def _replace(patient_id: int, outcome: Outcome, here: Site, now: datetime) -> list[Recommendation]:
    """Close what no longer holds of a patient; return the rows that are new."""
    wanted = {item.id: _row(patient_id, item, here, now) for item in outcome.items}
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


def _row(patient_id: int, item: Item, here: Site, now: datetime) -> Recommendation:
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
        catalogue_digest=here.catalogue.digest,
        offered_at=now,
        as_of=now,
    )
