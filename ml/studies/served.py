"""The command line of the served NHANES risks, with the three verbs of every study.

    python -m ml.studies.death_10y run [--data PATH] [--out DIR]
    python -m ml.studies.death_10y score --model DIR --data FILE --out FILE
    python -m ml.studies.death_10y validate --model DIR --data FILE --json FILE

FILE has the columns of the NHANES table. Scoring goes the way of the product: each row becomes
`Facts`, and the model may refuse.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml import datasets, serving
from ml.datasets import nhanes
from ml.evaluation import evaluate
from ml.studies import cohort, published, registry, servedreport, train
from ml.studies.command import sentence
from ml.studies.spec import Study
from ml.types import Abstention, Outcome

DATASET = "nhanes"
PEOPLE_AT_ONCE = 1000
COLUMNS = ("risk", "low", "high", "tier", "abstained", "reason")


class WrongModel(ValueError):
    """A model folder holds another study."""

    def __init__(self, asked: str, found: str):
        super().__init__(f"The folder holds a model of {found}, not of {asked}: give its own")


class NobodyToJudge(ValueError):
    """No row has the outcome of the study."""

    def __init__(self, study: Study):
        super().__init__(
            f"No row tells the outcome ({study.outcome_text}) of the population: "
            f"{study.population}. Ten-year outcomes exist for the cycles to 2007-08 only"
        )


def main(task: str, arguments: Sequence[str] | None = None) -> None:
    """Run one command; what goes wrong by the user's hand is one sentence and exit code 2."""
    study = registry.get(task)
    options = _parser(study).parse_args(arguments)
    try:
        options.command(study, options)
    except (ValueError, KeyError, OSError) as problem:
        sys.stderr.write(f"{task}: {sentence(problem)}\n")
        raise SystemExit(2) from problem


def predict(model: serving.RiskModel, frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each row of the frame, in order: risk and tier, or why there is none."""
    starts = range(0, len(frame), PEOPLE_AT_ONCE)
    found = [
        _told(outcome)
        for start in starts
        for outcome in model.assess_many(
            nhanes.to_facts(frame.iloc[start : start + PEOPLE_AT_ONCE])
        )
    ]
    return pd.DataFrame(found, columns=list(COLUMNS))


def validation(study: Study, model: serving.RiskModel, frame: pd.DataFrame) -> dict[str, Any]:
    """Figures with intervals on everybody whose outcome is known, as plain values."""
    outcome = study.outcome(frame)
    known = (outcome.notna() & (frame["age"] >= study.age_min)).to_numpy()
    if not known.any():
        raise NobodyToJudge(study)
    people, y = frame[known], outcome.to_numpy(float)[known]
    risk = predict(model, people)["risk"].to_numpy(float)
    judged = evaluate(
        y,
        risk,
        "binary",
        person=people["SEQN"],
        groups=cohort.groups_of(people),
        thresholds=[tier.low for tier in study.tiers if tier.low > 0],
        random_state=study.seed,
    )
    beside = published.beside(study, people, risk)
    return {"task": study.task, "model": model.version, "beside": beside, **judged.to_json()}


def run(study: Study, options: argparse.Namespace) -> None:
    """Cross-fit, fit on everybody, store."""
    path = datasets.get(DATASET).path(options.data)
    frame, source = nhanes.load(path), nhanes.source_digest(path)
    trained = train.trained(study, frame, source=source, threads=options.threads)
    fitted = trained.artifact
    folder = train.save(fitted, options.out, created_on=datetime.now(UTC).date())
    servedreport.write(study, trained, frame, folder)
    _say(f"{study.title}: {len(frame)} rows, model and figures in {folder}")
    _say(f"  cross-fitted: {_headline(fitted.manifest['metrics']['cross_fitted'])}")


def score(study: Study, options: argparse.Namespace) -> None:
    """One row of predictions for each row of the file, in its order."""
    found = predict(_model(study, options.model), datasets.load(DATASET, options.data))
    found.to_csv(options.out, index=False)
    _say(f"{len(found)} rows, {int(found['abstained'].sum())} without a number, in {options.out}")


def validate(study: Study, options: argparse.Namespace) -> None:
    """Metrics with intervals on rows whose outcome is known."""
    frame = datasets.load(DATASET, options.data)
    found = validation(study, _model(study, options.model), frame)
    Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    _say(f"{study.title}: {_headline(found['metrics'])}")


def _model(study: Study, folder: str) -> serving.RiskModel:
    model = serving.load(folder)
    if model.task != study.task:
        raise WrongModel(study.task, model.task)
    return model


def _told(outcome: Outcome) -> tuple[Any, ...]:
    if isinstance(outcome, Abstention):
        return (np.nan, np.nan, np.nan, "", True, outcome.reason)
    return (outcome.risk, outcome.low, outcome.high, outcome.tier, False, "")


def _parser(study: Study) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=study.title)
    commands = parser.add_subparsers(required=True)
    made = commands.add_parser("run", help="fit, report and store the model")
    made.add_argument("--data", help="file or folder; default: the folder of data sets")
    made.add_argument("--out", default=f"var/studies/{study.task}", help="folder to write")
    made.add_argument("--threads", type=int, default=1)
    made.set_defaults(command=run)
    scored = commands.add_parser("score", help="predict each row of a file")
    scored.add_argument("--out", required=True, help="CSV file to write")
    scored.set_defaults(command=score)
    validated = commands.add_parser("validate", help="judge a stored model on a file")
    validated.add_argument("--json", required=True, help="JSON file to write")
    validated.set_defaults(command=validate)
    for later in (scored, validated):
        later.add_argument("--model", required=True, help="folder that `run` wrote")
        later.add_argument("--data", required=True, help="table in the form of the data set")
    return parser


def _headline(metrics: dict[str, Any]) -> str:
    names = ("auroc", "calibration_slope", "observed_expected", "brier")
    told = [(name, metrics[name]) for name in names if metrics[name]["value"] is not None]
    return ", ".join(
        f"{name} {m['value']:.3f} ({m['low']:.3f} to {m['high']:.3f})" for name, m in told
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
