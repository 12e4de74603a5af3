"""A catalogue as the arrays of `ml.recommenders.kernel`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import benefit
from ml.recommenders import kernel
from ml.recommenders.ranking import Weights
from recommendations import benefits, components, gains, need, safety
from recommendations.catalogue import Catalogue, Change, Intervention
from recommendations.catalogue.entries import Goal
from recommendations.setwise.compiled import Clash, both_hold, compiled, effect_rules


class Names:
    """Places of everything that the kernel knows by number."""

    def __init__(self, catalogue: Catalogue):
        space = need.item_space(catalogue)
        predicted = [*need.TARGETS_OF_TASK.values(), *(p.targets for p in need.PUBLISHED.values())]
        self.targets = _places(target for targets in predicted for target in targets)
        self.features = _places([
            *space.columns,
            *(f"risk:{target}" for target in self.targets),
            *(f"risk:{target}" for item in catalogue.interventions for target in item.target_risks),
            *(name for row in catalogue.needs for name in row.features),
            *(f"moves:{goal.analyte}" for goal in catalogue.goals),
            *(f"moves:{c.feature}" for item in catalogue.interventions for c in item.changes),
        ])  # fmt: skip
        changes = [change for item in catalogue.interventions for change in item.changes]
        self.outcomes = _places([  # those with a risk first
            *(outcome.feature for outcome in catalogue.effects.outcomes),
            *(factor.outcome for factor in catalogue.effects.factors),
            *(change.feature for change in changes if gains.is_counted(change)),
        ])  # fmt: skip
        self.values = _places([
            *(factor.feature for factor in catalogue.effects.factors),
            *(stopping(e.feature, out) for e in catalogue.effects.equations for out in e.outcomes),
        ])  # fmt: skip
        self.when = _places(str(rule) for rule in effect_rules(catalogue))


def stopping(feature: str, outcome: str) -> str:
    """Name of the column with the relative risk of setting a factor, by an equation."""
    return f"{feature}>{outcome}"


@lru_cache(maxsize=4)
def names(catalogue: Catalogue) -> Names:
    return Names(catalogue)


@lru_cache(maxsize=8)
def items(catalogue: Catalogue, weights: Weights) -> kernel.Items:
    """Everything that does not depend on the person, with the weights of a site."""
    known, entries = names(catalogue), catalogue.interventions
    number_of = {item.id: number for number, item in enumerate(entries)}
    space = need.item_space(catalogue)
    columns = list(space.columns)
    vectors = [
        [(known.features[columns[n]], row[n]) for n in np.flatnonzero(row)] for row in space.matrix
    ]
    spreads = {goal.analyte: goal.spread for goal in catalogue.goals}
    groups = [
        [number_of[member] for member in group.members]
        for group in catalogue.groups
        if group.keep == "first listed"
    ]
    return kernel.Items(
        constant=np.array([_constant(item, weights) for item in entries]),
        first=np.array([components.first(item) for item in entries]),
        **_ragged("feature", vectors, feature=int, feature_weight=float),
        in_space=np.array([name in space.columns for name in known.features]),
        **_ragged("target", [_targets(item, known) for item in entries], target=int),
        target_feature=np.array([known.features[f"risk:{t}"] for t in _all_targets(known)]),
        strength=np.array([_strength(item) for item in entries]),
        **_ragged("slope", [list(_slopes(item, spreads, known)) for item in entries],
                  slope_feature=int, slope=float),
        settles=np.array([_settles(item, known) for item in entries]),
        settling=components.SETTLING,
        **_ragged("effect", [_effects(item, catalogue, known) for item in entries],
                  effect_outcome=int, effect_kind=int, effect_number=float, effect_column=int,
                  effect_when=int, effect_gravity=float, effect_is_counted=bool, effect_height=int),
        evidence=np.array([components.evidence(item) for item in entries]),
        **_ragged("need", [_need(row.features, known) for row in catalogue.needs],
                  need_feature=int, need_weight=float),
        **_goals(catalogue.goals, known),
        same=_same(catalogue, number_of),
        is_concerned=np.array([_is_concerned(item) for item in entries]),
        **_ragged("group", [[(member,) for member in members] for members in groups], group=int),
        clash=_clash_places(len(entries), compiled(catalogue).clashes),
        kind=_numbered(components.subject(item) for item in entries),
        theme=_numbered(components.subject(item)[1] for item in entries),
        weights=np.array([
            weights.benefit, weights.risk, weights.content, weights.caution, weights.expected,
            weights.preference, weights.habit, weights.variety,
        ]),
        full_benefit=gains.FULL_BENEFIT,
    )  # fmt: skip


def _places(found: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(dict.fromkeys(found))}


def _all_targets(known: Names) -> list[str]:
    """Targets with a predicted risk first, then those that only items name."""
    others = (name.removeprefix("risk:") for name in known.features if name.startswith("risk:"))
    return list(dict.fromkeys([*known.targets, *others]))


def _targets(item: Intervention, known: Names) -> list[tuple[int]]:
    every = _all_targets(known)
    return [(every.index(target),) for target in item.target_risks]


def _ragged(name: str, rows: Sequence[Sequence[tuple]], **parts: type) -> dict[str, NDArray]:
    """Rows of different length as starts and parts, each part an array of its own."""
    flat = [part for row in rows for part in row]
    made: dict[str, NDArray] = {
        f"{name}_start": np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
    }
    for place, (part, kind) in enumerate(parts.items()):
        dtype = {int: np.int64, float: np.float64, bool: np.bool_}[kind]
        made[part] = np.array([each[place] for each in flat], dtype)
    return made


def _constant(item: Intervention, weights: Weights) -> float:
    return (
        weights.urgent * components.URGENT[item.urgency]
        + weights.evidence * components.evidence(item)
        + weights.burden * components.lightness(item)
    )


def _strength(item: Intervention) -> float:
    """The largest effect on an outcome that trials measured."""
    trials = (c for c in item.changes if c.op == "rr" and c.feature in need.TARGET_OF_FEATURE)
    return max([components.relative_size(change) for change in trials] + [0.0])


def _slopes(
    item: Intervention, spreads: Mapping[str, float], known: Names
) -> Iterator[tuple[int, float]]:
    """Effect by unit of need of an analyte."""
    for change in item.changes:
        if change.op == "rr" or change.feature not in need.TARGET_OF_FEATURE:
            continue
        slope = components.slope(change, spreads)
        if slope:
            yield known.features[f"moves:{change.feature}"], slope


def _settles(item: Intervention, known: Names) -> int:
    is_test = item.category == "screening" and "lab" in item.tags
    return known.targets.get(item.target_risks[0], -1) if is_test else -1


def _effects(item: Intervention, catalogue: Catalogue, known: Names) -> list[tuple]:
    """By outcome: the item's own trial, then its risk factors in the order of the entry."""
    own = [
        _effect(change.feature, kernel.CONSTANT, _trial(change, item), -1,
                _row(change.when, known), gains.share(change), not change.not_counted)
        for change in item.changes
        if gains.is_counted(change)
    ]  # fmt: skip
    through = [effect for change in item.changes for effect in _through(change, catalogue, known)]
    placed = [
        (known.outcomes[outcome], *rest, _height(outcome, item, catalogue, known))
        for outcome, *rest in [*own, *through]
    ]
    return sorted(placed, key=lambda effect: effect[0])


def _effect(outcome: str, kind: int, number: float, column: int, row: int, gravity: float,
            is_counted: bool) -> tuple:  # fmt: skip
    return outcome, kind, number, column, row, gravity, is_counted


def _height(outcome: str, item: Intervention, catalogue: Catalogue, known: Names) -> int:
    """The feature that says how high the outcome stands, -1 for all that the item aims at."""
    names = components.heights(outcome, item, catalogue)
    return known.features[names[0]] if len(names) == 1 else -1


def _through(change: Change, catalogue: Catalogue, known: Names) -> Iterator[tuple]:
    for factor in catalogue.effects.factors:
        if factor.feature == change.feature and change.op in ("abs", "pct"):
            value, row = known.values[factor.feature], _row(both_hold(change, factor), known)
            gravity = need.GRAVITY.get(factor.outcome, 1.0)
            rr = benefits.through(change, factor, 1.0).cautious
            if change.op == "pct":
                yield _effect(factor.outcome, kernel.BY_VALUE, log(rr), value, row, gravity, True)
            else:
                yield _effect(factor.outcome, kernel.CONSTANT, rr, value, row, gravity, True)
    for equation in catalogue.effects.equations:
        if equation.feature == change.feature and change.op == "set":
            row = _row(both_hold(change, equation), known)
            for name in equation.outcomes:
                column = known.values[stopping(equation.feature, name)]
                wider = benefit.Effect(1.0, equation.sd).cautious
                gravity = need.GRAVITY.get(name, 1.0)
                yield _effect(name, kernel.GIVEN, wider, column, row, gravity, True)


def _trial(change: Change, item: Intervention) -> float:
    return benefits.of_trial(change, item).cautious


def _numbered(names: Iterable) -> NDArray[np.int64]:
    names = list(names)
    places = _places(names)
    return np.array([places[name] for name in names])


def _row(rule: Any, known: Names) -> int:
    return -1 if rule is None else known.when[str(rule)]


def _need(features: Mapping[str, float], known: Names) -> list[tuple[int, float]]:
    return [(known.features[name], weight) for name, weight in features.items()]


def _goals(goals: Sequence[Goal], known: Names) -> dict[str, NDArray]:
    def bounds(values: Iterable[float | None]) -> NDArray:
        return np.array([np.nan if value is None else value for value in values], float)

    return {
        "goal_feature": np.array([known.features[f"moves:{goal.analyte}"] for goal in goals]),
        "goal_above": bounds(goal.above for goal in goals),
        "goal_below": bounds(goal.below for goal in goals),
        "goal_spread": np.array([goal.spread for goal in goals], float),
    }


def _is_concerned(item: Intervention) -> bool:
    """Whether it may be forbidden by, or forbid, another item of the list."""
    return bool(item.drug_classes or safety.drugs_named(item.exclusion))


def _same(catalogue: Catalogue, number_of: Mapping[str, int]) -> NDArray[np.bool_]:
    """Pairs of which only one is offered: of one group, or drugs that share a class."""
    entries = catalogue.interventions
    same = np.zeros((len(entries), len(entries)), bool)
    for group in catalogue.groups:
        members = [number_of[member] for member in group.members]
        same[np.ix_(members, members)] = True
    drugs = [(n, set(item.drug_classes)) for n, item in enumerate(entries) if item.is_drug]
    for one, classes in drugs:
        for other, others in drugs:
            same[one, other] |= bool(classes & others)
    np.fill_diagonal(same, False)
    return same


def _clash_places(size: int, clashes: Sequence[Clash]) -> NDArray[np.int64]:
    places = np.full((size, size), -1, np.int64)
    for row, clash in enumerate(clashes):
        places[clash.item, clash.other] = row
    return places
