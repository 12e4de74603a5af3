"""Absolute benefit over ten years of every item for many people, as `recommendations.benefits`."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml import benefit
from ml.benefit.baseline import over
from ml.rules.population import People
from ml.rules.setwise import Truths
from recommendations import benefits
from recommendations.catalogue import Catalogue, Change, Intervention
from recommendations.catalogue.entries import Factor, RiskSource
from recommendations.setwise.scoring import Column, Matrix, Predictions


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """Everything that the benefit of an item is read from."""

    catalogue: Catalogue
    people: People
    predictions: Predictions
    said: Mapping[str, Truths]

    def holds(self, rule) -> NDArray[np.bool_]:
        if rule is None:
            return np.ones(len(self.people), bool)
        return self.said[str(rule)].unpacked(len(self.people))[0]


def levels(setting: Setting) -> Matrix:
    """Component of the ranking, 0 to 1, shape (people, items)."""
    reductions = ten_year_reductions(setting)
    return np.clip(reductions / benefits.FULL_BENEFIT, 0.0, 1.0)


def ten_year_reductions(setting: Setting) -> Matrix:
    """The largest absolute risk reduction of each item over ten years, 0 where no number holds."""
    items = setting.catalogue.interventions
    risks = known_risks(setting)
    stopping = _stopping(setting)
    found = np.full((len(setting.people), len(items)), -np.inf)
    for number, item in enumerate(items):
        for outcome, rr in _relative_risks(item, setting, stopping).items():
            if outcome in risks:
                with np.errstate(invalid="ignore"):
                    gained = np.nan_to_num(risks[outcome] * (1 - rr), nan=-np.inf)
                np.maximum(found[:, number], gained, out=found[:, number])
    return np.where(np.isfinite(found), found, 0.0)


def known_risks(setting: Setting) -> dict[str, Column]:
    """By trial outcome the ten-year risk, NaN where none of its sources speaks."""
    found: dict[str, Column] = {}
    for outcome in setting.catalogue.effects.outcomes:
        risk = np.full(len(setting.people), np.nan)
        for source in outcome.baselines:
            ten = over(_risk(source, setting), source.years, benefits.COMPARED_OVER)
            risk = np.where(np.isnan(risk) & setting.holds(source.when), ten, risk)
        found[outcome.feature] = risk
    return found


def _risk(source: RiskSource, setting: Setting) -> Column:
    if source.kind == "task":
        predicted = setting.predictions.by_task.get(source.name)
        unknown = np.full(len(setting.people), np.nan)
        return unknown if predicted is None else predicted.risk
    values = setting.people.score(source.name).values
    if source.kind == "score":
        return values
    points, risks = np.array(source.steps).T
    place = np.searchsorted(points, np.nan_to_num(values), side="right") - 1
    return np.where(np.isnan(values), np.nan, risks[np.maximum(place, 0)])


def _relative_risks(
    item: Intervention, setting: Setting, stopping: Mapping[tuple[str, str], Column]
) -> dict[str, Column]:
    """By outcome the relative risk, NaN where none holds: a trial of its own before its factors."""
    found: dict[str, Column] = {}
    for change in item.changes:
        for outcome, rr in _of_change(change, setting, stopping):
            before = found.get(outcome)
            found[outcome] = rr if before is None else np.where(np.isnan(before), rr, before)
    for change in item.changes:
        if change.op == "rr" and not change.not_counted:
            own = benefit.Effect.from_interval(change.low, change.high, change.point).rr
            other = found.get(change.feature, np.full(len(setting.people), np.nan))
            found[change.feature] = np.where(setting.holds(change.when), own, other)
    return found


def _of_change(change: Change, setting: Setting, stopping: Mapping[tuple[str, str], Column]):
    for factor in setting.catalogue.effects.factors:
        if factor.feature == change.feature and change.op in ("abs", "pct"):
            yield factor.outcome, _of_factor(change, factor, setting)
    if change.op == "set":
        for (feature, outcome), rr in stopping.items():
            if feature == change.feature:
                yield outcome, rr


def _of_factor(change: Change, factor: Factor, setting: Setting) -> Column:
    values = setting.people.number(change.feature).values
    scale = values / 100 if change.op == "pct" else np.ones(len(values))
    steps = change.middle * scale / factor.per
    rr = np.where(setting.holds(factor.when), np.exp(np.log(factor.rr) * steps), np.nan)
    return np.where(np.isnan(values), np.nan, rr)


def _stopping(setting: Setting) -> dict[tuple[str, str], Column]:
    found = {}
    for equation in setting.catalogue.effects.equations:
        holds = setting.holds(equation.when)
        for outcome, score in equation.outcomes.items():
            after = setting.predictions.without_smoking.get(score)
            if after is not None:
                with np.errstate(invalid="ignore", divide="ignore"):
                    rr = after / setting.people.score(score).values
                found[equation.feature, outcome] = np.where(holds & (rr < 1), rr, np.nan)
    return found
