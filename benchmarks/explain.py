"""How fast exact explanations are, beside XGBoost's own, on the same rows and cores.

    python benchmarks/explain.py [--rows 100000] [--trees 300] [--depth 4] [--threads 2]

Also one row: margin and explanation together, in CPU time. Prints one JSON object.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from ml.trees import CompiledTrees

Booster = Any  # xgboost is imported where it is used
FEATURES = 40
SLOW_ROWS = 5_000  # XGBoost's explanations take a third of a millisecond each
ONE_ROW_TIMES = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    X, booster = made(options.rows, options.trees, options.depth, options.threads)
    compiled = CompiledTrees.of(booster, threads=options.threads)
    few = X[:SLOW_ROWS]
    difference = np.abs(compiled.contributions(few) - peer(booster, few)).max()
    ours = len(X) / seconds(lambda: compiled.contributions(X))
    theirs = len(few) / seconds(lambda: peer(booster, few))
    print(json.dumps({
        "rows": len(X), "trees": options.trees, "depth": options.depth,
        "pred_contribs_rows_s": round(theirs), "ours_rows_s": round(ours),
        "ratio": round(ours / theirs, 1), "largest_difference": float(difference),
        "one_row_cpu_ms": round(1000 * one_row(compiled, X), 3),
    }))  # fmt: skip


def made(rows: int, trees: int, depth: int, threads: int) -> tuple[np.ndarray, Booster]:
    """Rows with a fifth of the values missing, and a booster of a logistic outcome."""
    import xgboost as xgb

    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, FEATURES)).astype(np.float32)
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


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The best of some runs after one to warm up."""
    work()
    best = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


def one_row(compiled: CompiledTrees, X: np.ndarray) -> float:
    rows = [X[n : n + 1] for n in range(ONE_ROW_TIMES)]
    begun = time.process_time()
    for row in rows:
        compiled.margins(row)
        compiled.contributions(row)
    return (time.process_time() - begun) / len(rows)


if __name__ == "__main__":
    main()
