"""The performance report and model card of the ward forecast, as every other study has them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml import reports
from ml.evaluation import comparison, evaluate
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
    f"{NO_SCORE_OF_DAYS.partition(' (')[0]} or the beds of a ward: the ward's own past counts "
    "stand beside."
)


POOLED = (
    "Errors and R² are over beds and discharges of all wards together, whose levels differ, and R² "
    "says mostly that. Read the parts of the population, and the gain over the ward's own history."
)


def write(
    asked: Problem,
    told: pd.DataFrame,
    past: pd.DataFrame,
    folder: str | Path,
    record: Mapping[str, Any],
) -> None:
    """Report, JSON, card and self-audit of forecasts of days after the training.

    `told` has a row for each forecast with `observed`; `past` are quantiles of the ward's own
    earlier counts in the same rows, the middle one in its middle column.
    """
    week = told["as_of"].dt.strftime("%G-%V").to_numpy()
    y = told["observed"].to_numpy(float)
    ours = told[["expected", "low", "high"]].to_numpy(float)
    low, middle, high = past.to_numpy(float).T
    how = {"person": week, "random_state": asked.seed}
    groups = {
        "what": told["what"].to_numpy(),
        "ward": told["ward"].to_numpy(),
        "ahead": [f"{days} day{'s' * (days > 1)}" for days in told["ahead"]],
    }
    found = {
        "later": evaluate(y, ours, "number", groups=groups, level=asked.coverage, **how),
        "history": evaluate(
            y, np.column_stack([middle, low, high]), "number", level=asked.coverage, **how
        ),
    }
    gain = comparison.compare(y, ours[:, 0], middle, "number", **how).to_json()
    reports.write(
        found,
        asked,
        folder,
        comparisons={"history": gain | {"title": "the ward's own past counts"}},
        record={**record, "counted": WORDS},
        facts=facts.of(asked.task),
    )
