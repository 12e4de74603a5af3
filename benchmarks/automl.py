"""Ours beside FLAML and AutoGluon: same rows, same columns, same cores; prints one JSON.

    python benchmarks/automl.py [--seconds 300] [--tasks los_microsoft,ckd]
    python benchmarks/automl.py --install      # the peers, each in an environment under var/peers

All get the prepared table of the study (its cohort, its derived inputs, no leaks): what differs
is the model. A fifth of the people, chosen by hash, is the test. A study has fixed parameters that
were chosen on other splits of the same public rows; the peers search from scratch for as long as
they are given. They are told whose each row is (FLAML: folds by person; AutoGluon: a tenth of the
people to choose on, or bags by person), and they seek the figure by which they are judged: AUROC,
R², or the absolute error where the study fits the median. AutoGluon runs twice, as it comes
(medium quality) and at its best (bagged and stacked).
"""

import argparse
import importlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from ml import datasets, splits  # noqa: E402
from ml.evaluation import bootstrap, continuous  # noqa: E402
from ml.evaluation.discrimination import auroc  # noqa: E402
from ml.evaluation.result import plain  # noqa: E402
from ml.models import boosting  # noqa: E402
from ml.studies import cohort, crossfit, figures, learning  # noqa: E402
from ml.studies.tablecohort import TableCohort  # noqa: E402

PEERS = {
    "flaml": ["flaml[automl]==2.7.*", "pandas<3"],
    "autogluon": ["autogluon.tabular[lightgbm,xgboost,catboost]"],
}
RUNS = {  # what is reported: the environment and the preset
    "flaml": ("flaml", ""),
    "autogluon": ("autogluon", "medium_quality"),
    "autogluon_best": ("autogluon", "best_quality"),
}
TASKS = (
    "los_microsoft", "readmission_diabetes130", "los_diabetes130", "los_vitaldb", "support2_death",
    "framingham_chd", "undiagnosed_diabetes", "ckd", "death_10y",
)  # fmt: skip
PATIENCE = 1200  # seconds beyond the budget after which a peer is stopped
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


def loaded(name):
    """A study of a table: its problem, cohort and how it predicts one part from another."""
    study = importlib.import_module(f"ml.studies.{name}").STUDY
    if not hasattr(study, "problem"):
        return served(study)
    found = study.cohort(datasets.load(study.dataset))

    def held_out(train, test, threads):
        return learning.held_out(
            study.problem, found, train, test, random_state=study.problem.seed, threads=threads
        )

    return SimpleNamespace(
        problem=study.problem, found=found, held_out=held_out, best=study.problem.model
    )


def served(study):
    """A served risk: what it reads of a record, and the model that it is served with."""
    from ml.studies import servedreport

    people = cohort.make(study, datasets.load("nhanes"))
    X = pd.DataFrame(people.X.astype(float), columns=list(study.features))
    found = TableCohort(X, people.y, np.arange(len(X)), None, people.groups)

    def held_out(train, test, threads):
        chosen = np.isin(np.arange(len(X)), train)
        booster = crossfit.fit_booster(
            study, people.part(chosen), random_state=study.seed, threads=threads
        )
        return 1 / (1 + np.exp(-boosting.margins(booster, people.X[test])))

    return SimpleNamespace(
        problem=servedreport.problem(study), found=found, held_out=held_out, best="xgboost"
    )


def measure(problem):
    """What the peers seek and all are ranked by."""
    if problem.kind == "binary":
        return "auroc"
    return "mae" if problem.parameters.get("objective") == "reg:quantileerror" else "r2"


def ours(study, train, test, threads):
    before, wall = time.process_time(), time.perf_counter()
    told = study.held_out(train, test, threads)
    return told, {
        "best": study.best,
        "wall_s": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - before, 1),
    }


def write_parts(folder, found, train, test):
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", train), ("test", test)):
        part = found.X.iloc[rows].assign(outcome=found.y[rows], person=found.person[rows])
        part.to_csv(folder / f"{name}.csv", index=False)


def peer(name, folder, metric, seconds, threads):
    """Predictions and cost, or what went wrong."""
    library, preset = RUNS[name]
    if not python_of(library).is_file():
        return None, {"error": "not installed: run with --install"}
    shutil.rmtree(folder / f"{name}_models", ignore_errors=True)
    command = [python_of(library), RUNNER, name, folder, metric, seconds, threads, preset]
    try:
        run = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, check=False,
            env={"OMP_NUM_THREADS": str(threads), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
            timeout=seconds + PATIENCE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, {"error": f"stopped {PATIENCE} s after its budget"}
    if run.returncode:
        return None, {"error": run.stderr.strip().splitlines()[-1] if run.stderr else "failed"}
    told = pd.read_csv(folder / f"{name}.csv")["prediction"].to_numpy()
    return told, json.loads((folder / f"{name}.json").read_text())


def judged(study, test, told):
    part = study.found.part(test)
    metrics = figures.judge(study.problem, part, told, random_state=1).to_json()["metrics"]
    wanted = ("auroc", "average_precision", "brier", "calibration_slope", "r2", "mae", "rmse")
    return {name: metrics[name] for name in wanted if name in metrics}


def ahead(metric, y, person, mine, other):
    """By how much we are better (of an error: smaller), 95 % interval, people drawn together."""
    better = {"auroc": auroc, "r2": continuous.r2, "mae": lambda *told: -continuous.mae(*told)}

    def score(weight, told):
        return better[metric](y, told, weight)

    _, numbered = np.unique(person, return_inverse=True)
    draws = bootstrap.draws(numbered, 1, ROUNDS)
    found = [score(weight, mine) - score(weight, other) for weight in draws]
    every = np.ones(len(y))
    low, high = np.quantile(found, [0.025, 0.975])
    return {
        "metric": metric,
        "value": score(every, mine) - score(every, other),
        "low": low,
        "high": high,
    }


def task(name, seconds, threads):
    study = loaded(name)
    found, metric = study.found, measure(study.problem)
    train, test = splits.person_holdout(found.person, 0.2, "automl")
    folder = HOME / "work" / name
    write_parts(folder, found, train, test)
    mine, cost = ours(study, train, test, threads)
    told = {"ours": {**cost, **judged(study, test, mine)}}
    for library in RUNS:
        other, cost = peer(library, folder, metric, seconds, threads)
        told[library] = cost
        if other is not None:
            told[library] |= judged(study, test, other)
            told[library]["ours_ahead"] = ahead(
                metric, found.y[test], found.person[test], mine, other
            )
        print(name, library, told[library].get("ours_ahead", cost), file=sys.stderr)
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
    print(json.dumps(plain(told), indent=1))


if __name__ == "__main__":
    main()
