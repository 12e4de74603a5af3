"""What each item would take off one person's risks, in absolute numbers.

Trials measure relative effects (catalogue entries), calibrated risks are those of this person
(outcomes.yaml says which stands under which outcome). Where either is missing there is no number:
a benefit is never guessed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml import benefit, rules
from ml.benefit.absolute import HORIZONS
from ml.benefit.baseline import over
from ml.facts import Facts
from ml.scores import person as published
from recommendations.catalogue import Catalogue, Change, Intervention
from recommendations.catalogue.entries import Equation, Factor, RiskSource, TrialOutcome
from recommendations.outcome import Horizon, ItemBenefit, Untreated

COMPARED_OVER = 10.0  # years at which benefits on different risks are ranked


@dataclass(frozen=True, slots=True)
class Known:
    """The risk of one trial outcome for this person, and that of the longest horizon."""

    outcome: TrialOutcome
    baseline: benefit.Baseline
    low: float | None  # 90 % interval where a model gives one
    high: float | None
    longest: benefit.Baseline | None


@dataclass(frozen=True, slots=True)
class Pair:
    """One item's effect on one known risk."""

    item: str
    known: Known
    effect: benefit.Effect
    verified: bool
    reckoned_from: str


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative effect on one outcome, and the risk factor it was reckoned from."""

    outcome: str
    effect: benefit.Effect
    verified: bool
    reckoned_from: str = ""  # empty: a trial counted the outcome


def known_risks(
    catalogue: Catalogue, env: rules.FactsEnvironment, assessments: Iterable
) -> dict[str, Known]:
    """By trial outcome, the first risk of outcomes.yaml that is known and meant for this person."""
    by_task = {getattr(made, "task", ""): made for made in assessments if hasattr(made, "risk")}
    found = {}
    for outcome in catalogue.effects.outcomes:
        candidates = (_known(outcome, risk, env, by_task) for risk in outcome.baselines)
        first = next((known for known in candidates if known), None)
        if first:
            found[outcome.feature] = first
    return found


def benefits(
    items: Sequence[Intervention],
    catalogue: Catalogue,
    env: rules.FactsEnvironment,
    known: Mapping[str, Known],
) -> dict[str, tuple[ItemBenefit, ...]]:
    """Of every item with an effect on a known risk, the largest first; all in one computation."""
    stopping = _after_equations(catalogue, env)
    pairs = [pair for item in items for pair in _pairs(item, catalogue, env, known, stopping)]
    grouped: dict[str, list[ItemBenefit]] = {}
    for pair, made in zip(pairs, _computed(pairs), strict=True):
        grouped.setdefault(pair.item, []).append(made)
    ranked = {item: sorted(made, key=lambda one: -ten_years(one)) for item, made in grouped.items()}
    places = benefit.ties([_compared(made[0]) for made in ranked.values()])
    return {
        item: (replace(made[0], place=place), *made[1:])
        for (item, made), place in zip(ranked.items(), places, strict=True)
    }


def untreated(known: Mapping[str, Known]) -> tuple[Untreated, ...]:
    """The row "do nothing": each known risk as it stands, over the usual horizons."""
    return tuple(
        Untreated(
            outcome=feature,
            name=risk.outcome.name,
            task=risk.baseline.source,
            horizon_years=risk.baseline.years,
            risk=risk.baseline.risk,
            low=risk.low,
            high=risk.high,
            by_years={f"{years:g}": baseline.at(years) for years, baseline in _horizons(risk)},
        )
        for feature, risk in known.items()
    )


def together(
    chosen: Iterable[str], made: Mapping[str, tuple[ItemBenefit, ...]]
) -> dict[str, float]:
    """Risk of each outcome after all chosen items, capped as `ml.benefit.together` says."""
    effects: dict[str, list[ItemBenefit]] = {}
    for item in chosen:
        for one in made.get(item, ()):
            effects.setdefault(one.outcome, []).append(one)
    return {
        outcome: benefit.together(ones[0].baseline, [one.rr for one in ones])
        for outcome, ones in effects.items()
    }


def ten_years(one: ItemBenefit) -> float:
    """Absolute risk reduction over ten years, so that different horizons can be compared."""
    return one.by_years[f"{COMPARED_OVER:g}"].arr


def _compared(one: ItemBenefit) -> tuple[float, float, float]:
    ten = one.by_years[f"{COMPARED_OVER:g}"]
    return ten.arr, ten.low, ten.high


def _known(
    outcome: TrialOutcome, risk: RiskSource, env: rules.FactsEnvironment, by_task: Mapping
) -> Known | None:
    if risk.when is not None and rules.evaluate(risk.when, env) is not True:
        return None
    if risk.kind == "task":
        return _of_model(outcome, risk, by_task.get(risk.name))
    value = env.scores.get(risk.name)
    if value is None:
        return None
    level_ = value if risk.kind == "score" else _step(risk.steps, value)
    baseline = benefit.Baseline(level_, risk.sd, risk.years, risk.name)
    return Known(outcome, baseline, None, None, _longest(risk, env))


def _of_model(outcome: TrialOutcome, risk: RiskSource, made) -> Known | None:
    if made is None or made.risk is None:
        return None
    baseline = benefit.Baseline.from_interval(made.risk, made.low, made.high, risk.years, risk.name)
    return Known(outcome, baseline, made.low, made.high, None)


def _longest(risk: RiskSource, env: rules.FactsEnvironment) -> benefit.Baseline | None:
    value = env.scores.get(risk.longest.score) if risk.longest else None
    if value is None or risk.longest is None:
        return None
    return benefit.Baseline(value, risk.sd, risk.longest.years, risk.longest.score)


def _step(steps: Sequence[tuple[float, float]], points: float) -> float:
    return [risk for low, risk in steps if points >= low][-1]


def _pairs(
    item: Intervention,
    catalogue: Catalogue,
    env: rules.FactsEnvironment,
    known: Mapping[str, Known],
    stopping: Mapping[tuple[str, str], benefit.Effect],
) -> Iterator[Pair]:
    """One effect on each outcome: the item's own trial before its risk factors."""
    effects: dict[str, Relative] = {}
    for change in item.changes:
        is_given = change.op == "rr" and change.feature in known and not change.not_counted
        if is_given and holds(change, env):
            trial = of_trial(change, item)
            effects[change.feature] = Relative(change.feature, trial, item.effect_verified)
    for each in through_factors(item, catalogue, env, stopping):
        effects.setdefault(each.outcome, each)
    for outcome, each in effects.items():
        if outcome in known:
            yield Pair(item.id, known[outcome], each.effect, each.verified, each.reckoned_from)


def holds(change: Change, env: rules.FactsEnvironment) -> bool:
    """Whether its trial was about people like this one."""
    return change.when is None or rules.evaluate(change.when, env) is True


def of_trial(change: Change, item: Intervention) -> benefit.Effect:
    """A relative risk as the entry gives it."""
    return benefit.Effect.from_interval(change.low, change.high, change.point, item.evidence.source)


def through_factors(
    item: Intervention,
    catalogue: Catalogue,
    env: rules.FactsEnvironment,
    stopping: Mapping[tuple[str, str], benefit.Effect],
) -> Iterator[Relative]:
    """By way of risk factors that it changes."""
    for change in item.changes:
        if not holds(change, env):
            continue
        factors = (f for f in catalogue.effects.factors if f.feature == change.feature)
        for factor in factors:
            effect = _of_factor(change, factor, env)
            if effect is not None:
                is_verified = item.effect_verified and factor.verified
                yield Relative(factor.outcome, effect, is_verified, factor.feature)
        if change.op == "set":
            for (feature, outcome), effect in stopping.items():
                if feature == change.feature:
                    yield Relative(outcome, effect, item.effect_verified, feature)


def _of_factor(
    change: Change, factor: Factor, env: rules.FactsEnvironment
) -> benefit.Effect | None:
    """Through the change of a measured value; a change in per cent needs that value."""
    value = env.number(change.feature)
    if value is None or rules.evaluate(factor.when, env) is not True:
        return None
    if change.op not in ("abs", "pct"):
        return None
    return through(change, factor, value.value)


def through(change: Change, factor: Factor, value: float) -> benefit.Effect:
    """Effect of a changed measurement; of a change in per cent that of a person with `value`."""
    unit = benefit.Effect.from_interval(factor.low, factor.high, factor.rr, factor.source)
    if change.op == "pct":
        low, high = change.low * value / 100, change.high * value / 100
    else:
        low, high = factor.limited(change.low), factor.limited(change.high)
    return benefit.Effect.per_unit(low, high, unit, factor.per)


def _after_equations(
    catalogue: Catalogue, env: rules.FactsEnvironment
) -> dict[tuple[str, str], benefit.Effect]:
    """Relative effect of each equation that applies: the equation's answer under the set value."""
    found: dict[tuple[str, str], benefit.Effect] = {}
    for equation in catalogue.effects.equations:
        if rules.evaluate(equation.when, env) is not True:
            continue
        changed = published.rule_values(published.from_facts(_set(env.facts, equation.feature)))
        for outcome, score in equation.outcomes.items():
            effect = _ratio(equation, env.scores.get(score), changed.get(score))
            if effect is not None:
                found[equation.feature, outcome] = effect
    return found


def _ratio(equation: Equation, before: float | None, after: float | None) -> benefit.Effect | None:
    if not before or after is None or after >= before:
        return None
    return benefit.Effect(after / before, equation.sd, equation.source)


def _set(facts: Facts, feature: str) -> Facts:
    """The same person as an ex-smoker; the one factor that an entry sets and an equation reads."""
    if feature != "smoker":
        raise ValueError(f"No equation is known that reads {feature!r}.")
    return replace(facts, lifestyle=replace(facts.lifestyle, smoking="former"))


def _horizons(known: Known) -> list[tuple[float, benefit.Baseline]]:
    """Years with the baseline that speaks for them."""
    found = [(years, known.baseline) for years in HORIZONS]
    if known.baseline.years not in HORIZONS:
        found.append((known.baseline.years, known.baseline))
    if known.longest:
        found.append((known.longest.years, known.longest))
    return found


def _computed(pairs: Sequence[Pair]) -> Iterator[ItemBenefit]:
    """All pairs at all horizons in one call."""
    rows = [(pair, *horizon) for pair in pairs for horizon in _horizons(pair.known)]
    if not rows:
        return
    columns = np.array(
        [
            (base.risk, base.sd, pair.effect.rr, pair.effect.sd, base.years, years)
            for pair, years, base in rows
        ]
    ).T
    many = benefit.reductions(*columns[:4], years=columns[4], wanted=columns[5])
    risks = over(columns[0], columns[4], columns[5])
    place = 0
    for pair in pairs:
        size = len(_horizons(pair.known))
        yield _made(pair, [
            Horizon(rows[n][1], float(risks[n]), float(many.arr[n]), float(many.low[n]),
                    float(many.high[n]))
            for n in range(place, place + size)
        ])  # fmt: skip
        place += size


def _made(pair: Pair, horizons: Sequence[Horizon]) -> ItemBenefit:
    baseline, is_counted = pair.known.baseline, not pair.reckoned_from
    own = next(each for each in horizons if each.years == baseline.years)
    return ItemBenefit(
        outcome=pair.known.outcome.feature,
        name=pair.known.outcome.name,
        risk=baseline.source,
        baseline=baseline.risk,
        horizon_years=baseline.years,
        arr=own.arr,
        low=own.low,
        high=own.high,
        nnt=benefit.needed(own.arr) if is_counted else None,
        nnt_low=benefit.needed(own.high) if is_counted else None,
        nnt_high=benefit.needed(own.low) if is_counted else None,
        rr=pair.effect.rr,
        rr_low=pair.effect.low,
        rr_high=pair.effect.high,
        rr_cautious=pair.effect.cautious,
        source=pair.effect.source,
        verified=pair.verified,
        reckoned_from=pair.reckoned_from,
        by_years={f"{each.years:g}": each for each in horizons},
    )
