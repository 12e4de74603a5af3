"""One AutoML library on one split, run in its own environment; `benchmarks/automl.py` calls it.

    python automl_runner.py flaml FOLDER KIND SECONDS THREADS

reads train.csv and test.csv (columns `outcome` and `person` beside the inputs), writes
FOLDER/LIBRARY.csv with one prediction a row and FOLDER/LIBRARY.json with what it cost.
"""

import json
import resource
import sys
import time
from pathlib import Path

import pandas as pd


def flaml(train, test, kind, seconds, threads):
    from flaml import AutoML

    people = train.pop("person")
    y = train.pop("outcome")
    learner = AutoML()
    learner.fit(
        train,
        y,
        task="classification" if kind == "binary" else "regression",
        metric="roc_auc" if kind == "binary" else "r2",
        time_budget=seconds,
        n_jobs=threads,
        eval_method="cv",
        split_type="group",
        groups=people,
        seed=1,
        verbose=0,
    )
    found = learner.predict_proba(test)[:, 1] if kind == "binary" else learner.predict(test)
    return found, learner.best_estimator


def autogluon(train, test, kind, seconds, threads):
    from autogluon.tabular import TabularPredictor

    learner = TabularPredictor(
        label="outcome",
        problem_type="binary" if kind == "binary" else "regression",
        eval_metric="roc_auc" if kind == "binary" else "r2",
        path=str(Path(sys.argv[2]) / "autogluon_models"),
        verbosity=0,
    )
    learner.fit(
        train.drop(columns="person"),
        time_limit=seconds,
        presets="medium_quality",
        num_cpus=threads,
        num_gpus=0,
    )
    if kind == "binary":
        return learner.predict_proba(test)[1].to_numpy(), learner.model_best
    return learner.predict(test).to_numpy(), learner.model_best


def main():
    library, folder, kind, seconds, threads = sys.argv[1:]
    folder = Path(folder)
    train = pd.read_csv(folder / "train.csv", low_memory=False)
    test = pd.read_csv(folder / "test.csv", low_memory=False).drop(columns=["outcome", "person"])
    # Text in both parts alike: some libraries trip over categories that only one part has.
    for name in test:
        if test[name].dtype == object or train[name].dtype == object:
            train[name], test[name] = (
                f[name].astype(str).astype("category") for f in (train, test)
            )
    before = time.perf_counter()
    found, best = {"flaml": flaml, "autogluon": autogluon}[library](
        train, test, kind, int(seconds), int(threads)
    )
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    told = {
        "best": str(best),
        "wall_s": round(time.perf_counter() - before, 1),
        "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in used), 1),
    }
    pd.DataFrame({"prediction": found}).to_csv(folder / f"{library}.csv", index=False)
    (folder / f"{library}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
