"""Small disease sets as one table of honest figures.

    python -m ml.studies.disease_tables run [--data FOLDER] [--out DIR] [--only SET]
    python -m ml.studies.disease_tables score --model DIR/SET --data FILE --out FILE
    python -m ml.studies.disease_tables validate --model DIR/SET --data FILE --json FILE

`run` writes one model a set and `table.csv` with cross-fitted figures and 95 % intervals. Where a
set has hospitals, `left_out` are the AUROCs of each hospital by a model of the others.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml import datasets
from ml.evaluation import discrimination
from ml.models.predicting import predicted
from ml.studies import command, learning, table, tablefiles
from ml.studies.disease_sets import STUDIES
from ml.studies.table import TableStudy

SHOWN = ("auroc", "calibration_slope", "observed_expected", "brier_skill")


class UnknownSet(ValueError):
    """A model folder is not one of these sets."""

    def __init__(self, task: str):
        super().__init__(f"{task!r} is none of the disease sets: {', '.join(STUDIES)}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; what goes wrong by the user's hand is one sentence and exit code 2."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["run"]:
            run(_options(given[1:]))
        else:
            command.main(_study_of(given), given)
    except (ValueError, KeyError, FileNotFoundError) as problem:
        sys.stderr.write(f"disease_tables: {problem}\n")
        raise SystemExit(2) from problem


def run(options: argparse.Namespace) -> None:
    """Fit and store each set; write the table."""
    rows = []
    for name in options.only or STUDIES:
        study, source = STUDIES[name], Path(options.data) if options.data else datasets.folder()
        frame = datasets.load(study.dataset, datasets.get(study.dataset).path(source))
        fitted = table.fit(study, frame, threads=options.threads, source={"name": study.dataset})
        folder = fitted.save(Path(options.out) / name)
        command.report(fitted.problem, folder)
        command.track(tablefiles.read_manifest(folder), folder, options.track)
        rows.append(row(study, frame, fitted.manifest["figures"]))
        sys.stdout.write(f"{rows[-1]['title']}: {rows[-1]['auroc']}\n")
    pd.DataFrame(rows).to_csv(Path(options.out) / "table.csv", index=False)


def row(study: TableStudy, frame: pd.DataFrame, figures: dict[str, Any]) -> dict[str, Any]:
    """One line of the table."""
    tested, simplest = figures["cross_fitted"], figures.get("simplest", figures["cross_fitted"])
    return {
        "set": study.problem.task,
        "title": study.problem.title,
        "people": tested["people"],
        "events": tested["events"],
        **{name: told(tested["metrics"][name]) for name in SHOWN},
        "simplest_auroc": told(simplest["metrics"]["auroc"]),
        "left_out": _left_out_text(study, frame),
        "notes": " ".join(study.problem.notes),
    }


def told(metric: dict[str, Any]) -> str:
    """A figure with its interval, or why there is none."""
    if metric["value"] is None:
        return metric["reason"]
    return f"{metric['value']:.3f} ({metric['low']:.3f} to {metric['high']:.3f})"


def left_out(study: TableStudy, frame: pd.DataFrame, group: str) -> dict[str, float]:
    """AUROC in each part of the population by a model of all other parts."""
    found = study.cohort(frame)
    parts, figures = found.groups[group], {}
    for part in np.unique(parts):
        train, test = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        model = learning.fit(study.problem, found.part(train), random_state=study.problem.seed)
        risk = predicted(model, found.X.iloc[test], "binary")
        figures[str(part)] = discrimination.auroc(found.y[test], risk)
    return figures


def _left_out_text(study: TableStudy, frame: pd.DataFrame) -> str:
    groups = study.problem.groups
    found = left_out(study, frame, groups[0]) if groups else {}
    return "; ".join(f"{part} {value:.3f}" for part, value in found.items())


def _study_of(given: list[str]) -> TableStudy:
    """The study of the model folder that the arguments name; for help any, all have one way."""
    if {"-h", "--help"} & set(given):
        return next(iter(STUDIES.values()))
    parser = argparse.ArgumentParser(prog="python -m ml.studies.disease_tables", add_help=False)
    parser.add_argument("verb", choices=["run", "score", "validate", "recalibrate"])
    parser.add_argument("--model", required=True)
    task = tablefiles.read_manifest(parser.parse_known_args(given)[0].model)["task"]
    if task not in STUDIES:
        raise UnknownSet(task)
    return STUDIES[task]


def _options(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.studies.disease_tables run")
    parser.add_argument("--data", help="the folder of data sets")
    parser.add_argument("--out", default="var/studies/disease_tables", help="folder to write")
    parser.add_argument("--only", action="append", choices=list(STUDIES))
    parser.add_argument("--track", help="folder of the experiments to log to, such as var/mlflow")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
