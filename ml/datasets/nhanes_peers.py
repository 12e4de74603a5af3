"""Make the reference distributions of `ml.features.peers` from NHANES.

python -m ml.datasets.nhanes_peers --data FOLDER_OF_NHANES
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.datasets import nhanes
from ml.features import peers, person

# Calculated analytes -> feature, so that there is one definition of each.
CALCULATED = {"EGFR": "egfr", "UACR": "uacr", "NONHDL": "non_hdl", "CRP": "crp"}
# Osmolality is not measured in the survey; the urine values mean something as a ratio only.
LEFT_OUT = frozenset({"OSM", "UALB", "UCREAT", "HSCRP", *CALCULATED})
FEWEST = 50  # peers in a cell
PEOPLE_AT_ONCE = 2000
DIGITS = 4


def build(frame: pd.DataFrame) -> dict[str, Any]:
    """Quantiles of every analyte by sex and age band, as `peers.json` holds them."""
    adults = frame[frame["pregnant"] != 1]
    columns = _columns(adults)
    sexes = np.where(adults["sex"] == 1, "male", "female")
    bands = np.array([peers.band_of(age) for age in adults["age"]])
    cells = {
        f"{code} {sex} {band}": cell
        for code, values in sorted(columns.items())
        for sex in ("female", "male")
        for band in peers.BANDS
        if (cell := _cell(values[(sexes == sex) & (bands == band)]))
    }
    return {"source": nhanes.NAME, "licence": nhanes.LICENCE, "grid": peers.GRID, "cells": cells}


def write(frame: pd.DataFrame, path: Path) -> None:
    """One cell a line, so that a change can be read."""
    table = build(frame)
    cells = table.pop("cells")
    head = json.dumps(table)[:-1]
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(cell)}" for key, cell in cells.items())
    path.write_text(f'{head}, "cells": {{\n{lines}\n}}}}\n', encoding="utf-8")


def _columns(frame: pd.DataFrame) -> dict[str, NDArray[np.float32]]:
    measured = {
        code: frame[column].to_numpy(np.float32) * np.float32(factor)
        for column, (code, _, factor) in nhanes.MEASUREMENTS.items()
        if code not in LEFT_OUT
    }
    parts = [
        person.matrix(
            nhanes.iter_facts(frame.iloc[start : start + PEOPLE_AT_ONCE]),
            tuple(CALCULATED.values()),
        )
        for start in range(0, len(frame), PEOPLE_AT_ONCE)
    ]
    return measured | dict(zip(CALCULATED, np.concatenate(parts).T, strict=True))


def _cell(values: NDArray[np.float32]) -> dict[str, Any] | None:
    known = values[~np.isnan(values)]
    if len(known) < FEWEST:
        return None
    quantiles = np.percentile(known, peers.GRID)
    return {"count": len(known), "quantiles": [float(f"{q:.{DIGITS}g}") for q in quantiles]}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.datasets.nhanes_peers")
    parser.add_argument("--data", required=True, help="the NHANES table or its folder")
    parser.add_argument("--out", default=peers.FILE, type=Path)
    options = parser.parse_args(arguments)
    write(nhanes.load(options.data), options.out)


if __name__ == "__main__":
    main()
