"""How fast a million rows are scored, beside XGBoost's `inplace_predict` on the same cores.

    python benchmarks/batch.py [--rows 1000000] [--trees 300] [--depth 4] [--threads 2]

The margins must have the same bits. Prints one JSON object.
"""

import argparse
import json

from explain import made, seconds

from ml.trees import CompiledTrees


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    X, booster = made(options.rows, options.trees, options.depth, options.threads)
    compiled = CompiledTrees.of(booster, threads=options.threads)
    theirs = booster.inplace_predict(X, predict_type="margin")
    assert (compiled.margins(X) == theirs).all(), "margins differ from XGBoost's"
    limit = len(X) / seconds(lambda: booster.inplace_predict(X, predict_type="margin"))
    ours = len(X) / seconds(lambda: compiled.margins(X))
    print(json.dumps({
        "rows": len(X), "trees": options.trees, "depth": options.depth,
        "inplace_predict_rows_s": round(limit), "ours_rows_s": round(ours),
        "ratio": round(ours / limit, 1),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
