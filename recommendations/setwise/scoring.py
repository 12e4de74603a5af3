"""What the score of an item is made from, as columns over many people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ml.benefit.baseline import over
from ml.rules.population import People
from ml.rules.setwise import Truths
from recommendations import benefits, need
from recommendations.catalogue import Catalogue
from recommendations.catalogue.entries import RiskSource
from recommendations.setwise.arrays import Names, stopping

Column = NDArray[np.float64]
Table = NDArray[np.float64]  # (rows, people)
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


def levels(
    people: People, predictions: Predictions, names: Names, targets: int
) -> tuple[Table, NDArray[np.bool_]]:
    """Height of each target risk (-inf unknown), and where a test may settle it now."""
    level = np.full((targets, len(people)), -np.inf)
    is_open = np.zeros(level.shape, bool)

    def raise_to(target: str, heights: Column, opens: NDArray[np.bool_] | bool) -> None:
        row = names.targets[target]
        with np.errstate(invalid="ignore"):
            higher = heights > level[row]
        level[row] = np.where(higher, heights, level[row])
        is_open[row] = np.where(higher, opens, is_open[row])

    for task, made in predictions.by_task.items():
        of_tier = np.array([need.LEVEL_OF_TIER[tier] for tier in TIERS])
        heights = np.where(np.isnan(made.risk), np.nan, of_tier[made.tier])
        settled_by_test = (made.tier == TIERS.index("T2")) & (made.horizon_years is None)
        for target in need.TARGETS_OF_TASK.get(task, ()):
            raise_to(target, heights, settled_by_test)
    for score, published in need.PUBLISHED.items():
        heights = _height(published, people.score(score).values)
        for target in published.targets:
            raise_to(target, heights, False)
    return level, is_open


def _height(published: need.PublishedScore, risk: Column) -> Column:
    """Level by tier where the score has tiers, else by height."""
    if published.tier_2 is None:
        return np.minimum(risk / need.RISK_OF_FULL_LEVEL, 1.0)
    first = np.inf if published.tier_1 is None else published.tier_1
    tier = np.where(risk >= published.tier_2, 2, np.where(risk >= first, 1, 0))
    heights = np.array([need.LEVEL_OF_TIER[each] for each in TIERS])[tier]
    return np.where(np.isnan(risk), np.nan, heights)


def risks(
    catalogue: Catalogue, people: People, predictions: Predictions, said: Mapping[str, Truths]
) -> Table:
    """Ten-year risk of each trial outcome, NaN where none of its sources speaks."""
    rows = []
    for outcome in catalogue.effects.outcomes:
        risk = np.full(len(people), np.nan)
        for source in outcome.baselines:
            ten = over(_risk(source, people, predictions), source.years, benefits.COMPARED_OVER)
            if source.when is not None:
                ten = np.where(said[str(source.when)].unpacked(len(people))[0], ten, np.nan)
            risk = np.where(np.isnan(risk), ten, risk)
        rows.append(risk)
    return np.array(rows)


def _risk(source: RiskSource, people: People, predictions: Predictions) -> Column:
    if source.kind == "task":
        made = predictions.by_task.get(source.name)
        return np.full(len(people), np.nan) if made is None else made.risk
    values = people.score(source.name).values
    if source.kind == "score":
        return values
    points, found = np.array(source.steps).T
    place = np.searchsorted(points, np.nan_to_num(values), side="right") - 1
    return np.where(np.isnan(values), np.nan, found[np.maximum(place, 0)])


def values(catalogue: Catalogue, people: People, predictions: Predictions, names: Names) -> Table:
    """Risk factors that effects read, and relative risks after an equation, NaN unknown."""
    found = np.full((len(names.values), len(people)), np.nan)
    for factor in catalogue.effects.factors:
        found[names.values[factor.feature]] = people.number(factor.feature).values
    for equation in catalogue.effects.equations:
        for outcome, score in equation.outcomes.items():
            after = predictions.without_smoking.get(score)
            if after is not None:
                with np.errstate(invalid="ignore", divide="ignore"):
                    ratio = after / people.score(score).values
                row = names.values[stopping(equation.feature, outcome)]
                found[row] = np.where(ratio < 1, ratio, np.nan)
    return found
