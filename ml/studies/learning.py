"""Fitting the model of a problem, and predicting rows that it has not seen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import splits
from ml.models import tuning, zoo
from ml.models.predicting import predicted
from ml.studies import tablecohort
from ml.studies.problem import Problem, Search
from ml.studies.tablecohort import TableCohort

LATER = 0.2  # share of rows, by time, that the temporal check keeps for the test


def recipe(problem: Problem, *, random_state: int, threads: int) -> zoo.Recipe:
    """What the builders of the zoo need to know of a problem."""
    return zoo.Recipe(tablecohort.columns_of(problem), problem.kind, random_state, threads)


def build(problem: Problem, *, random_state: int, threads: int = 1) -> Any:
    """The unfitted model of a problem."""
    made = recipe(problem, random_state=random_state, threads=threads)
    return zoo.build(problem.model, made, problem.parameters)


def fit(problem: Problem, found: TableCohort, *, random_state: int, threads: int = 1) -> Any:
    """The fitted model; a search for parameters sees these rows only, so cross-fitting nests it."""
    chosen = settled(problem, found, random_state=random_state, threads=threads)
    model = build(chosen, random_state=random_state, threads=threads)
    return zoo.fit(model, found.X, found.y, found.person)


def settled(
    problem: Problem,
    found: TableCohort,
    *,
    random_state: int,
    threads: int = 1,
    progress: tuning.Progress | None = None,
) -> Problem:
    """The problem with the parameters that its search chooses on these rows, and no search."""
    chosen = tuned(problem, found, random_state=random_state, threads=threads, progress=progress)
    parameters = {**problem.parameters, **chosen.parameters}
    return replace(problem, parameters=parameters, search=Search())


def tuned(
    problem: Problem,
    found: TableCohort,
    *,
    random_state: int,
    threads: int = 1,
    progress: tuning.Progress | None = None,
) -> tuning.Tuned:
    """What the problem's search chooses on these rows; nothing when it has none."""
    wanted = problem.search
    if wanted.method == "none":
        return tuning.Tuned({})

    def make(parameters: Mapping[str, Any]) -> Any:
        trial = replace(problem, parameters={**problem.parameters, **parameters})
        return build(trial, random_state=random_state, threads=threads)

    rows = tuning.Rows(
        found.X, found.y, found.person, problem.kind, _inner(problem, found), problem.horizon
    )
    return tuning.search(
        make,
        wanted.space or zoo.get(problem.model).space,
        rows,
        method=wanted.method,
        trials=wanted.trials,
        random_state=random_state,
        progress=progress,
    )


def _inner(problem: Problem, found: TableCohort) -> list[tuple[NDArray, NDArray]]:
    if problem.split.kind == "time" and found.moment is not None:
        return list(splits.time_folds(found.moment, problem.search.folds))
    return tuning.person_pairs(found.person, problem.search.folds, problem.seed)


def cross_fitted(
    problem: Problem,
    found: TableCohort,
    *,
    random_state: int,
    threads: int = 1,
    most_rows: int | None = None,
    progress: tuning.Progress | None = None,
) -> NDArray[np.float64]:
    """Predictions of rows that training had not seen, mean over repeats; NaN where never tested.

    With `most_rows` training sees about that many, whole people at a time.
    """
    width = _width(problem)
    total, times = np.zeros((len(found), *width)), np.zeros((len(found), *[1 for _ in width]))
    for number, (train, test) in enumerate(tablecohort.folds(problem, found), 1):
        if progress:
            progress(f"fold {number} of {problem.split.folds * problem.split.repeats}")
        train = at_most(most_rows, found.person, train)
        learner = fit(problem, found.part(train), random_state=random_state, threads=threads)
        total[test] += predicted(learner, found.X.iloc[test], problem.kind, horizon=problem.times)
        times[test] += 1
    with np.errstate(invalid="ignore"):
        return total / times


def _width(problem: Problem) -> tuple[int, ...]:
    """Columns of a prediction; none where it is one number."""
    if problem.kind == "classes":
        return (len(problem.classes),)
    return (len(problem.times),) if problem.horizons else ()


def at_most(most: int | None, person: NDArray, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """These rows, or those of a sample of people when there are more than `most`."""
    if most is None or len(rows) <= most:
        return rows
    return rows[splits.shares(person[rows], "most") < most / len(rows)]


def held_out(
    problem: Problem,
    found: TableCohort,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    *,
    random_state: int,
    threads: int = 1,
) -> NDArray[np.float64]:
    """What a model of the training rows says of the test rows."""
    learner = fit(problem, found.part(train), random_state=random_state, threads=threads)
    return predicted(learner, found.X.iloc[test], problem.kind, horizon=problem.times)


def temporal(
    problem: Problem, found: TableCohort, *, random_state: int, threads: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows of the latest fifth without people seen earlier, and what training before says."""
    train, test = splits.later_without_earlier_people(found.person, found.moment, LATER)
    how = {"random_state": random_state, "threads": threads}
    return test, held_out(problem, found, train, test, **how)
