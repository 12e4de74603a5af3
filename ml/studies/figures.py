"""What a study reports of its model: cross-fitted, at later times, beside simpler answers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import splits
from ml.evaluation import comparison, evaluate
from ml.evaluation.result import Evaluation
from ml.studies import beside, learning, makeup
from ml.studies.beside import Beside
from ml.studies.problem import Problem
from ml.studies.tablecohort import TableCohort
from ml.uncertainty import conformal

SIMPLEST = {"binary": "logistic", "classes": "logistic", "number": "linear", "survival": "cox"}


@dataclass(frozen=True, slots=True)
class Others:
    """What else answers for the rows of a cohort: scores with their numbers, variants' risks."""

    scores: Mapping[str, Beside]
    points: Mapping[str, NDArray[np.float64]]
    variants: Mapping[str, NDArray[np.float64]]


def of(
    problem: Problem,
    found: TableCohort,
    tested: NDArray[np.float64],
    others: Others,
    *,
    random_state: int,
    threads: int = 1,
) -> dict[str, Any]:
    """Evaluations by name, as plain values for the manifest."""
    every = np.arange(len(found))

    def judged(prediction: NDArray, rows: NDArray = every) -> dict[str, Any]:
        return judge(problem, found.part(rows), prediction, random_state=random_state).to_json()

    def beaten(prediction: NDArray) -> dict[str, Any]:
        gain = _gain(problem, found, tested, prediction, random_state=random_state)
        return judged(prediction) | {"difference": gain}

    figures = {"cross_fitted": judged(_with_interval(problem, found, tested))}
    figures["cross_fitted"]["tables"]["makeup"] = makeup.of(problem, found)
    if "simplest" not in others.variants and (simplest := _simplest(problem)):
        figures["simplest"] = beaten(
            learning.cross_fitted(simplest, found, random_state=random_state, threads=threads)
        )
    figures |= {name: beaten(prediction) for name, prediction in others.variants.items()}
    how = {"person": found.person, "random_state": random_state}
    ours, y = ranked(problem, tested), truth(problem, found.y)
    figures |= {
        name: beside.judged(score, y, ours, others.points[name], problem.kind, **how)
        for name, score in others.scores.items()
    }
    if found.moment is not None:
        rows, prediction = learning.temporal(
            problem, found, random_state=random_state, threads=threads
        )
        figures["later"] = judged(prediction, rows)
    return figures


def _with_interval(
    problem: Problem, found: TableCohort, tested: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of a number also the limits, from the residuals of the other half of the people."""
    if problem.kind != "number":
        return tested
    half = splits.fold_of(found.person, 2, "interval")
    columns = np.column_stack([tested] * 3)
    try:
        for side in (0, 1):
            rows, others = half == side, half != side
            offsets = conformal.fit(found.y[others], tested[others], level=problem.coverage)
            columns[rows, 1:] = np.column_stack(offsets.interval(tested[rows]))
    except conformal.TooFewResiduals:
        return tested
    return columns


def _gain(
    problem: Problem, found: TableCohort, ours: NDArray, theirs: NDArray, *, random_state: int
) -> dict[str, Any] | None:
    """How much better the model is than another on the same people, with paired intervals."""
    if problem.kind == "classes":
        return None
    return comparison.compare(
        truth(problem, found.y),
        ranked(problem, ours),
        ranked(problem, theirs),
        problem.kind,
        person=found.person,
        thresholds=_thresholds(problem),
        random_state=random_state,
    ).to_json()


def ranked(problem: Problem, prediction: NDArray[np.float64]) -> NDArray[np.float64]:
    """What ranks people: of risks by several horizons those by the main one."""
    if not problem.horizons or prediction.ndim == 1:
        return prediction
    return prediction[:, problem.times.index(problem.horizon)]


def _thresholds(problem: Problem) -> tuple[float, ...]:
    return problem.thresholds or tuple(tier.low for tier in problem.tiers if tier.low > 0)


def judge(
    problem: Problem, found: TableCohort, prediction: NDArray[np.float64], *, random_state: int
) -> Evaluation:
    """The evaluation of predictions of these rows.

    Of a survival with several horizons a single column is a score that ranks and tells no risk.
    """
    horizons = np.atleast_1d(problem.times) if problem.kind == "survival" else ()
    if problem.kind == "survival" and len(horizons) == 1:  # one column a horizon
        prediction = prediction.reshape(-1, 1)
    return evaluate(
        truth(problem, found.y),
        prediction,
        problem.kind,
        person=found.person,
        groups=found.groups or None,
        horizons=tuple(horizons),
        level=problem.coverage,
        thresholds=_thresholds(problem),
        random_state=random_state,
    )


def refuse_unknown(problem: Problem) -> None:
    """Raises ValueError where the problem asks for a metric that no evaluation of it has."""
    if not problem.metrics:
        return
    names = judge(problem, *_made_up(problem), random_state=problem.seed).metrics
    if unknown := [name for name in problem.metrics if name not in names]:
        raise ValueError(f"There is no metric {', '.join(unknown)}; there are {', '.join(names)}")


def _made_up(problem: Problem) -> tuple[TableCohort, NDArray[np.float64]]:
    """Outcomes and predictions that carry every figure of the problem."""
    horizons = np.atleast_1d(problem.times or 1.0)
    # Enough people with the outcome before each horizon, and enough followed beyond it.
    followed = np.outer([*horizons, 2 * horizons.max()], np.linspace(0.5, 1.5, 60)).ravel()
    rows = np.arange(len(followed))
    risk, classes = 0.1 + 0.8 * rows / len(rows), max(len(problem.classes), 1)
    y, told = {
        "binary": (rows % 2, risk),
        "number": (followed, followed[:, None] + [0, -1, 1]),
        "classes": (rows % classes, np.full((len(rows), classes), 1 / classes)),
        "survival": (np.where(rows % 2, followed, -followed), risk[:, None] + 0 * horizons),
    }[problem.kind]
    return TableCohort(pd.DataFrame(index=rows), y.astype(float), rows, None, {}), told


def truth(problem: Problem, y: NDArray[np.float64]) -> NDArray:
    """The outcome as evaluations take it: for survival (rows, 2) of time and event."""
    if problem.kind == "survival":
        return np.column_stack([np.abs(y), y > 0])
    return y if problem.kind == "number" else y.astype(int)


def _simplest(problem: Problem) -> Problem | None:
    name = SIMPLEST[problem.kind]
    if name == problem.model:
        return None
    return replace(problem, model=name, parameters={})
