"""What speaks for each item, for many people: the components of the ranking as matrices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ml.recommenders.content import ItemSpace
from ml.rules.population import People
from ml.rules.setwise import Truths
from recommendations import engine, need
from recommendations.catalogue import Catalogue, Change, Intervention

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]  # (people, items) unless said otherwise
TIERS = ("T0", "T1", "T2", "T3")


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """One model's answers: risks (NaN where it abstains), tiers as places in TIERS, horizon."""

    risk: Column
    tier: NDArray[np.int8]
    horizon_years: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Everything predicted of many people.

    `without_smoking` holds, by score, the published risks of smokers had they stopped (NaN of
    others), for the benefit of stopping.
    """

    by_task: Mapping[str, Predicted] = field(default_factory=dict)
    without_smoking: Mapping[str, Column] = field(default_factory=dict)


class Levels:
    """Height of each target risk (0 to 1), and where a test may settle it now."""

    def __init__(self, people: People, predictions: Predictions):
        self.people = len(people)
        self.level: dict[str, Column] = {}
        self.is_open: dict[str, NDArray[np.bool_]] = {}
        for task, predicted in predictions.by_task.items():
            heights = np.array([need.LEVEL_OF_TIER[tier] for tier in TIERS])[predicted.tier]
            is_open = (predicted.tier == TIERS.index("T2")) & (predicted.horizon_years is None)
            for target in need.TARGETS_OF_TASK.get(task, ()):
                self._raise(target, np.where(np.isnan(predicted.risk), np.nan, heights), is_open)
        for name, published in need.PUBLISHED.items():
            heights = _published(published, people.score(name).values)
            for target in published.targets:
                self._raise(target, heights, np.zeros(self.people, bool))

    def _raise(self, target: str, level: Column, is_open: NDArray[np.bool_]) -> None:
        nobody = np.full(self.people, -np.inf), np.zeros(self.people, bool)
        before, was_open = self.level.get(target, nobody[0]), self.is_open.get(target, nobody[1])
        with np.errstate(invalid="ignore"):
            higher = level > before
        self.level[target] = np.where(higher, level, before)
        self.is_open[target] = np.where(higher, is_open, was_open)


def _published(published: need.PublishedScore, risk: Column) -> Column:
    """Level by tier where the score has tiers, else by height."""
    if published.tier_2 is None:
        return np.minimum(risk / need.RISK_OF_FULL_LEVEL, 1.0)
    levels = need.LEVEL_OF_TIER
    lower = levels["T0"]
    if published.tier_1 is not None:
        lower = np.where(risk >= published.tier_1, levels["T1"], lower)
    return np.where(np.isnan(risk), np.nan, np.where(risk >= published.tier_2, levels["T2"], lower))


class Needs:
    """What each person needs, by feature: of several sources the one furthest from zero."""

    def __init__(
        self, catalogue: Catalogue, people: People, levels: Levels, said: Mapping[str, Truths]
    ):
        self.people = len(people)
        self.features: dict[str, Column] = {}
        for target, level in levels.level.items():
            self._add(f"risk:{target}", np.where(level > -np.inf, level, 0.0))
        for row in catalogue.needs:
            met, _ = said[str(row.when)].unpacked(self.people)
            for name, weight in row.features.items():
                self._add(name, np.where(met, weight, 0.0))
        for goal in catalogue.goals:
            self._add(f"moves:{goal.analyte}", _deviation(goal, people))

    def get(self, name: str) -> Column:
        found = self.features.get(name)
        return np.zeros(self.people) if found is None else found

    def similarity(self, space: ItemSpace) -> Matrix:
        """Cosine of every person's needs with every item."""
        needs = np.zeros((self.people, len(space.columns)))
        for name, column in space.columns.items():
            if name in self.features:
                needs[:, column] = self.features[name]
        length = np.linalg.norm(needs, axis=1, keepdims=True)
        np.divide(needs, length, out=needs, where=length > 0)
        return needs @ space.matrix.T

    def _add(self, name: str, weights: Column) -> None:
        before = self.get(name)
        self.features[name] = np.where(np.abs(weights) > np.abs(before), weights, before)


def _deviation(goal, people: People) -> Column:
    values = np.nan_to_num(people.number(goal.analyte).values, nan=np.nan)
    wanted = np.zeros(len(values))
    with np.errstate(invalid="ignore"):
        if goal.above is not None:
            excess = (values - goal.above) / goal.spread / 2
            wanted = np.where(values > goal.above, -np.minimum(excess, 1.0), wanted)
        if goal.below is not None:
            lack = (goal.below - values) / goal.spread / 2
            wanted = np.where(values < goal.below, np.minimum(lack, 1.0), wanted)
    return wanted


def risk_component(catalogue: Catalogue, needs: Needs, levels: Levels) -> Matrix:
    """Height of the risks that an item acts on, times how strongly it acts."""
    parts = strengths(catalogue)
    found = np.zeros((needs.people, len(catalogue.interventions)))
    for number, item in enumerate(catalogue.interventions):
        height = np.maximum.reduce([needs.get(f"risk:{target}") for target in item.target_risks])
        if not height.any():
            continue
        strength = np.full(needs.people, parts[number].constant)
        for analyte, slope in parts[number].slopes:
            np.maximum(strength, slope * needs.get(f"moves:{analyte}"), out=strength)
        if parts[number].settles and item.target_risks[0] in levels.is_open:
            strength = np.maximum(strength, levels.is_open[item.target_risks[0]])
        found[:, number] = height * (0.5 + 0.5 * np.clip(strength, 0, 1))
    return found


@dataclass(frozen=True, slots=True)
class Strength:
    """Effect of one item: of trials, by unit of need of an analyte, and as a settling test."""

    constant: float
    slopes: tuple[tuple[str, float], ...]
    settles: bool


@lru_cache(maxsize=4)
def strengths(catalogue: Catalogue) -> tuple[Strength, ...]:
    """By the rules of the one-person engine, for each item."""
    spreads = {goal.analyte: goal.spread for goal in catalogue.goals}
    return tuple(_strength(item, spreads) for item in catalogue.interventions)


def _strength(item: Intervention, spreads: Mapping[str, float]) -> Strength:
    effective = [c for c in item.changes if c.feature in need.TARGET_OF_FEATURE]
    trials = [engine.relative_size(change) for change in effective if change.op == "rr"]
    return Strength(
        constant=max([*trials, 0.0]),
        slopes=tuple(_slopes(effective, spreads)),
        settles=item.category == "screening" and "lab" in item.tags,
    )


def _slopes(changes: list[Change], spreads: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for change in changes:
        slope = need.movement(change, spreads) * (2 if change.op == "pct" else 1)
        if change.op != "rr" and slope:
            yield change.feature, slope
