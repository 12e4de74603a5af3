"""The people of a study as arrays."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.datasets import nhanes
from ml.features import person as inputs
from ml.studies.spec import Study

FOLDS = 5
PEOPLE_AT_ONCE = 2000
UNKNOWN = "unknown"
ETHNICITIES = {1: "Non-Hispanic White", 2: "Non-Hispanic Black", 3: "Hispanic", 4: "Other"}


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Inputs X (people, features) and `months` of people watched for too short a time.

    Months of follow-up are below zero for those alive at the end.
    """

    X: NDArray[np.float32]
    months: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True, slots=True)
class Cohort:
    """Inputs X (people, features), outcome y, fold, survey cycle and groups for the tables.

    `grade` is the outcome in grades from 0 to 1, y itself where the study has none. `months` of
    follow-up as those of the unfinished, NaN where the study follows nobody.
    """

    X: NDArray[np.float32]
    y: NDArray[np.float64]
    grade: NDArray[np.float64]
    fold: NDArray[np.int64]
    cycle: NDArray[np.int64]
    months: NDArray[np.float64]
    groups: dict[str, NDArray[np.str_]]
    unfinished: Unfinished

    def part(self, chosen: NDArray[np.bool_]) -> "Cohort":
        """The people where `chosen` is true; the unfinished stay."""
        groups = {name: parts[chosen] for name, parts in self.groups.items()}
        rows = (self.X, self.y, self.grade, self.fold, self.cycle, self.months)
        return Cohort(*(values[chosen] for values in rows), groups, self.unfinished)

    def finished(self) -> "Cohort":
        """Without the unfinished, who came later than a cut in time."""
        return replace(self, unfinished=Unfinished(self.X[:0], self.months[:0]))


def make(study: Study, frame: pd.DataFrame) -> Cohort:
    """Everybody the study speaks of, in the order of the frame."""
    outcome, months = study.outcome(frame), _months(study, frame)
    of_age = frame["age"] >= study.age_min
    chosen, waiting = frame[outcome.notna() & of_age], months[outcome.isna() & of_age].dropna()
    return Cohort(
        X=_inputs(study, chosen),
        y=outcome[chosen.index].to_numpy(float),
        grade=(study.grade or study.outcome)(chosen).to_numpy(float),
        fold=np.array([fold_of(person) for person in chosen["SEQN"]], np.int64),
        cycle=chosen["cycle_start"].to_numpy(np.int64),
        months=months[chosen.index].to_numpy(float),
        groups=groups_of(chosen),
        unfinished=Unfinished(_inputs(study, frame.loc[waiting.index]), waiting.to_numpy(float)),
    )


def _months(study: Study, frame: pd.DataFrame) -> pd.Series:
    if study.months is None:
        return pd.Series(np.nan, frame.index)
    return study.months(frame)


def columns_of(study: Study) -> tuple[str, ...]:
    """Columns of the survey that the inputs of a study are read from; never those of its label."""
    codes = {code for name in study.features for code in inputs.get(name).codes}
    others = set(nhanes.FACT_COLUMNS) - set(nhanes.MEASUREMENTS)
    measured = (name for name, (code, _, _) in nhanes.MEASUREMENTS.items() if code in codes)
    return (*measured, *(name for name in nhanes.FACT_COLUMNS if name in others))


def groups_of(frame: pd.DataFrame) -> dict[str, NDArray[np.str_]]:
    """Sex, age band and ethnicity of each row."""
    return {
        "sex": frame["sex"].map(nhanes.SEXES).fillna(UNKNOWN).to_numpy(str),
        "age": _age_bands(frame["age"]),
        "ethnicity": frame["ethnicity4"].map(ETHNICITIES).fillna(UNKNOWN).to_numpy(str),
    }


def fold_of(person: float) -> int:
    """Fold of a survey participant, by hash, so that it never depends on the other rows."""
    digest = hashlib.sha256(f"carelens-{int(person)}".encode()).digest()
    return digest[0] % FOLDS


def _inputs(study: Study, frame: pd.DataFrame) -> NDArray[np.float32]:
    starts = range(0, len(frame), PEOPLE_AT_ONCE)
    slices = (frame.iloc[start : start + PEOPLE_AT_ONCE] for start in starts)
    parts = [study.matrix(nhanes.to_facts(part)) for part in slices]
    return np.concatenate(parts) if parts else np.empty((0, len(study.features)), np.float32)


def _age_bands(age: pd.Series) -> NDArray[np.str_]:
    labels = ["20-39", "40-59", "60-74", "75 and over"]
    return pd.cut(age, [0, 40, 60, 75, 200], right=False, labels=labels).to_numpy(str)
