"""The parts of one prediction: the model itself, quantiles, an interval; how they come together.

`parts` are fitted objects: `model`; `quantiles` of a number; `refits` for the interval of a risk.
`serving` are plain numbers: `domain` (of the training people), `interval` and `quantiles`
(conformal offsets and shifts), `recalibration` (the repair of risks on other people's outcomes).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from ml.evaluation import censored
from ml.evaluation.recalibration import Recalibration
from ml.models.predicting import predicted
from ml.models.resampled import ResampledLogistic, ResampledTrees, is_ridge_logistic
from ml.studies import quantiles
from ml.studies.problem import Problem
from ml.studies.tablecohort import TableCohort, columns_of
from ml.uncertainty import conformal, domain, stability

TINY = 1e-9
Parts = Mapping[str, Any]


def fit_parts(
    problem: Problem, found: TableCohort, model: Any, *, random_state: int, threads: int = 1
) -> dict[str, Any]:
    """Every part, fitted on everybody; `model` is."""
    parts = {"model": model}
    if problem.quantiles:
        unfitted = quantiles.build(problem, random_state=random_state, threads=threads)
        parts["quantiles"] = unfitted.fit(found.X, found.y)
    refits = _refits(problem, found, model, random_state, threads)
    return parts | ({"refits": refits} if refits else {})


def _refits(
    problem: Problem, found: TableCohort, model: Any, random_state: int, threads: int
) -> ResampledLogistic | ResampledTrees | None:
    """What lends a risk its spread: a logistic model its own refits, any other one small trees."""
    if problem.kind not in ("binary", "survival"):
        return None
    if problem.kind == "binary" and is_ridge_logistic(model):
        count = problem.refits or stability.REFITS  # they cost next to nothing
        return ResampledLogistic(model, count, random_state).fit(found.X, found.y, found.person)
    if not problem.refits:
        return None
    trees = ResampledTrees(columns_of(problem), problem.refits, random_state, threads)
    if problem.kind == "binary":
        return trees.fit(found.X, found.y, found.person)
    came, weight = censored.known_at(np.abs(found.y), found.y > 0, problem.horizon)
    rows = np.flatnonzero(weight)
    if not 0 < came[rows].sum() < len(rows):
        return None
    part = found.part(rows)
    return trees.fit(part.X, came[rows], part.person, weight[rows])


def serving(
    problem: Problem,
    found: TableCohort,
    tested: NDArray[np.float64],
    tested_quantiles: NDArray[np.float64] | None = None,
) -> dict[str, Any]:
    """Numbers from training people, with what was foretold for them by models of others."""
    numbers = columns_of(problem).numbers
    known = domain.fit(found.X[list(numbers)].to_numpy(), numbers, most_missing=1.0)
    told: dict[str, Any] = {"domain": known.to_json()}
    if problem.kind == "number":
        floor = 0.0 if found.y.min() >= 0 else -np.inf
        told["interval"] = _offsets(problem, found, tested, floor)
    if tested_quantiles is not None:
        moved = quantiles.shifts(problem, found.y, tested_quantiles)
        told["quantiles"] = moved.to_json() if moved else None
    return told


def _offsets(
    problem: Problem, found: TableCohort, tested: NDArray[np.float64], floor: float
) -> dict[str, Any] | None:
    """None when the rows are too few for an interval."""
    try:
        return conformal.fit(found.y, tested, level=problem.coverage, floor=floor).to_json()
    except conformal.TooFewResiduals:
        return None


def assemble(
    problem: Problem, parts: Parts, served: Mapping[str, Any], X: pd.DataFrame
) -> pd.DataFrame:
    """All numbers told of these rows, indexed as X."""
    if not len(X):  # the columns that somebody of whom nothing is known would get
        return assemble(problem, parts, served, X.reindex([0])).head(0)
    value = predicted(parts["model"], X, problem.kind, horizon=problem.times)
    if repair := _repair(served):
        value = repair.apply(value)
    columns = _values(problem, value)
    if problem.horizons:
        value = columns["risk"]
    if problem.kind != "classes":
        columns |= _interval(problem, parts, served, value, X)
    if "quantiles" in parts:
        columns |= _quantiles(problem, parts["quantiles"], served, X)
    return pd.DataFrame(columns, index=X.index)


def strange(served: Mapping[str, Any], X: pd.DataFrame) -> tuple[list[str], list[str]]:
    """For each row how it is unlike the training people, and why so much that it gets no number.

    "" where it is not.
    """
    known = domain.Domain.from_json(served["domain"])
    values = X[list(known.names)].to_numpy()
    return known.reasons(values), known.far(values)


def value_columns(problem: Problem) -> list[str]:
    """The columns that hold what an evaluation judges."""
    if problem.kind == "classes":
        return [f"risk_{name}" for name in problem.classes]
    if problem.horizons:
        return ["risk" if at == problem.horizon else f"risk_{at:g}" for at in problem.times]
    return ["expected" if problem.kind == "number" else "risk"]


def _values(problem: Problem, value: NDArray[np.float64]) -> dict[str, Any]:
    names = value_columns(problem)
    if problem.kind == "classes":
        likeliest = np.array(problem.classes)[value.argmax(axis=1)]
        return {"predicted": likeliest, **dict(zip(names, value.T, strict=True))}
    if problem.horizons:
        told = dict(zip(names, value.T, strict=True))
        return {"risk": told.pop("risk"), **told}
    if problem.tiers:
        return {names[0]: value, "tier": [problem.tier_of(risk).code for risk in value]}
    return {names[0]: value}


def _interval(
    problem: Problem, parts: Parts, served: Mapping[str, Any], value: NDArray, X: pd.DataFrame
) -> dict[str, NDArray]:
    """Limits: conformal for a number, from refits for a risk, unknown otherwise."""
    if served.get("interval"):
        low, high = conformal.Conformal.from_json(served["interval"]).interval(value)
        return {"low": low, "high": high}
    if "refits" not in parts:
        unknown = np.full(len(value), np.nan)
        return {"low": unknown, "high": unknown}
    cuts = [tier.low for tier in problem.tiers if tier.low > 0]
    margin = logit(np.clip(value, TINY, 1 - TINY))
    repair = _repair(served) or Recalibration("none")
    told = stability.stability(
        margin, _Repaired(parts["refits"], repair), X, cuts, repair.doubt(margin)
    )
    return {"low": told.low, "high": told.high, "tier_flip_probability": told.flips}


def _quantiles(
    problem: Problem, model: Any, served: Mapping[str, Any], X: pd.DataFrame
) -> dict[str, NDArray]:
    found = quantiles.raw(problem, model, X)
    if served.get("quantiles"):
        found = conformal.ConformalQuantiles.from_json(served["quantiles"]).apply(found)
    if (floor := (served.get("interval") or {}).get("floor")) is not None:
        found = np.maximum(found, floor)  # no stay is shorter than nothing
    return dict(zip(quantiles.names(problem), found.T, strict=True))


def _repair(served: Mapping[str, Any]) -> Recalibration | None:
    found = served.get("recalibration")
    return Recalibration.from_json(found) if found else None


@dataclass(frozen=True, slots=True)
class _Repaired:
    """Refits whose risks go through the same repair as the served one."""

    refits: Any
    repair: Recalibration

    def margins(self, X: pd.DataFrame) -> NDArray[np.float64]:
        risk = self.repair.apply(expit(self.refits.margins(X)))
        return logit(np.clip(risk, TINY, 1 - TINY))
