"""Gaps that were filled with knowledge of the outcome before the table came here."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from ml.leakage.findings import BLOCK, Finding

DISTINCT = 20  # a column with fewer values is no measurement
ROWS, SHARE = 20, 0.02
CHANCE = 1e-9
OTHERS = 0.2  # rows of other outcomes there, of those to be expected: a few hold it honestly


def findings(X: pd.DataFrame, y: NDArray[np.float64]) -> list[Finding]:
    """Measurements of which one value occurs often and nearly always with one outcome.

    Filling gaps with the median of the class leaves just this trace, at that very median.
    """
    found = []
    for name in X.columns:
        column = X[name]
        if pd.api.types.is_numeric_dtype(column) and column.nunique() > DISTINCT:
            found += _traces(name, column.to_numpy(float), y)
    return found


def _traces(name: str, column: NDArray[np.float64], y: NDArray[np.float64]) -> list[Finding]:
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    # Zeros and detection limits lie at an end and differ by class for good reasons; medians do not.
    often = values[1:-1][counts[1:-1] >= max(ROWS, SHARE * len(y))]
    for value in often:
        place, hits, rows = _usual(y[column == value])
        usual = float((y == place).mean())
        chance = float(binom.sf(hits - 1, rows, usual))
        pure = 1 - hits / rows <= OTHERS * (1 - usual) and chance < CHANCE
        if pure and _is_middle(value, column[y == place]):
            sentence = (
                f"{name} is {value:g} in {rows:,} rows, {hits:,} of them with one outcome, of "
                "whose values it is the middle. Gaps that were filled by class look so (then "
                "bring the table with its gaps), and so does a value that defines the outcome."
            )
            evidence = {"value": value, "rows": rows, "of_one_outcome": hits}
            return [Finding(BLOCK, "FILLED_BY_CLASS", name, sentence, evidence)]
    return []


def _is_middle(value: float, column: NDArray[np.float64]) -> bool:
    """Filling with the median or mean of a class leaves that median or mean as it was."""
    middles = (np.nanmedian(column), np.nanmean(column))
    return bool(np.isclose(value, middles, rtol=1e-6).any())


def _usual(outcomes: NDArray[np.float64]) -> tuple[float, int, int]:
    """The most frequent outcome, how often it is there, and of how many."""
    places, counts = np.unique(outcomes, return_counts=True)
    return float(places[counts.argmax()]), int(counts.max()), len(outcomes)
