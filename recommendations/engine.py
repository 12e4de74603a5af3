"""One person's facts, the catalogue and the predicted risks become a ranked, safe list.

The order of work is the order of safety (RULES.md): what is indicated, ranked; then the
hard filter over the ranked list, which may also push an item down; then alternatives.
Nothing before the filter can bring back what the filter took out.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ml import rules
from ml.facts import Facts
from ml.recommenders import ranking
from ml.recommenders.ranking import Components, Weights
from ml.types import Abstention
from recommendations import alternatives, benefits, need, safety, wording
from recommendations.catalogue import Catalogue, Change, Intervention, expiry
from recommendations.need import Baseline, Predicted
from recommendations.outcome import CHECK_FAILED, Block, Effect, Item, ItemBenefit, Outcome
from recommendations.safety import Verdict

log = logging.getLogger(__name__)
WEIGHTS = Weights()
URGENT = {"urgent": 1.0, "soon": 0.6, "routine": 0.0}
EVIDENCE = {"strong": 1.0, "moderate": 0.75, "guidance": 0.6, "weak": 0.35}
UNVERIFIED = 0.2  # taken off the evidence where the statement was not re-read in its source
DRUG_BURDEN = 0.25


@dataclass(frozen=True)
class Person:
    """Everything known about one person, ready for rules and ranking."""

    env: rules.FactsEnvironment
    baselines: Mapping[str, Baseline]
    needs: Mapping[str, float]
    similarity: Mapping[str, float]  # cosine of each item with the needs
    spreads: Mapping[str, float]
    known: Mapping[str, benefits.Known]  # risks that trials reduce, by their outcome


def recommend(
    facts: Facts,
    catalogue: Catalogue,
    scores: Mapping[str, float | None] | None = None,
    assessments: Iterable[Predicted | Abstention] = (),
    *,
    limit: int = 3,
    weights: Weights = WEIGHTS,
) -> Outcome:
    """Weigh the whole catalogue for one person.

    `scores` maps names of the rule language to a fraction or points, None where the score
    could not be computed. `limit` only says how many are shown at once. The same facts
    always give the same outcome. Items whose review has run out on the day of the facts are
    not weighed.
    """
    catalogue = expiry.active(catalogue, facts.as_of)
    person = _person(facts, catalogue, scores or {}, assessments)
    candidates, failures = _candidates(catalogue, person.env)
    made = benefits.benefits(candidates, catalogue, person.env, person.known)
    ranked = ranking.order(
        [_ranked(item, person, weights, made.get(item.id, ())) for item in candidates]
    )
    verdicts = _verdicts(candidates, person.env, catalogue, failures)
    ranked = ranking.order([_pushed_down(row, verdicts[row.id], weights) for row in ranked])
    items = [catalogue.by_id[row.id] for row in ranked]
    verdicts = _settled(items, verdicts, person.env, catalogue)
    safety_failed = any(verdict.failed for verdict in verdicts.values())
    if safety_failed:
        verdicts = _without_drugs(items, verdicts)
    rows = enumerate(zip(ranked, items, strict=True), start=1)
    outcome = Outcome(
        items=tuple(
            _item(rank, row, item, verdicts[item.id], person, made.get(item.id, ()))
            for rank, (row, item) in rows
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
) -> Person:
    env = rules.FactsEnvironment(facts, scores)
    assessments = tuple(assessments)
    baselines = need.baselines(assessments, env.scores)
    needs = need.needs(env, catalogue, baselines)
    similarity = need.item_space(catalogue).similarity(needs)
    spreads = {goal.analyte: goal.spread for goal in catalogue.goals}
    known = benefits.known_risks(catalogue, env, assessments)
    return Person(env, baselines, needs, similarity, spreads, known)


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


def _ranked(
    item: Intervention, person: Person, weights: Weights, made: Sequence[ItemBenefit]
) -> ranking.Ranked:
    components = Components(
        urgent=URGENT[item.urgency],
        benefit=benefits.level(made),
        risk=_risk(item, person),
        content=max(person.similarity[item.id], 0.0),
        evidence=evidence(item),
        burden=lightness(item),
    )
    return ranking.Ranked(item.id, first(item), ranking.score(components, weights), components)


def evidence(item: Intervention) -> float:
    """Strength of the recommendation behind the item, less where nobody re-read it."""
    return EVIDENCE[item.evidence.strength] - UNVERIFIED * (not item.evidence.verified)


def first(item: Intervention) -> int:
    """What no score overtakes: an emergency, the urgent, a matter of safety within days."""
    if item.urgency == "urgent":
        return 0 if "emergency" in item.delivery else 1
    return 2 if item.urgency == "soon" and item.category == "safety" else 3


def _pushed_down(row: ranking.Ranked, verdict: Verdict, weights: Weights) -> ranking.Ranked:
    """The same row, lower where a major interaction speaks against it."""
    if not verdict.has_major_caution:
        return row
    components = replace(row.components, caution=1.0)
    return replace(row, components=components, score=ranking.score(components, weights))


def _risk(item: Intervention, person: Person) -> float:
    """Height of the risk it acts on, at least half of it counts for being aimed at."""
    level = max(person.needs.get(f"risk:{target}", 0.0) for target in item.target_risks)
    return level * (0.5 + 0.5 * max(_strength(item, person), need.settles(item, person.baselines)))


def _strength(item: Intervention, person: Person) -> float:
    """The largest effect on a risk or a risk factor, 0 to 1: a halved risk is 1."""
    return min(max((_size(change, person) for change in item.changes), default=0.0), 1.0)


def _size(change: Change, person: Person) -> float:
    """How much one effect helps this person; on a risk factor only as far as it is off its goal."""
    if change.feature not in need.TARGET_OF_FEATURE:
        return 0.0
    if change.op == "rr":
        return relative_size(change)
    wanted = person.needs.get(f"moves:{change.feature}", 0.0)
    return need.movement(change, person.spreads) * wanted * (2 if change.op == "pct" else 1)


def relative_size(change: Change) -> float:
    """Size of a relative risk: a halved risk is 1."""
    more = change.feature in need.MORE_IS_BETTER
    return change.middle - 1 if more else 2 * (1 - change.middle)


def lightness(item: Intervention) -> float:
    """1 for what costs nothing; a drug always weighs, for its harms and its being for long."""
    burden = item.burden
    ease = ((5 - burden.effort) + (5 - burden.cost) + (burden.acceptability - 1)) / 12
    return max(ease - DRUG_BURDEN * item.is_drug, 0.0)


def _item(
    rank: int,
    row: ranking.Ranked,
    item: Intervention,
    verdict: Verdict,
    person: Person,
    made: tuple[ItemBenefit, ...],
) -> Item:
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
    )


def _effects(item: Intervention, person: Person) -> tuple[Effect, ...]:
    """What it would change, beside the current risk it acts on; or that nobody has measured it."""
    if not item.changes:
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
        for change in item.changes
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
