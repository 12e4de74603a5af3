"""Six famous mistakes: the figure that they give, the honest one, and what stops them.

python -m ml.studies.leak_museum run --out DIR [--only pima,blood]
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml import datasets, leakage, splits
from ml.studies import figures, learning, museum_page
from ml.studies.draft import draft
from ml.studies.problem import Problem, Split
from ml.studies.tablecohort import TableCohort, cohort

DEAD_OR_HOSPICE = (11, 13, 14, 19, 20, 21)
KAGGLE_COPIES = 1025 / 302  # rows a patient in the file that circulates
TESTED = 0.2


@dataclass(frozen=True)
class Side:
    """A problem, its prepared rows and how it is judged."""

    problem: Problem
    prepared: pd.DataFrame
    holdout: bool = False  # one hold-out of people instead of folds, for large tables


@dataclass(frozen=True)
class Exhibit:
    """One mistake. `show` gives the tempting and the honest side from the raw table."""

    name: str
    title: str
    mistake: str
    lesson: str
    dataset: str
    measure: str
    claimed: str
    show: Callable[[pd.DataFrame], tuple[Side, Side]]


@dataclass(frozen=True)
class Shown:
    """Both figures with 95 % intervals and the findings that block the tempting one."""

    exhibit: Exhibit
    rows: int
    inflated: dict[str, float]
    honest: dict[str, float]
    findings: tuple[leakage.Finding, ...]

    def to_json(self) -> dict[str, Any]:
        about = {k: v for k, v in vars(self.exhibit).items() if isinstance(v, str)}
        return {
            **about,
            "rows": self.rows,
            "inflated": self.inflated,
            "honest": self.honest,
            "findings": [asdict(finding) for finding in self.findings],
        }


def _pima(frame: pd.DataFrame) -> tuple[Side, Side]:
    problem = _problem(frame, "Outcome", model="forest", outcome_text="tested positive")
    by_class = frame.groupby("Outcome")
    filled = {
        name: frame[name].fillna(by_class[name].transform("median")) for name in problem.names
    }
    return Side(problem, frame.assign(**filled)), Side(problem, frame)


def _framingham(frame: pd.DataFrame) -> tuple[Side, Side]:
    problem = _problem(frame, "TenYearCHD", model="forest", parameters={"min_samples_leaf": 1})
    events, others = frame[frame["TenYearCHD"] == 1], frame[frame["TenYearCHD"] == 0]
    drawn = events.sample(len(others), replace=True, random_state=1)
    both = pd.concat([others, drawn]).sample(frac=1, random_state=1, ignore_index=True)
    return Side(_by_row(problem), both), Side(problem, frame)


def _heart(frame: pd.DataFrame) -> tuple[Side, Side]:
    cleveland = frame[frame["dataset"] == "Cleveland"].reset_index(drop=True)
    prepared = cleveland.assign(disease=(cleveland["num"] > 0).astype(float))
    inputs = [name for name in frame if name not in ("id", "dataset", "num")]
    problem = _problem(
        prepared, "disease", model="forest", inputs=inputs, parameters={"min_samples_leaf": 1}
    )
    more = prepared.sample(round((KAGGLE_COPIES - 1) * len(prepared)), replace=True, random_state=1)
    copied = pd.concat([prepared, more], ignore_index=True)
    return Side(_by_row(problem), copied), Side(problem, prepared)


def _readmission(frame: pd.DataFrame) -> tuple[Side, Side]:
    alive = frame[~frame["discharge_disposition_id"].astype(int).isin(DEAD_OR_HOSPICE)]
    of_person = alive.groupby("patient_nbr")["encounter_id"]
    prepared = alive.assign(
        early=(alive["readmitted"] == "<30").astype(float),
        encounters_in_file=of_person.transform("size"),
    ).reset_index(drop=True)
    out = ("encounter_id", "patient_nbr", "readmitted", "encounters_in_file", "early", "weight")
    inputs = [name for name in prepared if name not in out]
    problem = _problem(
        prepared,
        "early",
        inputs=inputs,
        person="patient_nbr",
        index_time="discharge",
        outcome_text="came back within 30 days",
        parameters={"n_estimators": 150, "max_depth": 4, "learning_rate": 0.08},
    )
    counted = _problem(
        prepared,
        "early",
        inputs=[*inputs, "encounters_in_file"],
        person="patient_nbr",
        index_time="discharge",
        outcome_text="came back within 30 days",
        parameters=problem.parameters,
    )
    return Side(counted, prepared, holdout=True), Side(problem, prepared, holdout=True)


def _blood(frame: pd.DataFrame) -> tuple[Side, Side]:
    inputs = [name for name in frame if name not in ("ID", "Disease")]
    problem = _problem(frame, "Disease", model="forest", inputs=inputs)
    return Side(_by_row(problem), frame), Side(problem, frame)


def _stay(frame: pd.DataFrame) -> tuple[Side, Side]:
    days = {name: _days(frame[name]) for name in ("vdate", "discharged")}
    prepared = frame.assign(**days)
    before = ["rcount", "gender"]
    model = {"model": "linear", "outcome_text": "days in hospital"}
    problem = _problem(prepared, "lengthofstay", inputs=before, **model)
    tempting = _problem(prepared, "lengthofstay", inputs=[*before, "vdate", "discharged"], **model)
    return Side(tempting, prepared, holdout=True), Side(problem, prepared, holdout=True)


EXHIBITS = (
    Exhibit(
        "pima", "Filling gaps by class", "Unknown values get the median of their class.",
        "Impute inside the training folds, without the outcome.", "pima", "auroc", "0.95", _pima,
    ),
    Exhibit(
        "oversampling", "Oversampling before the split",
        "Events are copied until the classes are even, then rows are split at random.",
        "Split first; and leave the prevalence alone, for risks must mean what they say.",
        "framingham", "auroc", "0.97 and more", _framingham,
    ),
    Exhibit(
        "copies", "A file of copies", "302 patients circulate as 1,025 rows; rows are split.",
        "Count distinct rows before anything else.", "heart_uci", "auroc", "0.99", _heart,
    ),
    Exhibit(
        "future", "Counting what comes later",
        "An input counts all encounters of the person in the file, later ones too.",
        "History ends at the moment of prediction.", "diabetes130", "auroc", "0.79 to 0.80",
        _readmission,
    ),
    Exhibit(
        "blood", "65 rows in 2,351", "A random split puts copies of each row on both sides.",
        "Keep copies together; the set's own test file gives 0.37.", "blood_samples", "accuracy",
        "1.00", _blood,
    ),
    Exhibit(
        "stay", "The answer in two columns", "The date of discharge is among the inputs.",
        "Ask of each input when it is known.", "los_microsoft_admissions", "r2", "1.00", _stay,
    ),
)  # fmt: skip


def show(exhibit: Exhibit, frame: pd.DataFrame, *, random_state: int) -> Shown:
    """Both sides of one exhibit."""
    tempting, honest = exhibit.show(frame)
    found = leakage.lint(tempting.problem, tempting.prepared, fits=False)
    return Shown(
        exhibit,
        len(tempting.prepared),
        _figure(tempting, exhibit.measure, random_state),
        _figure(honest, exhibit.measure, random_state),
        tuple(leakage.blocked(tempting.problem, found)),
    )


def _figure(side: Side, measure: str, random_state: int) -> dict[str, float]:
    found = cohort(side.problem, side.prepared)
    rows, told = _tested(side, found, random_state)
    judged = figures.judge(side.problem, found.part(rows), told, random_state=random_state)
    return judged.to_json()["metrics"][measure]


def _tested(side: Side, found: TableCohort, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    if not side.holdout:
        told = learning.cross_fitted(side.problem, found, random_state=random_state)
        return np.arange(len(found)), told
    people = np.arange(len(found)) if side.problem.person is None else found.person
    train, test = splits.person_holdout(people, TESTED, "museum")
    return test, learning.held_out(side.problem, found, train, test, random_state=random_state)


def _problem(frame: pd.DataFrame, outcome: str, **more: Any) -> Problem:
    return draft(frame, outcome=outcome, **more)


def _by_row(problem: Problem) -> Problem:
    return replace(problem, split=Split("row"))


def _days(column: pd.Series) -> pd.Series:
    return (pd.to_datetime(column) - pd.Timestamp(2000, 1, 1)) / pd.Timedelta(days=1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write `museum.json` and `museum.html`."""
    parser = argparse.ArgumentParser(prog="python -m ml.studies.leak_museum", description=__doc__)
    parser.add_argument("command", choices=["run"])
    parser.add_argument("--out", required=True, help="folder to write")
    parser.add_argument("--only", default="", help="names with commas; default: all")
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    wanted = options.only.split(",") if options.only else [one.name for one in EXHIBITS]
    shown = []
    for exhibit in (one for one in EXHIBITS if one.name in wanted):
        frame = datasets.load(exhibit.dataset, options.data)
        shown.append(show(exhibit, frame, random_state=options.seed))
        sys.stdout.write(f"{museum_page.sentence(shown[-1].to_json())}\n")
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    told = [one.to_json() for one in shown]
    (folder / "museum.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (folder / "museum.html").write_text(museum_page.page(told), encoding="utf-8")


if __name__ == "__main__":
    main()
