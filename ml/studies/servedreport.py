"""The performance report and model card of a served risk, as every other study has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import reports
from ml.evaluation import Evaluation, comparison, evaluate
from ml.features import person
from ml.persistence import read_manifest
from ml.reports import card
from ml.studies import facts, published, taught
from ml.studies import report as figures
from ml.studies.cohort import Cohort
from ml.studies.problem import Input, Problem, Split
from ml.studies.spec import Study

if TYPE_CHECKING:
    from ml.studies.train import Trained


class Told(NamedTuple):
    """Evaluations by name, and comparisons with other answers, as `ml.reports` reads them."""

    evaluations: Mapping[str, Evaluation]
    comparisons: Mapping[str, Any]


DEMOGRAPHIC = ("age", "male", "black", "hispanic", "asian_or_other")
RECORDED = ("data", "seed", "created_on", "libraries", "version", "model_digest")


def write(study: Study, trained: Trained, folder: str | Path) -> None:
    """Report, JSON, card and self-audit beside the stored model."""
    reports.save(_gathered(study, trained.told, read_manifest(folder)), folder)


def attributes(study: Study, told: Told, manifest: Mapping[str, Any]) -> list[dict[str, str]]:
    """The 31 source attributes of the card, which travel with the model."""
    return [asdict(found) for found in card.card(_gathered(study, told, manifest))]


def judged(
    study: Study,
    frame: pd.DataFrame,
    people: Cohort,
    risk: NDArray[np.float64],
    later: tuple[NDArray[np.int64], NDArray[np.float64]],
) -> Told:
    """What report and card tell in figures.

    `risk` is cross-fitted, one of each of the people; `later` are the rows of the late cycles and
    what a model of the cycles before says of them.
    """
    how = {"random_state": study.seed, "thresholds": _cuts(study)}
    rows, late_risk = later
    simplest = figures.age_and_sex(study, people)
    found = {
        "cross_fitted": evaluate(people.y, risk, "binary", groups=people.groups, **how),
        "later": evaluate(people.y[rows], late_risk, "binary", groups=_part(people.groups, rows),
                          **how),
        "age_and_sex": evaluate(people.y, simplest, "binary", **how),
    }  # fmt: skip
    compared: dict[str, Any] = {
        "age_and_sex": comparison.compare(people.y, risk, simplest, "binary", **how).to_json()
    }
    compared |= published.compared(study, frame, risk)
    return Told(found, compared)


def _gathered(study: Study, told: Told, manifest: Mapping[str, Any]) -> reports.Study:
    record = {name: manifest[name] for name in RECORDED if name in manifest}
    record["scenarios"] = manifest["metrics"]["scenarios"]
    record["said"] = {
        "3.i": taught.avoid(study),
        "4.i": taught.criteria(study, manifest["data"]),
        "5.ii": taught.weights(study),
    }
    stated = replace(problem(study), notes=tuple(manifest["study"]["notes"]))
    return reports.gathered(
        told.evaluations, stated, comparisons=told.comparisons, record=record,
        facts=facts.of(study.task),
    )  # fmt: skip


def problem(study: Study) -> Problem:
    """The study in the words of the other studies."""
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
