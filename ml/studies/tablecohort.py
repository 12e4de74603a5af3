"""The rows of a prepared table as arrays, and the digest of what models are fitted on."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import splits
from ml.models import encoding
from ml.models.encoding import Columns
from ml.studies.problem import Problem

EXCLUDED = "excluded"  # column of `prepare` that says why a row is outside the population


class NoOutcome(ValueError):
    """A table cannot train or validate because it does not tell the outcome."""


@dataclass(frozen=True)
class TableCohort:
    """Typed inputs X, outcome y and the person of each row that belongs to the population.

    `y` is 0/1, a number, the position of the class, or signed time followed. X keeps the index
    that `prepare` left, so that a row is found again in the raw table.
    """

    X: pd.DataFrame
    y: NDArray[np.float64]
    person: NDArray
    moment: NDArray | None
    groups: Mapping[str, NDArray]

    def __len__(self) -> int:
        return len(self.X)

    def part(self, rows: NDArray[np.int64]) -> Self:
        moment = None if self.moment is None else self.moment[rows]
        groups = {name: values[rows] for name, values in self.groups.items()}
        X = self.X.iloc[rows]
        return replace(
            self, X=X, y=self.y[rows], person=self.person[rows], moment=moment, groups=groups
        )


def columns_of(problem: Problem) -> Columns:
    """Numbers and flags, categories, and the directions that models keep to."""
    return Columns(problem.of_kind("number", "flag"), problem.of_kind("category"), problem.monotone)


def inside(prepared: pd.DataFrame) -> NDArray[np.bool_]:
    """Which prepared rows belong to the population."""
    if EXCLUDED not in prepared:
        return np.ones(len(prepared), bool)
    return prepared[EXCLUDED].isna().to_numpy()


def cohort(problem: Problem, prepared: pd.DataFrame) -> TableCohort:
    """The rows with a known outcome. Raises NoOutcome, KeyError, encoding.NotANumber."""
    if problem.outcome not in prepared:
        raise NoOutcome(f"The table does not tell {problem.outcome!r}: {problem.outcome_text}")
    of_population = prepared[inside(prepared)]
    if of_population.empty:
        raise NoOutcome(f"No row of the table belongs to the population: {problem.population}")
    kept = of_population[of_population[problem.outcome].notna()]
    if kept.empty:
        raise NoOutcome(
            f"No row of the population tells {problem.outcome!r}: {problem.outcome_text}"
        )
    X = encoding.typed(kept, columns_of(problem))
    return TableCohort(
        X,
        _outcome(problem, kept[problem.outcome]),
        splits.people_of(kept, problem.person, problem.names),
        kept[problem.time].to_numpy() if problem.time else None,
        {name: kept[name].to_numpy() for name in problem.groups},
    )


def _outcome(problem: Problem, column: pd.Series) -> NDArray[np.float64]:
    if problem.kind == "classes":
        places = {name: place for place, name in enumerate(problem.classes)}
        if strange := set(column.astype(str)) - set(places):
            raise NoOutcome(f"{problem.outcome} has classes nobody named: {sorted(strange)}")
        return column.astype(str).map(places).to_numpy(float)
    y = pd.to_numeric(column).to_numpy(float)
    if problem.kind == "binary" and (strange := set(np.unique(y)) - {0.0, 1.0}):
        told = ", ".join(f"{value:g}" for value in sorted(strange)[:5])
        raise NoOutcome(f"{problem.outcome} must be 0 or 1 but holds {told}")
    return y


def data_digest(found: TableCohort) -> str:
    """SHA-256 of inputs, outcome and persons in order: the name of a data set."""
    digest = hashlib.sha256("\0".join(found.X.columns).encode())
    digest.update(pd.util.hash_pandas_object(found.X, index=False).to_numpy().tobytes())
    digest.update(found.y.tobytes())
    digest.update(pd.util.hash_array(found.person).tobytes())
    return digest.hexdigest()


def folds(problem: Problem, found: TableCohort) -> Iterator[tuple[NDArray, NDArray]]:
    """Training and test rows as the problem's split says, for each repeat and fold."""
    split = problem.split
    if split.kind == "time":
        yield from splits.time_folds(_moments(problem, found), split.folds)
        return
    people = np.arange(len(found)) if split.kind == "row" else found.person
    for repeat in range(split.repeats):
        yield from splits.group_folds(people, split.folds, f"{problem.seed}:{repeat}")


def _moments(problem: Problem, found: TableCohort) -> NDArray:
    if found.moment is None:
        raise NoOutcome(f"{problem.task}: a split by time needs the column of time")
    return found.moment
