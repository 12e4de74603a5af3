"""Quantiles of a number: fitted by the pinball loss, then put right by conformal shifts."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import splits
from ml.evaluation.subgroups import HIDDEN, SMALLEST_CELL
from ml.models import zoo
from ml.models.predicting import predicted
from ml.studies import learning, tablecohort
from ml.studies.problem import Problem
from ml.studies.tablecohort import TableCohort
from ml.uncertainty import conformal
from ml.uncertainty.conformal import ConformalQuantiles

ENOUGH = 10_000  # rows outside the training folds; a shift needs no more


def build(problem: Problem, *, random_state: int, threads: int = 1) -> Any:
    """Unfitted XGBoost of all quantiles at once."""
    own = problem.parameters if problem.model == "xgboost" else {}
    pinball = {"objective": "reg:quantileerror", "quantile_alpha": sorted(problem.quantiles)}
    made = learning.recipe(problem, random_state=random_state, threads=threads)
    return zoo.build("xgboost", made, {**own, **pinball})


def raw(problem: Problem, model: Any, X: Any) -> NDArray[np.float64]:
    """What the trees say, shape (rows, quantiles), rising: lines fitted apart may cross."""
    return np.sort(predicted(model, X, "number").reshape(len(X), -1), axis=1)


def cross_fitted(
    problem: Problem, found: TableCohort, *, random_state: int, threads: int = 1
) -> NDArray[np.float64]:
    """Quantiles of rows that training had not seen; NaN in the folds that were not needed."""
    told = np.full((len(found), len(problem.quantiles)), np.nan)
    once = replace(problem, split=replace(problem.split, repeats=1))
    for train, test in tablecohort.folds(once, found):
        part = found.part(train)
        model = build(problem, random_state=random_state, threads=threads).fit(part.X, part.y)
        told[test] = raw(problem, model, found.X.iloc[test])
        if np.isfinite(told[:, 0]).sum() >= ENOUGH:
            break
    return told


def shifts(problem: Problem, y: NDArray, told: NDArray[np.float64]) -> ConformalQuantiles | None:
    """Shifts from cross-fitted quantiles; None when the rows are too few."""
    known = np.isfinite(told[:, 0])
    try:
        return conformal.fit_quantiles(y[known], told[known], sorted(problem.quantiles))
    except conformal.TooFewResiduals:
        return None


def coverage(
    problem: Problem, found: TableCohort, told: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Share of outcomes up to each quantile, of everybody and of each part of the population.

    Shifts come from the other half of the people. Each row: group, part, count, and by quantile
    the share before (`q10_raw`) and after the shift (`q10`).
    """
    known = np.flatnonzero(np.isfinite(told[:, 0]))
    part, told = found.part(known), told[known]
    half = splits.fold_of(part.person, 2, "quantiles")
    after = told.copy()
    for side in (0, 1):
        if (moved := shifts(problem, part.y[half != side], told[half != side])) is None:
            return []
        after[half == side] = moved.apply(told[half == side])
    below = {"": part.y[:, None] <= after, "_raw": part.y[:, None] <= told}
    groups = {"everybody": np.full(len(part), "all"), **part.groups}
    return [
        _share(problem, group, label, labels == label, below)
        for group, values in groups.items()
        for labels in [np.asarray(values).astype(str)]
        for label in np.unique(labels).tolist()
    ]


def names(problem: Problem) -> list[str]:
    """Columns of the quantiles, such as `q10`."""
    return [f"q{round(100 * at):02d}" for at in sorted(problem.quantiles)]


def _share(
    problem: Problem, group: str, part: str, rows: NDArray, below: dict[str, NDArray]
) -> dict[str, Any]:
    if rows.sum() < SMALLEST_CELL:
        return {"group": group, "part": part, "count": HIDDEN}
    shares = {
        f"{name}{ending}": float(column)
        for ending, held in below.items()
        for name, column in zip(names(problem), held[rows].mean(axis=0), strict=True)
    }
    return {"group": group, "part": part, "count": str(int(rows.sum())), **shares}
