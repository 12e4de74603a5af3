"""One person's facts, the catalogue and the predicted risks become a ranked, safe list.

The order of work is the order of safety (RULES.md): what is indicated, ranked; then the
hard filter over the ranked list, which may also push an item down; then alternatives.
Nothing before the filter can bring back what the filter took out.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ml import rules
from ml.facts import Facts
from ml.recommenders import ranking
from ml.recommenders.ranking import NO_PREFERENCES, Preferences, Weights
from ml.types import Abstention
from recommendations import (
    alternatives,
    benefits,
    components,
    gains,
    harms,
    need,
    safety,
    wording,
)
from recommendations.catalogue import Catalogue, Intervention, expiry
from recommendations.components import Person
from recommendations.need import Predicted
from recommendations.outcome import (
    CHECK_FAILED,
    Block,
    Effect,
    Item,
    ItemBenefit,
    Outcome,
    after_urgent,
)
from recommendations.safety import Verdict

log = logging.getLogger(__name__)
WEIGHTS = Weights()


def recommend(
    facts: Facts,
    catalogue: Catalogue,
    scores: Mapping[str, float | None] | None = None,
    assessments: Iterable[Predicted | Abstention] = (),
    *,
    limit: int = 3,
    weights: Weights = WEIGHTS,
    preferences: Preferences = NO_PREFERENCES,
    habits: Mapping[str, float] | None = None,
) -> Outcome:
    """Weigh the whole catalogue for one person.

    `scores` maps names of the rule language to a fraction or points, None where the score
    could not be computed. `limit` only says how many are shown at once. `habits` is -1 to 1 by
    item, None where nothing was learned; like `preferences` it moves only the order. The same
    facts always give the same outcome. Items whose review has run out on the day of the facts
    are not weighed.
    """
    catalogue = expiry.active(catalogue, facts.as_of)
    person = _person(facts, catalogue, scores or {}, assessments, preferences, habits or {})
    candidates, failures = _candidates(catalogue, person.env)
    made = benefits.benefits(candidates, catalogue, person.env, person.known)
    ranked = [
        components.ranked(item, catalogue, person, weights, made.get(item.id, ()))
        for item in candidates
    ]
    verdicts = _verdicts(candidates, person.env, catalogue, failures)
    warned = {id_ for id_, verdict in verdicts.items() if verdict.has_major_caution}
    ranked = ranking.order(
        [ranking.with_caution(row, weights) if row.id in warned else row for row in ranked],
        weights.habit,
    )
    items = [catalogue.by_id[row.id] for row in ranked]
    verdicts = _settled(items, verdicts, person.env, catalogue)
    safety_failed = any(verdict.failed for verdict in verdicts.values())
    if safety_failed:
        verdicts = _without_drugs(items, verdicts)
    ranked = ranking.varied(
        ranked,
        offered=lambda id_: verdicts[id_].status == "recommended",
        subject=lambda id_: components.subject(catalogue.by_id[id_]),
        limit=limit,
        reach=weights.variety,
    )
    outcome = Outcome(
        items=after_urgent(
            _item(rank, row, catalogue, verdicts[row.id], person, weights, made.get(row.id, ()))
            for rank, row in enumerate(ranked, start=1)
        ),
        limit=limit,
        safety_failed=safety_failed,
        failures=tuple(id_ for id_, verdict in verdicts.items() if verdict.failed),
        do_nothing=benefits.untreated(person.known),
    )
    shown = [item.id for item in outcome.shown]
    return replace(outcome, after_shown=benefits.together(shown, made))


def _person(
    facts: Facts,
    catalogue: Catalogue,
    scores: Mapping[str, float | None],
    assessments: Iterable[Predicted | Abstention],
    preferences: Preferences,
    habits: Mapping[str, float],
) -> Person:
    env = rules.FactsEnvironment(facts, scores)
    assessments = tuple(assessments)
    baselines = need.baselines(assessments, env.scores)
    needs = need.needs(env, catalogue, baselines)
    similarity = need.item_space(catalogue).similarity(needs)
    spreads = {goal.analyte: goal.spread for goal in catalogue.goals}
    known = benefits.known_risks(catalogue, env, assessments)
    return Person(env, baselines, needs, similarity, spreads, known, preferences, habits)


def _candidates(
    catalogue: Catalogue, env: rules.FactsEnvironment
) -> tuple[list[Intervention], frozenset[str]]:
    """Items whose indication is true, and those whose indication could not be read."""
    candidates, failures = [], set()
    for item in catalogue.interventions:
        try:
            indicated = rules.evaluate(item.indication, env)
        except Exception:
            log.exception("The indication of %s could not be evaluated", item.id)
            failures.add(item.id)
            indicated = True
        if indicated:
            candidates.append(item)
    return candidates, frozenset(failures)


def _verdicts(
    items: list[Intervention],
    env: rules.FactsEnvironment,
    catalogue: Catalogue,
    failures: frozenset[str],
) -> dict[str, Verdict]:
    return {
        item.id: safety.FAILED if item.id in failures else safety.judge(item, env, catalogue)
        for item in items
    }


def _settled(
    items: list[Intervention],
    verdicts: Mapping[str, Verdict],
    env: rules.FactsEnvironment,
    catalogue: Catalogue,
) -> dict[str, Verdict]:
    """Alternatives resolved; if that fails no drug passes."""
    try:
        return alternatives.settle(items, verdicts, env, catalogue)
    except Exception:
        log.exception("The check of the list as a whole failed")
        return {item.id: safety.FAILED if item.is_drug else verdicts[item.id] for item in items}


def _without_drugs(
    items: list[Intervention], verdicts: Mapping[str, Verdict]
) -> dict[str, Verdict]:
    """While one check fails, none of the drugs is offered: the fault may not stand alone."""
    block = Block(f"{CHECK_FAILED} No drug is offered meanwhile.", "safety", "Safety filter")
    return {
        item.id: replace(verdicts[item.id], blocks=(*verdicts[item.id].blocks, block))
        if item.is_drug or item.drug_classes
        else verdicts[item.id]
        for item in items
    }


def _item(
    rank: int,
    row: ranking.Ranked,
    catalogue: Catalogue,
    verdict: Verdict,
    person: Person,
    weights: Weights,
    made: tuple[ItemBenefit, ...],
) -> Item:
    item = catalogue.by_id[row.id]
    reasons = () if verdict.failed else rules.explain(item.indication, person.env)
    return Item(
        id=item.id,
        name=item.name,
        category=item.category,
        status=verdict.status,
        urgency=item.urgency,
        rank=rank,
        score=row.score,
        components=ranking.parts(row.components),
        shares=ranking.shares(row.components, weights),
        evidence_grade=item.evidence.grade,
        source=item.evidence.source,
        verified=item.evidence.verified and item.effect_verified,
        verification=item.evidence.verification,
        patient_text=wording.patient_text(item.patient_text, item.needs_clinician),
        clinician_text=item.clinician_text,
        needs_clinician=item.needs_clinician,
        clinician_only=verdict.has_major_caution,
        drug_classes=item.drug_classes,
        reasons=wording.facts(reasons),
        cautions=verdict.cautions,
        cautions_text=item.cautions_text,
        blocked_by=verdict.blocks,
        check_first=verdict.checks,
        would_change=_effects(item, person),
        frequency=item.frequency,
        time_to_benefit=item.time_to_benefit,
        delivery=item.delivery,
        benefits=made,
        in_trials=gains.in_trials(item, catalogue, person.env, person.known),
        harms=harms.harms(item.id, catalogue, made),
    )


def _effects(item: Intervention, person: Person) -> tuple[Effect, ...]:
    """What it would change, beside the current risk it acts on; or that nobody has measured it."""
    changes = [change for change in item.changes if benefits.holds(change, person.env)]
    if not changes:
        highest = max(item.target_risks, key=lambda target: _level(target, person))
        return (_effect(item.effect_text, "", highest, person, item.effect_verified),)
    return tuple(
        _effect(
            wording.change_text(change),
            change.feature,
            need.TARGET_OF_FEATURE.get(change.feature, ""),
            person,
            item.effect_verified,
        )
        for change in changes
    )


def _level(target: str, person: Person) -> float:
    baseline = person.baselines.get(target)
    return baseline.level if baseline else 0.0


def _effect(text: str, feature: str, target: str, person: Person, verified: bool) -> Effect:
    baseline = person.baselines.get(target)
    if baseline is None:
        return Effect(text, feature, target, verified=verified)
    return Effect(
        text,
        feature,
        target,
        baseline.task,
        baseline.risk,
        baseline.horizon_years,
        baseline.tier,
        verified,
    )
