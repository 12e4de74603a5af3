"""How fast exact explanations are, beside XGBoost's own, on the same rows and cores.

    python benchmarks/explain.py [--rows 100000] [--trees 300] [--depth 4] [--threads 2]
    python benchmarks/explain.py --sizes
    python benchmarks/explain.py --served

Also one row: margin and explanation together, in CPU time. Prints one JSON object; with --sizes
one for each of several models, small to large; with --served one for each risk that is served,
of one row only. Both sides take turns; `ratio` is of the best wall times, `cpu_ratio` of the best
CPU times, which a busy machine disturbs less.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

# This folder last: names of scripts here must not hide those of installed packages.
sys.path.append(sys.path.pop(0))
sys.path.insert(0, str(Path(__file__).parents[1]))

from ml import persistence
from ml.trees import CompiledTrees

Booster = Any  # xgboost is imported where it is used
FEATURES = 40
SIZES = [(50, 3, 20), (300, 4, 40), (1000, 5, 40), (200, 6, 100), (200, 8, 40), (3500, 3, 40)]
SLOW_ROWS = 5_000  # XGBoost's explanations take a third of a millisecond each
ONE_ROW_TIMES = 1_000
ARTIFACTS = Path(__file__).parents[1] / "ml" / "artifacts"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--features", type=int, default=FEATURES)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sizes", action="store_true", help="small to large models")
    parser.add_argument("--served", action="store_true", help="the risks of this repository")
    options = parser.parse_args()
    if options.served:
        measure_served()
        return
    sizes = SIZES if options.sizes else [(options.trees, options.depth, options.features)]
    for trees, depth, features in sizes:
        rows = options.rows if not options.sizes else min(options.rows, 20_000)
        measure(rows, trees, depth, features, options.threads)


def measure(rows: int, trees: int, depth: int, features: int, threads: int) -> None:
    X, booster = made(rows, trees, depth, threads, features)
    compiled = CompiledTrees.of(booster, threads=threads).warm()
    few = X[: max(200, min(SLOW_ROWS, 12_000_000 // (trees * 4**depth)))]
    difference = np.abs(compiled.contributions(few) - peer(booster, few)).max()
    ours, theirs = timed(lambda: compiled.contributions(X), lambda: peer(booster, few))
    ours, theirs = ours.per(len(X)), theirs.per(len(few))
    print(json.dumps({
        "rows": len(X), "trees": trees, "depth": depth, "features": features,
        "pred_contribs_rows_s": round(theirs.wall), "ours_rows_s": round(ours.wall),
        "ratio": round(ours.wall / theirs.wall, 1), "cpu_ratio": round(ours.cpu / theirs.cpu, 1),
        "largest_difference": float(difference),
        "one_row_cpu_ms": round(1000 * one_row(compiled, X), 3),
    }), flush=True)  # fmt: skip


def measure_served() -> None:
    for manifest in sorted(ARTIFACTS.glob("*/manifest.json")):
        compiled = CompiledTrees.of(persistence.load(manifest.parent).booster).warm()
        print(json.dumps({
            "served": manifest.parent.name, "trees": len(compiled.forest.root),
            "questions": len(compiled.forest.feature),
            "one_row_cpu_ms": round(1000 * one_row(compiled, asked(compiled)), 3),
        }), flush=True)  # fmt: skip


def asked(compiled: CompiledTrees) -> np.ndarray:
    """Rows whose values lie among the thresholds of the model, a fifth of them missing."""
    forest, rng = compiled.forest, np.random.default_rng(0)
    X = np.zeros((ONE_ROW_TIMES, forest.features), np.float32)
    for feature in np.unique(forest.feature):
        X[:, feature] = rng.choice(forest.threshold[forest.feature == feature], len(X))
    X[rng.random(X.shape) < 0.2] = np.nan
    return X


def made(
    rows: int, trees: int, depth: int, threads: int, features: int = FEATURES
) -> tuple[np.ndarray, Booster]:
    """Rows with a fifth of the values missing, and a booster of a logistic outcome."""
    import xgboost as xgb

    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, features)).astype(np.float32)
    X[rng.random(X.shape) < 0.2] = np.nan
    logit = np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1] * X[:, 2]) - 2
    y = (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(float)
    settings = {"objective": "binary:logistic", "max_depth": depth, "eta": 0.1, "nthread": threads}
    data = xgb.QuantileDMatrix(X[:50_000], y[:50_000])
    trained = xgb.train(settings, data, trees)
    booster = xgb.Booster(params={"nthread": threads})
    booster.load_model(bytearray(trained.save_raw("ubj")))
    return X, booster


def peer(booster: Booster, X: np.ndarray) -> np.ndarray:
    import xgboost as xgb

    return booster.predict(xgb.DMatrix(X), pred_contribs=True)


class Best(NamedTuple):
    """The best of some runs, in seconds or (`per`) rows a second."""

    wall: float
    cpu: float

    def per(self, rows: int) -> "Best":
        return Best(rows / self.wall, rows / self.cpu)


def timed(*works: Callable[[], object], times: int = 3) -> list[Best]:
    """Each work once to warm up, then all in turns."""
    found = [Best(float("inf"), float("inf"))] * len(works)
    for turn in range(times + 1):
        for number, work in enumerate(works):
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if turn:
                found[number] = Best(min(found[number].wall, wall), min(found[number].cpu, cpu))
    return found


def one_row(compiled: CompiledTrees, X: np.ndarray) -> float:
    rows = [X[n : n + 1] for n in range(min(ONE_ROW_TIMES, len(X)))]
    begun = time.process_time()
    for row in rows:
        compiled.explained(row)
    return (time.process_time() - begun) / len(rows)


if __name__ == "__main__":
    main()
