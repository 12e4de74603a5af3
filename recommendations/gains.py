"""How benefit sets the order: cautious, weighed by gravity, and not zero where it has no number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ml import rules
from recommendations import benefits, need, wording
from recommendations.catalogue import Catalogue, Change, Intervention
from recommendations.outcome import ItemBenefit, Trial

FULL_BENEFIT = 0.05  # of absolute risk reduction in ten years: NNT 20 counts fully (own choice)
NOT_COUNTED = 0.5  # own choice: an effect that was observed, or is of a part of the outcome


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """An effect on an outcome without a known risk, and the share of it that counts."""

    outcome: str
    rr: float  # cautious
    share: float


def level(made: Sequence[ItemBenefit]) -> float:
    """Component of the ranking, 0 to 1: the largest benefit over ten years.

    By the cautious relative risk and the gravity of the outcome.
    """
    largest = max((_weighed(one) for one in made), default=0.0)
    return min(max(largest, 0.0) / FULL_BENEFIT, 1.0)


def _weighed(one: ItemBenefit) -> float:
    risk = one.by_years[f"{benefits.COMPARED_OVER:g}"].risk
    return risk * (1 - one.rr_cautious) * need.GRAVITY.get(one.outcome, 1.0)


def without_risk(
    item: Intervention,
    catalogue: Catalogue,
    env: rules.FactsEnvironment,
    known: Mapping[str, benefits.Known],
) -> Iterator[Unmeasured]:
    """Effects on outcomes of which no risk is known for this person."""
    for change in _of_unknown(item, env, known):
        yield Unmeasured(change.feature, benefits.of_trial(change, item).cautious, share(change))
    for each in benefits.through_factors(item, catalogue, env, {}):
        if each.outcome not in known:
            yield Unmeasured(
                each.outcome, each.effect.cautious, need.GRAVITY.get(each.outcome, 1.0)
            )


def in_trials(
    item: Intervention,
    catalogue: Catalogue,
    env: rules.FactsEnvironment,
    known: Mapping[str, benefits.Known],
) -> tuple[Trial, ...]:
    """The item's own trials whose outcome has no number for this person, to be told as such."""
    names = {outcome.feature: outcome.name for outcome in catalogue.effects.outcomes}
    return tuple(
        Trial(
            outcome=change.feature,
            name=names.get(change.feature) or wording.outcome_name(change.feature),
            rr=(effect := benefits.of_trial(change, item)).rr,
            rr_low=effect.low,
            rr_high=effect.high,
            source=effect.source,
            verified=item.effect_verified,
        )
        for change in _of_unknown(item, env, known)
        if not change.not_counted
    )


def _of_unknown(
    item: Intervention, env: rules.FactsEnvironment, known: Mapping[str, benefits.Known]
) -> Iterator[Change]:
    for change in item.changes:
        if is_counted(change) and change.feature not in known and benefits.holds(change, env):
            yield change


def is_counted(change: Change) -> bool:
    """Whether it is a trial's effect on something that a person gains by."""
    is_outcome = change.feature in need.TARGET_OF_FEATURE and change.feature not in need.STEPS
    return change.op == "rr" and is_outcome


def share(change: Change) -> float:
    """What a trial's effect counts: the gravity of its outcome, half where it gives no number."""
    gravity = need.GRAVITY.get(change.feature, 1.0)
    return gravity * NOT_COUNTED if change.not_counted else gravity
