"""The performance report and model card of the ward forecast, as every other study has them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml import reports
from ml.evaluation import comparison, evaluate
from ml.reports import wording
from ml.studies import facts
from ml.studies.beside import NO_SCORE_OF_DAYS
from ml.studies.columns import categories, numbers
from ml.studies.problem import Problem, Split

WORDS = {"person": "weeks", "row": "forecasts"}  # what the report counts
WEEK = "week"
INPUTS = (
    *categories({"ward": "Ward (facility)"}, available="before", provenance="administrative"),
    *categories({"group": "Ward and readmission count of the patient"}),
    *numbers(
        (
            ("stayed", "Days that each patient in bed has stayed", "d"),
            ("arrivals", "Admissions a day, by weekday and of the last weeks", "1/d"),
        )
    ),
)


def problem(task: str, level: float, notes: tuple[str, ...], seed: int) -> Problem:
    """The forecast in the words of the other studies."""
    return Problem(
        task=task,
        title="Discharges and beds of each ward in the coming week",
        population="Wards whose admissions and discharges of at least three months are known",
        index_time="admission",
        outcome="observed",
        outcome_text="Patients discharged on a day, and in bed at its end, of each ward",
        kind="number",
        inputs=INPUTS,
        time_at_risk="1, 2, 3, 5 and 7 days from the end of a day",
        look_back="all admissions and discharges before that moment",
        person=WEEK,
        time="as_of",
        split=Split("time"),
        model="stays by group and arrivals by weekday",
        unit="patients",
        coverage=level,
        groups=("what", "ward", "ahead"),
        notes=(*notes, POOLED, NO_SCORE),
        seed=seed,
    )


NO_SCORE = (
    f"{NO_SCORE_OF_DAYS.partition(' (')[0]} or the beds of a ward: the ward's own past counts and "
    "the counts of today stand beside."
)
OTHERS = {"history": "the ward's own past counts", "today": "the counts of today"}
BEDS = "census"

POOLED = (
    "Errors and R² are over beds and discharges of all wards together, whose levels differ, and R² "
    "says mostly that. Read the parts of the population, and the gain over the ward's own history "
    "and over the counts of today by the days ahead."
)


def write(
    asked: Problem,
    told: pd.DataFrame,
    past: pd.DataFrame,
    folder: str | Path,
    record: Mapping[str, Any],
) -> None:
    """Report, JSON, card and self-audit of forecasts of days after the training.

    `told` has a row for each forecast with `observed` and `today`, the same count on the day of the
    forecast; `past` are quantiles of the ward's own earlier counts in the same rows, the middle one
    in its middle column.
    """
    week = weeks(told)
    y = told["observed"].to_numpy(float)
    ours = told[["expected", "low", "high"]].to_numpy(float)
    low, middle, high = past.to_numpy(float).T
    how = {"person": week, "random_state": asked.seed}
    groups = {
        "what": told["what"].to_numpy(),
        "ward": told["ward"].to_numpy(),
        "ahead": [f"{days} day{'s' * (days > 1)}" for days in told["ahead"]],
    }
    later = evaluate(y, ours, "number", groups=groups, level=asked.coverage, **how)
    compared = against(told, past, asked.seed)
    found = {
        "later": replace(later, notes=(*later.notes, *sentences(compared))),
        "history": evaluate(
            y, np.column_stack([middle, low, high]), "number", level=asked.coverage, **how
        ),
        "today": evaluate(y, told["today"].to_numpy(float), "number", **how),
    }
    reports.write(
        found,
        asked,
        folder,
        comparisons=compared,
        record={**record, "counted": WORDS},
        facts=facts.of(asked.task),
    )


def weeks(told: pd.DataFrame) -> np.ndarray:
    """The week in which each forecast was made: days of one week are not independent."""
    return told["as_of"].dt.strftime("%G-%V").to_numpy()


def against(told: pd.DataFrame, past: pd.DataFrame, seed: int) -> dict[str, Any]:
    """The mean absolute error beside that of what a ward knows anyway, by the days ahead.

    Of all forecasts, and of each quantity by the days ahead, with paired intervals by week.
    """
    others = {"history": past.iloc[:, past.shape[1] // 2], "today": told["today"]}
    return {
        name: _compared(told, theirs.to_numpy(float), seed) | {"title": OTHERS[name]}
        for name, theirs in others.items()
    }


def _compared(told: pd.DataFrame, theirs: np.ndarray, seed: int) -> dict[str, Any]:
    y, ours = (told[name].to_numpy(float) for name in ("observed", "expected"))

    def gain(rows: np.ndarray) -> dict[str, Any]:
        how = {"person": weeks(told)[rows], "random_state": seed}
        return comparison.compare(y[rows], ours[rows], theirs[rows], "number", **how).to_json()

    whole = gain(np.arange(len(told)))
    parts = told.groupby(["what", "ahead"]).indices.items()
    found = {"": whole} | {_part(*which): gain(rows) for which, rows in parts}
    return whole | {
        which: {f"mae{part}": one[which].get("mae") for part, one in found.items()}
        for which in ("differences", "ours", "theirs")
    }


def _part(what: str, days: int) -> str:
    """`[beds in 2 days]`, as it stands behind the name of a figure."""
    return f"[{'beds' if what == BEDS else what} in {days} day{'s' * (days > 1)}]"


def sentences(compared: Mapping[str, Any]) -> list[str]:
    """Where the model is ahead of each opponent, and where it is not shown to be."""
    return [sentence for found in compared.values() for sentence in _sentences(found)]


def _sentences(found: Mapping[str, Any]) -> Iterator[str]:
    told = {name.removeprefix("mae[").removesuffix("]"): gain
            for name, gain in found["differences"].items() if gain and name != "mae"}  # fmt: skip
    ahead = [name for name, gain in told.items() if gain["high"] < 0]
    rest = [name for name in told if name not in ahead]
    if ahead:
        yield f"Mean absolute error less than of {found['title']}: {_list(told, ahead)}."
    if rest:
        yield f"Not shown to be less than of {found['title']}: {_list(told, rest)}."


def _list(told: Mapping[str, Any], names: Sequence[str]) -> str:
    return "; ".join(f"{name} {wording.estimate(told[name], 'mae')}" for name in names)
