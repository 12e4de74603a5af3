"""Every model of the zoo on the same folds of one table, each with its intervals and its cost."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import bootstrap
from ml.evaluation.bootstrap import Interval
from ml.models import tuning, zoo
from ml.studies import figures, learning
from ml.studies.problem import Problem, Search
from ml.studies.tablecohort import TableCohort

BASELINE = "baseline"
ROUNDS = 200
CONCORDANCES = 60  # each counts pairs of rows


@dataclass(frozen=True, slots=True)
class Compared:
    """One model: metrics by name, the loss it takes off the baseline's, what it cost.

    `skill` is that gain in loss with its 95 % interval over people; `skilled` is False when the
    interval holds zero: the model is then said to have no skill. `rows` is fewer than the table's
    when the model grows too fast with rows and learned from a sample of people.
    """

    name: str
    title: str
    metrics: dict[str, Any]
    skill: Interval | None
    skilled: bool
    cpu_seconds: float
    rows: int
    parameters: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    problem: Problem,
    found: TableCohort,
    names: Sequence[str] = (),
    *,
    search: Search | None = None,
    random_state: int = 0,
    threads: int = 1,
    progress: tuning.Progress | None = None,
) -> list[Compared]:
    """Cross-fitted figures of the named models, or of all that predict such an outcome."""
    entries = [zoo.get(name) for name in names] or [
        entry for entry in zoo.of_kind(problem.kind) if entry.name != "published"
    ]
    how = _How(problem, found, search or Search(), random_state, threads)
    base, _ = how.tested(zoo.get(BASELINE))
    told = progress or (lambda text: None)
    compared = []
    for entry in entries:
        told(entry.title)
        compared.append(how.judged(entry, base))
    return compared


@dataclass(frozen=True)
class _How:
    problem: Problem
    found: TableCohort
    search: Search
    random_state: int
    threads: int

    def variant(self, entry: zoo.Entry) -> Problem:
        search = self.search if entry.space else Search()
        parameters = self.problem.parameters if entry.name == self.problem.model else {}
        return replace(self.problem, model=entry.name, parameters=parameters, search=search)

    def tested(self, entry: zoo.Entry) -> tuple[NDArray[np.float64], float]:
        """Cross-fitted predictions and the CPU seconds that they took."""
        before = time.process_time()
        found = learning.cross_fitted(
            self.variant(entry),
            self.found,
            random_state=self.random_state,
            threads=self.threads,
            most_rows=entry.most_rows,
        )
        return found, time.process_time() - before

    def judged(self, entry: zoo.Entry, base: NDArray[np.float64]) -> Compared:
        told, seconds = self.tested(entry)
        judged = figures.judge(self.problem, self.found, told, random_state=self.random_state)
        skill = self._skill(told, base)
        return Compared(
            entry.name,
            entry.title,
            judged.to_json()["metrics"],
            skill,
            skill.low > 0,
            round(seconds, 2),
            min(len(self.found), entry.most_rows or len(self.found)),
            dict(self.variant(entry).parameters),
        )

    def _skill(self, told: NDArray[np.float64], base: NDArray[np.float64]) -> Interval:
        """Loss of the baseline less that of the model."""
        kind, y = self.problem.kind, self.found.y
        if kind == "survival":
            return self._concordance(told)
        gain = losses(kind, y, base) - losses(kind, y, told)
        known = np.isfinite(gain)  # a split by time never tests the earliest rows
        gain = gain[known]
        _, person = np.unique(self.found.person[known], return_inverse=True)
        draws = [
            float(np.average(gain, weights=weight))
            for weight in bootstrap.draws(person, self.random_state, ROUNDS)
        ]
        low, high = np.quantile(draws, [0.025, 0.975])
        return Interval(float(gain.mean()), float(low), float(high))

    def _concordance(self, told: NDArray[np.float64]) -> Interval:
        """Concordance above the half of a coin, over people drawn anew."""
        known = np.isfinite(told.reshape(len(told), -1)).all(axis=1)
        y, told, every = self.found.y[known], told[known], np.arange(known.sum())

        def gain(rows: NDArray) -> float:
            return 0.5 - tuning.loss("survival", y[rows], told[rows])

        _, person = np.unique(self.found.person[known], return_inverse=True)
        found = [
            gain(np.repeat(every, weight.astype(int)))
            for weight in bootstrap.draws(person, self.random_state, CONCORDANCES)
        ]
        low, high = np.quantile(found, [0.025, 0.975], method="weibull")
        return Interval(gain(every), float(low), float(high))


def losses(kind: str, y: NDArray[np.float64], told: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared error of each row; of probabilities Brier's, which no single row can blow up."""
    if kind == "classes":
        return ((told - np.eye(told.shape[1])[y.astype(int)]) ** 2).sum(axis=1)
    return (y - told) ** 2
