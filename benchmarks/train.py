"""What the whole zoo costs with a tuned search on 100,000 rows, and what it gets; prints one JSON.

    python benchmarks/train.py [--rows 100000] [--trials 6] [--models xgboost,logistic]

The rows are invented stays with gaps, bends, an interaction and two categories; their true risk is
known, so that `best_possible` is the AUROC of the truth. Each model searches by Optuna on a sample
of people, is fitted on four fifths of the people and judged on the last.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

sys.path.insert(0, str(Path(__file__).parent.parent))

from ml import splits
from ml.evaluation.discrimination import auroc
from ml.models import zoo
from ml.studies import figures, learning
from ml.studies.problem import Input, Problem, Search
from ml.studies.tablecohort import cohort

NUMBERS = 18
SEARCHED_ROWS = 10_000


def invented(rows, seed=0):
    """Prepared rows and their true risk."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(rows, 1))
    values = 0.5 * shared + rng.normal(size=(rows, NUMBERS))
    frame = pd.DataFrame(values, columns=[f"lab{i:02d}" for i in range(NUMBERS)])
    frame["age"] = np.clip(rng.normal(62, 16, rows), 18, 99).round()
    frame["male"] = rng.integers(0, 2, rows)
    frame["ward"] = rng.choice([f"ward {i}" for i in range(12)], rows)
    frame["unit"] = rng.choice([f"unit {i}" for i in range(60)], rows)
    of_ward = rng.normal(0, 0.4, 12)[frame["ward"].str[5:].astype(int)]
    of_unit = rng.normal(0, 0.3, 60)[frame["unit"].str[5:].astype(int)]
    z = -3.2 + 0.03 * (frame["age"] - 62) + 0.3 * frame["male"] + of_ward + of_unit
    z += 0.5 * values[:, 0] + 0.35 * values[:, 1] ** 2 - 0.4 * np.abs(values[:, 2])
    z += 0.6 * (values[:, 3] > 0.5) * (frame["age"] > 70) - 0.3 * values[:, 4]
    risk = expit(z)
    frame["died"] = (rng.random(rows) < risk).astype(float)
    frame["person"] = rng.integers(0, int(rows * 0.7), rows)
    for i in range(NUMBERS):
        frame.loc[rng.random(rows) < 0.02 * i, f"lab{i:02d}"] = np.nan
    return frame, risk.to_numpy()


def problem():
    names = (*(f"lab{i:02d}" for i in range(NUMBERS)), "age")
    inputs = [Input(name) for name in names]
    inputs += [Input("male", "flag"), Input("ward", "category"), Input("unit", "category")]
    return Problem(
        "invented", "Invented stays", "Invented adults", "admission", "died", "died in hospital",
        "binary", tuple(inputs), person="person",
    )  # fmt: skip


def measured(entry, found, train, test, trials, threads):
    """CPU and wall seconds of search, fit and prediction, and the figures on the test people."""
    asked = replace(problem(), model=entry.name)
    before, wall = time.process_time(), time.perf_counter()
    if entry.space:
        few = learning.at_most(SEARCHED_ROWS, found.person, train)
        search = replace(asked, search=Search("optuna", trials))
        asked = learning.settled(search, found.part(few), random_state=1, threads=threads)
    searched = time.process_time()
    rows = learning.at_most(entry.most_rows, found.person, train)
    model = learning.fit(asked, found.part(rows), random_state=1, threads=threads)
    fitted = time.process_time()
    told = learning.predicted(model, found.X.iloc[test], "binary")
    judged = figures.judge(asked, found.part(test), told, random_state=1).to_json()["metrics"]
    return {
        "auroc": judged["auroc"],
        "calibration_slope": judged["calibration_slope"],
        "brier_skill": judged["brier_skill"],
        "rows": len(rows),
        "search_cpu_s": round(searched - before, 1),
        "fit_cpu_s": round(fitted - searched, 1),
        "wall_s": round(time.perf_counter() - wall, 1),
        "parameters": dict(asked.parameters),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", default="")
    options = parser.parse_args()
    frame, risk = invented(options.rows)
    found = cohort(problem(), frame)
    train, test = splits.person_holdout(found.person, 0.2, "train")
    names = options.models.split(",") if options.models else [
        entry.name for entry in zoo.of_kind("binary") if entry.name != "published"
    ]  # fmt: skip
    told = {}
    for name in names:
        told[name] = measured(zoo.get(name), found, train, test, options.trials, options.threads)
        print(name, told[name]["auroc"]["value"], told[name]["wall_s"], file=sys.stderr)
    best = auroc(found.y[test], risk[test])
    print(json.dumps({"rows": options.rows, "best_possible": best, "models": told}, indent=1))


if __name__ == "__main__":
    main()
