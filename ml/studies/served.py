"""The command line of the served NHANES risks, with the verbs of every study.

    python -m ml.studies.death_10y run [--data PATH] [--out DIR]
    python -m ml.studies.death_10y score --model DIR --data FILE --out FILE
    python -m ml.studies.death_10y validate --model DIR --data FILE --json FILE
    python -m ml.studies.death_10y recalibrate --model DIR --data FILE --out DIR

FILE has the columns of the NHANES table. Scoring goes the way of the product: each row becomes
`Facts`, and the model may refuse.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import datasets, persistence, serving
from ml.datasets import nhanes
from ml.evaluation import Evaluation, evaluate
from ml.persistence import Artifact
from ml.studies import cohort, published, registry, repair, seen, servedreport, train
from ml.studies.command import sentence, track
from ml.studies.spec import Study
from ml.types import Abstention, Outcome

log = logging.getLogger(__name__)
DATASET = "nhanes"
PEOPLE_AT_ONCE = 1000
LATE = ". Ten-year outcomes exist for the cycles to 2007-08 only"
PUT_RIGHT = "Risks were put right"
BEFORE = "Of the model before the repair: "
COLUMNS = ("risk", "low", "high", "tier", "abstained", "reason")


class WrongModel(ValueError):
    """A model folder holds another study."""

    def __init__(self, asked: str, found: str):
        super().__init__(f"The folder holds a model of {found}, not of {asked}: give its own")


class OutcomeAbsent(ValueError):
    """A table lacks a column of the outcome, without which nothing can be judged."""

    def __init__(self, study: Study, column: str):
        super().__init__(
            f"The table lacks {column}, which tells the outcome: {study.outcome_text}. "
            "`score` does without."
        )


class NobodyToJudge(ValueError):
    """No row has the outcome of the study."""

    def __init__(self, study: Study):
        super().__init__(
            f"No row tells the outcome ({study.outcome_text}) of the population: "
            f"{study.population}{LATE if study.horizon_years else ''}"
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
    """One row for each row of the frame, in order: risk and tier, or why there is none.

    A column that the frame lacks is unknown of everybody.
    """
    frame = frame.reindex(columns=list(nhanes.FACT_COLUMNS))
    starts = range(0, len(frame), PEOPLE_AT_ONCE)
    found = [
        _told(outcome)
        for start in starts
        for outcome in model.assess_many(
            nhanes.to_facts(frame.iloc[start : start + PEOPLE_AT_ONCE]), surveyed=True
        )
    ]
    return pd.DataFrame(found, columns=list(COLUMNS))


def validation(study: Study, model: serving.RiskModel, frame: pd.DataFrame) -> dict[str, Any]:
    """Figures with intervals on everybody whose outcome is known, as plain values."""
    people, y, risk = _foretold(study, model, frame)
    judged = _judge(study, people, y, risk)
    beside = published.compared(study, people, risk)
    return {"task": study.task, "model": model.version, "beside": beside, **judged.to_json()}


def _foretold(
    study: Study, model: serving.RiskModel, frame: pd.DataFrame
) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.float64]]:
    """People whose outcome is known, the outcome, and the risk that each was told."""
    try:
        outcome = study.outcome(frame)
    except KeyError as absent:
        raise OutcomeAbsent(study, absent.args[0]) from absent
    known = (outcome.notna() & (frame["age"] >= study.age_min)).to_numpy()
    if not known.any():
        raise NobodyToJudge(study)
    people, y = frame[known], outcome.to_numpy(float)[known]
    return people, y, predict(model, people)["risk"].to_numpy(float)


def _judge(
    study: Study, people: pd.DataFrame, y: NDArray[np.float64], risk: NDArray[np.float64]
) -> Evaluation:
    return evaluate(
        y,
        risk,
        "binary",
        person=people["SEQN"],
        groups=cohort.groups_of(people),
        thresholds=[tier.low for tier in study.tiers if tier.low > 0],
        random_state=study.seed,
    )


def recalibrated(
    study: Study, artifact: Artifact, frame: pd.DataFrame, source: str
) -> tuple[Artifact, repair.Repaired]:
    """The model with the level and slope that these rows ask for, as the web will serve it.

    `source` is the digest of their file. Raises repair.NothingToRepair.
    """
    manifest = artifact.manifest
    same = source == manifest["data"]["sha256"]
    repair.refuse_seen(same or seen.share(manifest.get(seen.KEY), seen.of_survey(frame)))
    plain = {**manifest["serving"], repair.KEY: None}
    model = serving.RiskModel(replace(artifact, manifest={**manifest, "serving": plain}))
    people, y, risk = _foretold(study, model, frame)
    told = np.isfinite(risk)
    people, y, risk = people[told], y[told], risk[told]
    done = repair.made(
        y, risk, people["SEQN"].to_numpy(),
        lambda after: _judge(study, people, y, after),
        keeps_order=True, random_state=study.seed,
    )  # fmt: skip
    record = done.record(manifest, {"rows": len(y), "sha256": source})
    said = f"{PUT_RIGHT} ({repair.WORDS[done.offer.repair.method]}) on {len(y):,} people of a site"
    record["study"] = _with_note(manifest["study"], f"{said}: {done.sentences()[1]}.")
    record["card"] = _repaired_card(manifest.get("card", ()), done, said)
    return replace(artifact, manifest={**record, "serving": done.serving(plain)}), done


def run(study: Study, options: argparse.Namespace) -> None:
    """Cross-fit, fit on everybody, store."""
    path = datasets.get(DATASET).path(options.data)
    frame, source = nhanes.load(path), nhanes.source_digest(path)
    trained = train.trained(study, frame, source=source, threads=options.threads)
    fitted = trained.artifact
    folder = train.save(fitted, options.out, created_on=datetime.now(UTC).date())
    servedreport.write(study, trained, folder)
    track(_record(persistence.read_manifest(folder), trained.told), folder, options.track)
    _say(f"{study.title}: {len(frame)} rows, model and figures in {folder}")
    _say(f"  cross-fitted: {_headline(fitted.manifest['metrics']['cross_fitted'])}")


def _record(manifest: dict[str, Any], told: servedreport.Told) -> dict[str, Any]:
    """The manifest with what the experiments ask for under the names of the other studies."""
    return manifest | {
        "specification": manifest["study"]["digest"],
        "figures": {name: found.to_json() for name, found in told.evaluations.items()},
    }


def score(study: Study, options: argparse.Namespace) -> None:
    """One row of predictions for each row of the file, in its order."""
    found = predict(_model(study, options.model), _rows(study, options.data))
    Path(options.out).parent.mkdir(parents=True, exist_ok=True)
    found.to_csv(options.out, index=False)
    _say(f"{len(found)} rows, {int(found['abstained'].sum())} without a number, in {options.out}")


def validate(study: Study, options: argparse.Namespace) -> None:
    """Metrics with intervals on rows whose outcome is known."""
    found = validation(study, _model(study, options.model), _rows(study, options.data))
    Path(options.json).parent.mkdir(parents=True, exist_ok=True)
    Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    _say(f"{study.title}: {_headline(found['metrics'])}")


def _with_note(told: dict[str, Any], said: str) -> dict[str, Any]:
    """The study in words, with what its card has to say of the repair."""
    kept = [note for note in told["notes"] if not note.startswith(PUT_RIGHT)]
    note = f"{said} The other figures are those of the model before."
    return {**told, "notes": [*kept, note]}


def _repaired_card(
    attributes: Sequence[dict[str, str]], done: repair.Repaired, said: str
) -> list[dict[str, str]]:
    """The card with limits and validity of the repaired risks before those of the model before."""
    figures = "; ".join(done.figures())
    flags = "".join(f" {flag}" for flag in done.after.flags)
    new = {
        "3.ii": f"{said}, and hold for people like these: elsewhere use the model before.{flags}",
        "7.i": f"{said}, and judged on people left out of the repair: {figures}.",
    }
    local = f"{said}. By people left out of the repair, {figures}."

    def told(found: dict[str, str]) -> dict[str, str]:
        code = found["code"]
        if code == "8.ii":
            return {**found, "text": local, "source": "figures"}
        if code not in new:
            return found
        was = found["text"].rpartition(BEFORE)[2]  # a repair of a repair starts from the first
        return {**found, "text": f"{new[code]} {BEFORE}{was}", "source": "figures"}

    return [told(found) for found in attributes]


def recalibrate(study: Study, options: argparse.Namespace) -> None:
    """A copy of the model whose risks are put right on people that it has not seen."""
    artifact = persistence.load(options.model)
    _refuse_other(study, artifact.manifest["task"])
    path = datasets.get(DATASET).path(options.data)
    frame = _rows(study, options.data)
    repaired, done = recalibrated(study, artifact, frame, nhanes.source_digest(path))
    folder = persistence.save(repaired, options.out)
    done.write(folder, {"task": study.task, "model": artifact.manifest["version"]})
    _say(f"{study.title}: model with repaired risks in {folder}")
    _say("\n".join(f"  {line}" for line in done.sentences()))


def _rows(study: Study, path: str) -> pd.DataFrame:
    """Rows of a file; what the study reads of it and the file lacks is unknown, and told."""
    frame = datasets.load(DATASET, path)
    absent = [name for name in cohort.columns_of(study) if name not in frame]
    if absent:
        log.warning("The table lacks %s; read as missing", ", ".join(absent))
    frame = frame.reindex(columns=[*frame.columns, *absent])
    alone = pd.Series(np.arange(-len(frame), 0.0), frame.index)  # who has no number
    return frame.assign(SEQN=frame.get("SEQN", alone).fillna(alone))


def _model(study: Study, folder: str) -> serving.RiskModel:
    model = serving.load(folder)
    _refuse_other(study, model.task)
    return model


def _refuse_other(study: Study, task: str) -> None:
    if task != study.task:
        raise WrongModel(study.task, task)


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
    made.add_argument("--track", help="folder of the experiments to log to, such as var/mlflow")
    made.add_argument("--threads", type=int, default=1)
    made.set_defaults(command=run)
    scored = commands.add_parser("score", help="predict each row of a file")
    scored.add_argument("--out", required=True, help="CSV file to write")
    scored.set_defaults(command=score)
    validated = commands.add_parser("validate", help="judge a stored model on a file")
    validated.add_argument("--json", required=True, help="JSON file to write")
    validated.set_defaults(command=validate)
    repaired = commands.add_parser("recalibrate", help="put the risks right on a site's own rows")
    repaired.add_argument("--out", required=True, help="folder of the repaired model")
    repaired.set_defaults(command=recalibrate)
    for later in (scored, validated, repaired):
        later.add_argument("--model", required=True, help="folder that `run` wrote")
        later.add_argument("--data", required=True, help="table in the form of the data set")
    return parser


def _headline(metrics: dict[str, Any]) -> str:
    names = ("auroc", "calibration_slope", "observed_expected", "brier")
    told = [(name, metrics[name]) for name in names if metrics[name]["value"] is not None]
    words = [f"{name} {m['value']:.3f} ({m['low']:.3f} to {m['high']:.3f})" for name, m in told]
    return ", ".join(words) or "not enough data for a figure"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
