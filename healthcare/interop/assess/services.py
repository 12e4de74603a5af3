"""One person's facts -> everything Carelens can say about them. Stores nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from healthcare.interop.assess import items, passed_over
from healthcare.interop.assess.parsing import Person
from ml.scores import person as person_scores
from ml.scores.result import ScoreResult
from ml.types import Abstention, Assessment
from predictions import artifacts
from recommendations.outcome import as_dict
from recommendations.services import nexttests, recommend


def assess(people: list[Person]) -> list[dict[str, Any]]:
    """The answers for some people, in their order; models score them together."""
    facts = [person.facts for person in people]
    said = [model.assess_many(facts) for model in artifacts.serving_models().values()]
    here = recommend.site()
    return [
        _answer(person, [of_model[number] for of_model in said], here)
        for number, person in enumerate(people)
    ]


def _answer(
    person: Person, outcomes: Iterable[Assessment | Abstention], here: recommend.Site
) -> dict[str, Any]:
    outcomes = list(outcomes)
    assessments = [outcome for outcome in outcomes if isinstance(outcome, Assessment)]
    abstentions = [outcome for outcome in outcomes if isinstance(outcome, Abstention)]
    scores = person_scores.from_facts(person.facts)
    still_open = [outcome.open_decision for outcome in outcomes if outcome.open_decision]
    weighed = recommend.weigh(person.facts, scores, assessments, here=here)
    weighed = nexttests.add(weighed, still_open, here.catalogue)
    return {
        "as_of": person.facts.as_of.isoformat(),
        "predictions": [_prediction(assessment) for assessment in assessments],
        "abstained": [_abstention(abstention) for abstention in abstentions],
        "scores": _scores(scores),
        "recommendations": [items.item(item) for item in weighed.recommended],
        "blocked": [
            *(items.blocked(item) for item in weighed.blocked),
            *passed_over.rows(person.facts, here.catalogue, person_scores.rule_values(scores)),
        ],
        "check_first": [items.to_check(item) for item in weighed.check_first],
        "do_nothing": as_dict(weighed.do_nothing),
        "after_shown": as_dict(weighed.after_shown),
        "safety_failed": weighed.safety_failed,
        "warnings": person.warnings,
    }


def _prediction(assessment: Assessment) -> dict[str, Any]:
    return {
        "task": assessment.task,
        "model": assessment.model_version,
        "model_digest": assessment.model_digest,
        "horizon_years": assessment.horizon_years,
        "risk": assessment.risk,
        "low": assessment.low,
        "high": assessment.high,
        "tier": assessment.tier,
        "tier_label": assessment.tier_label,
        "advice": assessment.advice,
        "baseline": assessment.baseline,
        "tier_flip_probability": assessment.tier_flip_probability,
        "contributions": [
            {"feature": part.feature, "label": part.label, "value": part.value,
             "unit": part.unit, "points": part.points}
            for part in assessment.contributions
        ],
        "missing": list(assessment.missing),
        "next_test": assessment.next_test or None,
        "next_tests": as_dict(assessment.next_tests),
        "decided_by": _decided_by(assessment),
        "warnings": list(assessment.warnings),
    }  # fmt: skip


def _abstention(abstention: Abstention) -> dict[str, Any]:
    return {
        "task": abstention.task,
        "reason_code": abstention.reason_code,
        "reason": abstention.reason,
        "next_test": abstention.next_test or None,
        "next_tests": as_dict(abstention.open_decision.tests) if abstention.open_decision else [],
    }


def _decided_by(assessment: Assessment) -> dict[str, Any] | None:
    """The best test where the interval reaches more than one tier, else null."""
    still_open = assessment.open_decision
    return as_dict(still_open.tests[0]) if still_open and still_open.tests else None


def _scores(results: Mapping[str, ScoreResult]) -> list[dict[str, Any]]:
    return [{"id": name, **_score(result)} for name, result in results.items()]


def _score(result: ScoreResult) -> dict[str, Any]:
    if result.error:
        return {"error": result.error, "reason": result.reason}
    return {"values": as_dict(result.values)}
