"""Ours beside FLAML and AutoGluon: same rows, same columns, same cores; prints one JSON.

    python benchmarks/automl.py [--seconds 300] [--tasks los_microsoft,readmission_diabetes130]
    python benchmarks/automl.py --install      # the peers, each in an environment under var/peers

All get the prepared table of the study (its cohort, its derived inputs, no leaks): what differs
is the model. A fifth of the people, chosen by hash, is the test. A study has fixed parameters that
were chosen on other splits of the same public rows; the peers search from scratch.
"""

import argparse
import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from ml import datasets, splits  # noqa: E402
from ml.evaluation import bootstrap  # noqa: E402
from ml.evaluation.discrimination import auroc  # noqa: E402
from ml.studies import figures, learning  # noqa: E402

PEERS = {
    "flaml": ["flaml[automl]==2.7.*", "pandas<3"],
    "autogluon": ["autogluon.tabular[lightgbm,xgboost,catboost]"],
}
TASKS = ("los_microsoft", "readmission_diabetes130")
HOME = ROOT / "var" / "peers"
RUNNER = Path(__file__).parent / "peers" / "automl_runner.py"
ROUNDS = 200


def install():
    """Make the environments of the peers; they pin what we must not."""
    for name, packages in PEERS.items():
        subprocess.run(["python3.11", "-m", "venv", str(HOME / name)], check=True)
        subprocess.run([str(python_of(name)), "-m", "pip", "-q", "install", *packages], check=True)


def python_of(peer):
    return HOME / peer / "bin" / "python"


def parts(study):
    """Training and test part of the study's cohort."""
    found = study.cohort(datasets.load(study.dataset))
    train, test = splits.person_holdout(found.person, 0.2, "automl")
    return found, train, test


def ours(study, found, train, test, threads):
    before, wall = time.process_time(), time.perf_counter()
    told = learning.held_out(
        study.problem, found, train, test, random_state=study.problem.seed, threads=threads
    )
    return told, {
        "best": study.problem.model,
        "wall_s": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - before, 1),
    }


def write_parts(folder, found, train, test):
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", train), ("test", test)):
        part = found.X.iloc[rows].assign(outcome=found.y[rows], person=found.person[rows])
        part.to_csv(folder / f"{name}.csv", index=False)


def peer(name, folder, kind, seconds, threads):
    """Predictions and cost, or what went wrong."""
    if not python_of(name).is_file():
        return None, {"error": "not installed: run with --install"}
    command = [python_of(name), RUNNER, name, folder, kind, seconds, threads]
    run = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False,
        env={"OMP_NUM_THREADS": str(threads), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )  # fmt: skip
    if run.returncode:
        return None, {"error": run.stderr.strip().splitlines()[-1] if run.stderr else "failed"}
    told = pd.read_csv(folder / f"{name}.csv")["prediction"].to_numpy()
    return told, json.loads((folder / f"{name}.json").read_text())


def judged(study, found, test, told):
    part = found.part(test)
    metrics = figures.judge(study.problem, part, told, random_state=1).to_json()["metrics"]
    wanted = ("auroc", "average_precision", "brier", "calibration_slope", "r2", "mae", "rmse")
    return {name: metrics[name] for name in wanted if name in metrics}


def ahead(kind, y, person, mine, other):
    """Our AUROC or R² less theirs, 95 % interval over people drawn together."""

    def score(weight, told):
        if kind == "binary":
            return auroc(y, told, weight)
        mean = np.average(y, weights=weight)
        return 1 - np.average((y - told) ** 2, weights=weight) / np.average(
            (y - mean) ** 2, weights=weight
        )  # fmt: skip

    _, numbered = np.unique(person, return_inverse=True)
    draws = bootstrap.draws(numbered, 1, ROUNDS)
    found = [score(weight, mine) - score(weight, other) for weight in draws]
    every = np.ones(len(y))
    low, high = np.quantile(found, [0.025, 0.975])
    return {"value": score(every, mine) - score(every, other), "low": low, "high": high}


def task(name, seconds, threads):
    study = importlib.import_module(f"ml.studies.{name}").STUDY
    found, train, test = parts(study)
    folder = HOME / "work" / name
    write_parts(folder, found, train, test)
    mine, cost = ours(study, found, train, test, threads)
    told = {"ours": {**cost, **judged(study, found, test, mine)}}
    for library in PEERS:
        other, cost = peer(library, folder, study.problem.kind, seconds, threads)
        told[library] = cost
        if other is not None:
            told[library] |= judged(study, found, test, other)
            told[library]["ours_ahead"] = ahead(
                study.problem.kind, found.y[test], found.person[test], mine, other
            )
    return {"train": len(train), "test": len(test), "budget_s": seconds, **told}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--install", action="store_true")
    options = parser.parse_args()
    if options.install:
        install()
        return
    told = {name: task(name, options.seconds, options.threads) for name in options.tasks.split(",")}
    print(json.dumps(told, indent=1, default=float))


if __name__ == "__main__":
    main()
