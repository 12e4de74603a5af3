"""The performance report and model card of a served risk, as every other study has them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import reports
from ml.evaluation import comparison, evaluate
from ml.evaluation.bootstrap import Interval
from ml.features import person
from ml.persistence import read_manifest
from ml.studies import facts, published
from ml.studies import report as figures
from ml.studies.problem import Input, Problem, Split
from ml.studies.spec import Study
from ml.studies.train import Trained

DEMOGRAPHIC = ("age", "male", "black", "hispanic", "asian_or_other")
RECORDED = ("data", "seed", "created_on", "libraries", "version", "model_digest")


def write(study: Study, trained: Trained, frame: pd.DataFrame, folder: str | Path) -> None:
    """Report, JSON, card and self-audit beside the stored model."""
    people, risk = trained.people, trained.risk
    how = {"random_state": study.seed, "thresholds": _cuts(study)}
    later, told = trained.later
    simplest = figures.age_and_sex(study, people)
    found = {
        "cross_fitted": evaluate(people.y, risk, "binary", groups=people.groups, **how),
        "later": evaluate(people.y[later], told, "binary", groups=_part(people.groups, later),
                          **how),
        "age_and_sex": evaluate(people.y, simplest, "binary", **how),
    }  # fmt: skip
    compared: dict[str, Any] = {
        "age_and_sex": comparison.compare(people.y, risk, simplest, "binary", **how).to_json()
    }
    compared |= _published(study, frame, risk)
    record = read_manifest(folder)
    record = {name: record[name] for name in RECORDED if name in record}
    reports.write(
        found, problem(study), folder, comparisons=compared, record=record,
        facts=facts.of(study.task),
    )  # fmt: skip


def problem(study: Study) -> Problem:
    """The study in the words of the other studies."""
    ages = f"age {study.age_min} and over"
    years = study.horizon_years
    return Problem(
        task=study.task,
        title=study.title,
        population=study.population,
        index_time="admission",
        outcome=f"outcome of {study.task}",
        outcome_text=study.outcome_text,
        kind="binary",
        time_at_risk=f"{years} years" if years else "now",
        washout="; ".join(dict.fromkeys(refusal.reason for refusal in study.refusals)) or ages,
        inputs=tuple(_input(study, name) for name in study.features),
        person="SEQN",
        split=Split(),
        model="xgboost",
        parameters=study.parameters,
        tiers=study.tiers,
        thresholds=_cuts(study),
        published_score=study.published_score,
        refits=study.refits,
        groups=("sex", "age", "ethnicity"),
        notes=study.notes,
        seed=study.seed,
    )


def _published(study: Study, frame: pd.DataFrame, risk: NDArray) -> dict[str, Any]:
    """The gain in AUROC over the published score: its points are no risks, so nothing else."""
    pair = published.pair(study, frame, risk)
    if pair is None:
        return {}
    y, points, ours = pair
    gain = comparison.delong(y, ours, points)
    name, _ = published.SCORES[study.task]
    return {name: {"rows": len(y), "people": len(y), "differences": {"auroc": _plain(gain)}}}


def _plain(found: Interval) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}


def _input(study: Study, name: str) -> Input:
    feature = person.get(name)
    sign, why = study.monotone.get(name, (0, ""))
    kind = "measurement" if feature.codes else "history"
    if name in DEMOGRAPHIC:
        kind = "demographic"
    return Input(name, "number", feature.label, feature.unit, "admission", kind, sign, why)


def _cuts(study: Study) -> tuple[float, ...]:
    return tuple(tier.low for tier in study.tiers if tier.low > 0)


def _part(groups: dict[str, NDArray], rows: NDArray) -> dict[str, NDArray]:
    return {name: np.asarray(values)[rows] for name, values in groups.items()}
