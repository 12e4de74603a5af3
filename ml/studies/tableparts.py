"""The parts of one prediction: the model itself, quantiles, an interval; how they come together.

`parts` are fitted objects: `model`; `quantiles` of a number; `refits` for the interval of a risk.
`serving` are plain numbers: `interval` (conformal offsets) and `domain` (of the training people).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from ml.models.predicting import predicted
from ml.models.resampled import ResampledTrees
from ml.studies import learning
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
        parts["quantiles"] = learning.quantiles(
            problem, random_state=random_state, threads=threads
        ).fit(found.X, found.y)
    if problem.refits and problem.kind == "binary":
        trees = ResampledTrees(columns_of(problem), problem.refits, random_state, threads)
        parts["refits"] = trees.fit(found.X, found.y, found.person)
    return parts


def serving(problem: Problem, found: TableCohort, tested: NDArray[np.float64]) -> dict[str, Any]:
    """Numbers from training people; `tested` are the cross-fitted predictions of the rows."""
    numbers = columns_of(problem).numbers
    known = domain.fit(found.X[list(numbers)].to_numpy(), numbers, most_missing=1.0)
    told: dict[str, Any] = {"domain": known.to_json()}
    if problem.kind == "number":
        floor = 0.0 if found.y.min() >= 0 else -np.inf
        told["interval"] = _offsets(problem, found, tested, floor)
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
    value = predicted(parts["model"], X, problem.kind, horizon=problem.times)
    columns = _values(problem, value)
    if problem.horizons:
        value = columns["risk"]
    if problem.kind != "classes":
        columns |= _interval(problem, parts, served, value, X)
    if "quantiles" in parts:
        columns |= _quantiles(problem, parts["quantiles"], X)
    return pd.DataFrame(columns, index=X.index)


def warnings(problem: Problem, served: Mapping[str, Any], X: pd.DataFrame) -> list[str]:
    """How each row is unlike the training people, "" where it is not."""
    known = domain.Domain.from_json(served["domain"])
    return known.reasons(X[list(known.names)].to_numpy())


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
    if "refits" not in parts or not len(X):
        unknown = np.full(len(value), np.nan)
        return {"low": unknown, "high": unknown}
    cuts = [tier.low for tier in problem.tiers if tier.low > 0]
    margin = logit(np.clip(value, TINY, 1 - TINY))
    told = stability.stability(margin, parts["refits"], X, cuts)
    return {"low": told.low, "high": told.high, "tier_flip_probability": told.flips}


def _quantiles(problem: Problem, model: Any, X: pd.DataFrame) -> dict[str, NDArray]:
    """Quantiles in rising order: lines that were fitted apart may cross."""
    found = np.sort(predicted(model, X, "number").reshape(len(X), -1), axis=1)
    names = [f"q{round(100 * at):02d}" for at in sorted(problem.quantiles)]
    return dict(zip(names, found.T, strict=True))
