"""One AutoML library on one split, run in its own environment; `benchmarks/automl.py` calls it.

    python automl_runner.py NAME FOLDER METRIC SECONDS THREADS [PRESET]

NAME is flaml or begins with autogluon, METRIC auroc, r2 or mae.

reads train.csv and test.csv (columns `outcome` and `person` beside the inputs), writes
FOLDER/NAME.csv with one prediction a row and FOLDER/NAME.json with what it cost.
"""

import json
import resource
import sys
import time
import zlib
from pathlib import Path

import pandas as pd

CHOSEN_ON = 10  # one person in so many
BAGS = 8


def bag_of(people, count):
    """A number below `count` for each row, the same for all rows of a person."""
    return people.astype(str).map(lambda name: zlib.crc32(f"automl{name}".encode()) % count)


def flaml(train, test, metric, seconds, threads):
    from flaml import AutoML

    people = train.pop("person")
    y = train.pop("outcome")
    learner = AutoML()
    learner.fit(
        train,
        y,
        task="classification" if metric == "auroc" else "regression",
        metric="roc_auc" if metric == "auroc" else metric,
        time_budget=seconds,
        n_jobs=threads,
        eval_method="cv",
        split_type="group",
        groups=people,
        seed=1,
        verbose=0,
    )
    found = learner.predict_proba(test)[:, 1] if metric == "auroc" else learner.predict(test)
    return found, learner.best_estimator


def autogluon(train, test, metric, seconds, threads, preset, path):
    from autogluon.tabular import TabularPredictor

    people = train.pop("person")
    bagged = preset != "medium_quality"
    how = {}
    if bagged:
        train["bag"] = bag_of(people, BAGS)
        how["dynamic_stacking"] = False  # it splits rows, not people, and fails with given bags
    else:
        chosen = bag_of(people, CHOSEN_ON) == 0
        train, how["tuning_data"] = train[~chosen], train[chosen]
    learner = TabularPredictor(
        label="outcome",
        problem_type="binary" if metric == "auroc" else "regression",
        eval_metric={"auroc": "roc_auc", "r2": "r2", "mae": "mean_absolute_error"}[metric],
        path=path,
        verbosity=0,
        **({"groups": "bag"} if bagged else {}),
    )
    learner.fit(train, time_limit=seconds, presets=preset, num_cpus=threads, num_gpus=0, **how)
    if metric == "auroc":
        return learner.predict_proba(test)[1].to_numpy(), learner.model_best
    return learner.predict(test).to_numpy(), learner.model_best


def main():
    name, folder, metric, seconds, threads, *preset = sys.argv[1:]
    folder = Path(folder)
    train = pd.read_csv(folder / "train.csv", low_memory=False)
    test = pd.read_csv(folder / "test.csv", low_memory=False).drop(columns=["outcome", "person"])
    # Text in both parts alike: some libraries trip over categories that only one part has.
    for column in test:
        if test[column].dtype == object or train[column].dtype == object:
            train[column], test[column] = (
                f[column].astype(str).astype("category") for f in (train, test)
            )
    before = time.perf_counter()
    asked = (train, test, metric, int(seconds), int(threads))
    if name == "flaml":
        found, best = flaml(*asked)
    else:
        found, best = autogluon(*asked, preset[0], str(folder / f"{name}_models"))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    told = {
        "best": str(best),
        "wall_s": round(time.perf_counter() - before, 1),
        "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in used), 1),
    }
    pd.DataFrame({"prediction": found}).to_csv(folder / f"{name}.csv", index=False)
    (folder / f"{name}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
