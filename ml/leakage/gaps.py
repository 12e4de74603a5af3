"""What changes when rows, people or years are kept apart, and without the suspicious inputs.

One quick boosted model answers all questions; the differences matter here, not the level.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import splits
from ml.evaluation.discrimination import auroc
from ml.leakage.findings import WARN, Finding
from ml.models import zoo
from ml.models.encoding import Columns
from ml.models.predicting import predicted
from ml.studies.problem import Problem
from ml.studies.tablecohort import TableCohort, columns_of

MOST_ROWS = 20_000
QUICK = {"n_estimators": 80, "max_depth": 3, "learning_rate": 0.1}
NOTABLE = 0.01
FOLDS = 3


def findings(
    problem: Problem, found: TableCohort, suspects: Sequence[str], *, random_state: int
) -> list[Finding]:
    """Random against grouped, random against later, with against without the suspects."""
    if problem.kind == "survival" or len(found) < 100:
        return []
    found = _sample(found, random_state)
    probe = _Probe(problem, found, columns_of(problem), random_state)
    return [*_grouped(probe), *_later(probe), *_without(probe, suspects)]


class _Probe:
    """A quick model's AUROC or R² under a split, on some of the columns."""

    def __init__(self, problem: Problem, found: TableCohort, columns: Columns, random_state: int):
        self.problem, self.found, self.columns = problem, found, columns
        self.random_state = random_state

    def score(self, pairs: Sequence[tuple[NDArray, NDArray]], columns: Columns) -> float:
        told = [self._one(train, test, columns) for train, test in pairs]
        return float(np.mean([one for one in told if np.isfinite(one)] or [np.nan]))

    def _one(self, train: NDArray, test: NDArray, columns: Columns) -> float:
        kind, found = self.problem.kind, self.found
        recipe = zoo.Recipe(columns, kind, self.random_state)
        X = found.X[list(columns.names)]
        model = zoo.build("xgboost", recipe, QUICK).fit(X.iloc[train], found.y[train])
        return _measure(found.y[test], predicted(model, X.iloc[test], kind), kind)

    def by_row(self) -> list[tuple[NDArray, NDArray]]:
        return list(splits.group_folds(np.arange(len(self.found)), FOLDS, "rows"))

    def by_person(self) -> list[tuple[NDArray, NDArray]]:
        return list(splits.group_folds(self.found.person, FOLDS, "people"))


def _measure(y: NDArray, prediction: NDArray, kind: str) -> float:
    if kind == "binary":
        return auroc(y, prediction) if 0 < y.sum() < len(y) else np.nan
    if kind == "classes":
        return float((prediction.argmax(axis=1) == y).mean())
    return 1 - float(np.mean((y - prediction) ** 2) / np.var(y))


def measure_name(kind: str) -> str:
    """What `findings` compares."""
    return {"binary": "AUROC", "classes": "accuracy"}.get(kind, "R²")


def _grouped(probe: _Probe) -> list[Finding]:
    if pd.Series(probe.found.person).is_unique:
        return []
    by_row = probe.score(probe.by_row(), probe.columns)
    by_person = probe.score(probe.by_person(), probe.columns)
    if not by_row - by_person > NOTABLE:
        return []
    return [_gap(probe, "GROUPED_GAP", "people are kept apart", by_row, by_person)]


def _later(probe: _Probe) -> list[Finding]:
    if probe.found.moment is None:
        return []
    pair = splits.later_without_earlier_people(probe.found.person, probe.found.moment, 0.2)
    by_person = probe.score(probe.by_person(), probe.columns)
    later = probe.score([pair], probe.columns)
    if not by_person - later > NOTABLE:
        return []
    return [_gap(probe, "TEMPORAL_GAP", "later rows are predicted from earlier", by_person, later)]


def _gap(probe: _Probe, code: str, when: str, before: float, after: float) -> Finding:
    name = measure_name(probe.problem.kind)
    sentence = f"{name} falls from {before:.3f} to {after:.3f} when {when}"
    return Finding(WARN, code, "", sentence, {"before": round(before, 4), "after": round(after, 4)})


def _without(probe: _Probe, suspects: Sequence[str]) -> list[Finding]:
    columns = probe.columns
    fewer = Columns(
        tuple(name for name in columns.numbers if name not in suspects),
        tuple(name for name in columns.categories if name not in suspects),
        columns.monotone,
    )
    if not suspects or not fewer.names:
        return []
    pairs = probe.by_person()
    with_all, without = probe.score(pairs, columns), probe.score(pairs, fewer)
    name = measure_name(probe.problem.kind)
    sentence = f"{name} {with_all:.3f} with and {without:.3f} without {', '.join(suspects)}"
    evidence = {"with": round(with_all, 4), "without": round(without, 4), "inputs": list(suspects)}
    return [Finding(WARN, "WITH_AND_WITHOUT", "", sentence, evidence)]


def _sample(found: TableCohort, random_state: int) -> TableCohort:
    """At most MOST_ROWS, whole people at a time."""
    if len(found) <= MOST_ROWS:
        return found
    share = splits.shares(found.person, f"sample:{random_state}")
    return found.part(np.flatnonzero(share < MOST_ROWS / len(found)))
