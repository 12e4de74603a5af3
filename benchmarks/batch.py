"""How fast a million rows are scored, beside XGBoost's `inplace_predict` on the same cores.

    python benchmarks/batch.py [--rows 1000000] [--trees 300] [--depth 4] [--threads 2]
    python benchmarks/batch.py --sizes

The margins must have the same bits. Prints one JSON object, with --sizes one for each of several
models; `ratio` is of the best wall times, `cpu_ratio` of the best CPU times.
"""

import argparse
import json

from explain import FEATURES, SIZES, made, timed

from ml.trees import CompiledTrees


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--features", type=int, default=FEATURES)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sizes", action="store_true", help="small to large models")
    options = parser.parse_args()
    sizes = SIZES if options.sizes else [(options.trees, options.depth, options.features)]
    for trees, depth, features in sizes:
        rows = options.rows if not options.sizes else min(options.rows, 100_000)
        measure(rows, trees, depth, features, options.threads)


def measure(rows: int, trees: int, depth: int, features: int, threads: int) -> None:
    X, booster = made(rows, trees, depth, threads, features)
    compiled = CompiledTrees.of(booster, threads=threads)
    theirs = booster.inplace_predict(X, predict_type="margin")
    assert (compiled.margins(X) == theirs).all(), "margins differ from XGBoost's"
    ours, limit = timed(
        lambda: compiled.margins(X), lambda: booster.inplace_predict(X, predict_type="margin")
    )
    ours, limit = ours.per(rows), limit.per(rows)
    print(json.dumps({
        "rows": rows, "trees": trees, "depth": depth, "features": features,
        "inplace_predict_rows_s": round(limit.wall), "ours_rows_s": round(ours.wall),
        "ratio": round(ours.wall / limit.wall, 1), "cpu_ratio": round(ours.cpu / limit.cpu, 1),
    }), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
