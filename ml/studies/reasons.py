"""What a fitted study says of its numbers: the prediction of each row split among its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.explanation.attributions import Attributions
from ml.explanation.facade import METHODS, MOST_BACKGROUND, WrongMethod, explain, method_of
from ml.studies import tableparts
from ml.studies.problem import Problem

NO_ROWS = (
    "The {method} method compares with other rows, and a stored model keeps none, for they are "
    "patients' data: pass some {count} rows of the table as background=."
)


def background(X: pd.DataFrame, *, random_state: int) -> pd.DataFrame:
    """Training rows to compare with, drawn at random; they stay in memory and are not stored."""
    chosen = np.random.default_rng(random_state).permutation(len(X))[:MOST_BACKGROUND]
    return X.iloc[np.sort(chosen)]


def attributions(
    problem: Problem,
    model: Any,
    serving: Mapping[str, Any],
    X: pd.DataFrame,
    others: pd.DataFrame | None,
    *,
    random_state: int,
) -> Attributions:
    """Of typed rows X against the typed rows `others`.

    A risk is split on its logit, as served: by the horizon, and after a repair. Raises WrongMethod.
    """
    if problem.kind == "classes":
        raise WrongMethod("Several classes have no one number to split: ask for one against all.")
    if problem.kind == "survival" or serving.get("recalibration"):
        model = Risk(problem, model, serving)
    method = method_of(model)
    if others is None and METHODS[method].background:
        raise WrongMethod(NO_ROWS.format(method=method, count=MOST_BACKGROUND))
    return explain(model, X, background=others, random_state=random_state)


@dataclass(frozen=True)
class Risk:
    """The risk that a study tells, as a classifier of one event."""

    problem: Problem
    model: Any
    serving: Mapping[str, Any]
    classes_ = (0, 1)

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Shape (rows, 2)."""
        told = tableparts.assemble(self.problem, {"model": self.model}, self.serving, X)
        return np.column_stack([1 - told["risk"], told["risk"]])
