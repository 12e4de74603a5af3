"""The command line that every study of a table has.

python -m ml.studies.NAME run [--data PATH] [--out DIR]
python -m ml.studies.NAME score --model DIR --data FILE --out FILE
python -m ml.studies.NAME validate --model DIR --data FILE --json FILE
python -m ml.studies.NAME recalibrate --model DIR --data FILE --out DIR
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import datasets, reports, tracking
from ml.evaluation import recalibration
from ml.evaluation.result import Evaluation
from ml.studies import (
    beside,
    facts,
    figures,
    repair,
    seen,
    table,
    tablecohort,
    tablefiles,
    tableparts,
)
from ml.studies.problem import Problem
from ml.studies.table import FittedTable, TableStudy


def main(study: TableStudy, arguments: Sequence[str] | None = None) -> None:
    """Run one command; what goes wrong by the user's hand is one sentence and exit code 2."""
    options = _parser(study).parse_args(arguments)
    try:
        options.command(study, options)
    except (ValueError, KeyError, OSError) as problem:
        sys.stderr.write(f"{study.problem.task}: {sentence(problem)}\n")
        raise SystemExit(2) from problem


def sentence(problem: Exception) -> str:
    """What went wrong, for people; a bare key is a column that the code of a study asked for."""
    if not isinstance(problem, KeyError):
        return str(problem)
    told = str(problem.args[0])
    if told.endswith(("not in index", "are in the [columns]")):  # of pandas, for several columns
        names = re.findall(r"'([^']+)'", told)
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        return f"The table lacks the columns {', '.join(names[:5])}{more}"
    return told if " " in told else f"The table lacks the column {told}"


def run(study: TableStudy, options: argparse.Namespace) -> None:
    """Fit, report and store: figures from cross-fitting, the model from everybody."""
    # A bad file and a wrong name are better told now than in an hour.
    facts.of(study.problem.task, options.facts)
    figures.refuse_unknown(study.problem)
    frame = _load(study, options.data)
    source = _source(study, options.data)
    fitted = table.fit(
        study,
        frame,
        threads=options.threads,
        source=source,
        thorough=True,
        progress=lambda text: sys.stderr.write(f"{study.problem.task}: {text}\n"),
    )
    manifest = {**fitted.manifest, "created_on": datetime.now(UTC).date().isoformat()}
    folder = replace(fitted, manifest=manifest).save(options.out)
    stored = report(fitted.problem, folder, options.facts)
    track(stored, folder, options.track)
    _say(f"{study.problem.title}: {len(frame)} rows, model and figures in {folder}")
    for name, found in manifest["figures"].items():
        _say(f"  {name}: {headline(found, fitted.problem.metrics)}")
    for leak in manifest["leakage"]:
        _say(f"  leakage, {leak['severity']}: {leak['sentence']}")


def report(problem: Problem, folder: str | Path, told: str | None = None) -> dict[str, Any]:
    """Write report and card beside a stored model; gives its manifest.

    `told` is a file with what only people know; see `ml.studies.facts`.
    """
    stored = tablefiles.read_manifest(folder)
    said = facts.of(problem.task, told)
    record = {name: value for name, value in stored.items() if name != seen.KEY}
    reports.write(stored["figures"], problem, folder, record=record, facts=said)
    return stored


def track(manifest: Mapping[str, Any], folder: str | Path, store: str | None) -> None:
    """Log a run with its files to the experiments in the folder `store`, if one is given."""
    if store:
        version = tracking.open_store(store).log(manifest, folder)
        _say(f"{manifest['task']}: version {version} in {store}")


def score(study: TableStudy, options: argparse.Namespace) -> None:
    """One row of predictions for each row of the file, in its order."""
    fitted = FittedTable.load(options.model, study.prepare)
    found = fitted.predict(_load(study, options.data))
    Path(options.out).parent.mkdir(parents=True, exist_ok=True)
    found.to_csv(options.out, index=False)
    _say(f"{len(found)} rows, {int(found['abstained'].sum())} without a number, in {options.out}")


def validate(study: TableStudy, options: argparse.Namespace) -> None:
    """Metrics with intervals on rows whose outcome is known."""
    fitted = FittedTable.load(options.model, study.prepare)
    found = validation(study, fitted, _load(study, options.data))
    Path(options.json).parent.mkdir(parents=True, exist_ok=True)
    Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    _say(f"{study.problem.title}: {headline(found, fitted.problem.metrics)}")
    if found.get("recalibration", {}).get("needed"):
        _say("  slope or O:E is out of limits: see `recalibrate`")


def recalibrate(study: TableStudy, options: argparse.Namespace) -> None:
    """A copy of the model whose risks are put right on rows that it has not seen."""
    fitted = FittedTable.load(options.model, study.prepare)
    repaired, done = recalibrated(study, fitted, _load(study, options.data))
    folder = repaired.save(options.out)
    done.write(folder, {"task": study.problem.task, "model": fitted.manifest["version"]})
    _say(f"{study.problem.title}: model with repaired risks in {folder}")
    _say("\n".join(f"  {line}" for line in done.sentences()))


def recalibrated(
    study: TableStudy, fitted: FittedTable, frame: pd.DataFrame
) -> tuple[FittedTable, repair.Repaired]:
    """The model with the repair that these rows carry. Raises repair.NothingToRepair."""
    problem = fitted.problem
    if problem.kind != "binary":
        raise repair.NothingToRepair("Only a risk of yes or no is recalibrated")
    plain = replace(fitted, serving={**fitted.serving, repair.KEY: None})
    found, value = _foretold(study, plain, frame)
    same = tablecohort.data_digest(found) == fitted.manifest["data"]["digest"]
    repair.refuse_seen(same or seen.share(fitted.manifest.get(seen.KEY), seen.digests(found.X)))
    known = np.flatnonzero(np.isfinite(value))
    part = found.part(known)

    def judge(risk: NDArray[np.float64]) -> Evaluation:
        return figures.judge(problem, part, risk, random_state=problem.seed)

    done = repair.made(part.y, value[known], part.person, judge, random_state=problem.seed)
    rows = {"rows": len(known), "digest": tablecohort.data_digest(found)}
    manifest = done.record(fitted.manifest, rows)
    return replace(fitted, serving=done.serving(fitted.serving), manifest=manifest), done


def validation(study: TableStudy, fitted: FittedTable, frame: pd.DataFrame) -> dict[str, Any]:
    """What `validate` writes."""
    problem = fitted.problem
    found, value = _foretold(study, fitted, frame)
    judged = figures.judge(problem, found, value, random_state=problem.seed)
    told = {"task": problem.task, "model": fitted.manifest.get("version"), **judged.to_json()}
    told["beside"] = _beside(study, fitted, frame, found, value)
    if problem.kind == "binary" and (known := np.isfinite(value)).any():
        offer = recalibration.offer(
            found.y[known], value[known], person=found.person[known], random_state=problem.seed
        )
        told["recalibration"] = offer.to_json()
    return told


def _beside(
    study: TableStudy,
    fitted: FittedTable,
    frame: pd.DataFrame,
    found: tablecohort.TableCohort,
    value: NDArray[np.float64],
) -> dict[str, Any]:
    """The model and each score of others on the rows of the file that both accept."""
    problem = fitted.problem
    rows = study.prepare(frame.reset_index(drop=True)).loc[found.X.index]
    y, ours = figures.truth(problem, found.y), figures.ranked(problem, value)
    how = {"person": found.person, "random_state": problem.seed}
    return {
        name: beside.compared(score, y, ours, score.of(rows), problem.kind, **how)
        for name, score in study.beside.items()
    }


def _foretold(
    study: TableStudy, fitted: FittedTable, frame: pd.DataFrame
) -> tuple[tablecohort.TableCohort, NDArray[np.float64]]:
    """Rows with a known outcome, and what the model says of them."""
    problem, rows = fitted.problem, frame.reset_index(drop=True)
    found = tablecohort.cohort(problem, study.prepare(rows))
    columns = tableparts.value_columns(problem)
    if problem.kind == "number" and fitted.serving.get("interval"):
        columns += ["low", "high"]
    told = fitted.predict(rows).loc[found.X.index, columns]
    return found, told.iloc[:, 0].to_numpy() if len(columns) == 1 else told.to_numpy()


def _parser(study: TableStudy) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=study.problem.title)
    commands = parser.add_subparsers(required=True)
    made = commands.add_parser("run", help="fit, report and store the model")
    made.add_argument("--data", help="file or folder; default: the folder of data sets")
    made.add_argument("--out", default=f"var/studies/{study.problem.task}", help="folder to write")
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--facts", help="TOML of what only people know, for the model card")
    made.add_argument("--track", help="folder of the experiments to log to, such as var/mlflow")
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


def _load(study: TableStudy, path: str | None) -> pd.DataFrame:
    return datasets.load(study.dataset, path)


def _source(study: TableStudy, path: str | None) -> dict[str, Any]:
    """Where the rows come from; of a file also what it was, byte by byte."""
    if path is None or not Path(path).is_file():
        return {"name": study.dataset}
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return {"name": study.dataset, "file": Path(path).name, "sha256": digest}


LEAD = ("auroc", "c_index", "r2", "mae", "rmse", "accuracy", "macro_auroc", "calibration_slope",
        "observed_expected", "brier", "coverage")  # fmt: skip


def headline(found: dict[str, Any], asked: Sequence[str] = ()) -> str:
    """The metrics that a problem asks for, or the first, in words: `auroc 0.731 (0.712 to 0.750)`.

    All others stand in the report. What asks for more than a score has is told without.
    """
    metrics = {name: m for name, m in found["metrics"].items() if m["value"] is not None}
    names = [name for name in asked or LEAD if name in metrics] or list(metrics)
    told = [
        f"{name} {metrics[name]['value']:.3f}"
        f" ({metrics[name]['low']:.3f} to {metrics[name]['high']:.3f})"
        for name in names
    ]
    return ", ".join(told[: len(asked) or 4]) or "not enough data for a figure"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
