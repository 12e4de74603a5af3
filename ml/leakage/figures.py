"""What single inputs and simple arithmetic say of the outcome; too much is a leak."""

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.evaluation.discrimination import auroc
from ml.leakage.findings import BLOCK, WARN, Finding

TOO_GOOD = 0.95
ROWS = 2000  # of a sample for arithmetic, which tries every pair
COLUMNS = 40
SAME = 1e-6  # relative: arithmetic that hits every row is a definition
FEWEST = 20
LEAST_NUMBERED, LEAST_NAMED = 200, 50  # rows from which distinct numbers, or texts, are no chance
DATE = r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{2,4}"


def single(X: pd.DataFrame, y: NDArray[np.float64], kind: str) -> list[Finding]:
    """Inputs that tell the outcome alone, or by being absent."""
    found = []
    for name in X.columns:
        strength = _strength(X[name], y, kind)
        if strength > TOO_GOOD:
            measure = "R²" if kind in ("number", "survival") else "AUROC"
            sentence = (
                f"{name} alone reaches {measure} {strength:.3f}: it is the outcome in disguise"
            )
            found.append(Finding(BLOCK, "TOO_GOOD", name, sentence, {measure: round(strength, 4)}))
        elif kind == "binary" and (absent := _absence(X[name], y)) > TOO_GOOD:
            sentence = f"Whether {name} is known reaches AUROC {absent:.3f} by itself"
            found.append(
                Finding(BLOCK, "TELLTALE_GAP", name, sentence, {"AUROC": round(absent, 4)})
            )
    return found


def _strength(column: pd.Series, y: NDArray[np.float64], kind: str) -> float:
    """AUROC either way, or the share of variance that 50 steps of the input explain."""
    known = column.notna().to_numpy()
    if known.sum() < FEWEST or len(np.unique(y[known])) < 2:
        return 0.0
    value, outcome = _ordered(column[known], y[known]), y[known]
    if kind == "binary":
        return _either_way(outcome, value)
    if kind == "classes":
        return max(_either_way((outcome == one).astype(float), value) for one in np.unique(outcome))
    return _explained(outcome, value)


def _ordered(column: pd.Series, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers as they are; categories by the mean outcome that the other half of rows has there."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(float)
    codes = pd.factorize(column)[0]
    half = np.random.default_rng(0).random(len(y)) < 0.5
    found = np.empty(len(y))
    for rows in (half, ~half):
        others = pd.Series(y[~rows]).groupby(codes[~rows]).mean()
        found[rows] = pd.Series(codes[rows]).map(others).fillna(y[~rows].mean())
    return found


def _either_way(y: NDArray, value: NDArray) -> float:
    if len(np.unique(y)) < 2:
        return 0.0
    found = auroc(y, value)
    return max(found, 1 - found)


def _absence(column: pd.Series, y: NDArray[np.float64]) -> float:
    absent = column.isna().to_numpy().astype(float)
    return _either_way(y, absent) if FEWEST <= absent.sum() <= len(y) - FEWEST else 0.0


def _explained(y: NDArray[np.float64], value: NDArray[np.float64]) -> float:
    steps = pd.Series(value).rank(pct=True).mul(50).round().astype(int).to_numpy()
    mean = pd.Series(y).groupby(steps).transform("mean").to_numpy()
    variance = float(np.var(y))
    return 1 - float(np.mean((y - mean) ** 2)) / variance if variance else 0.0


def arithmetic(prepared: pd.DataFrame, names: tuple[str, ...], y: NDArray) -> list[Finding]:
    """Inputs that make the outcome by a sum, difference, product or quotient, dates among them."""
    numbers = numeric(prepared, names)
    rows = np.random.default_rng(0).permutation(len(y))[:ROWS]
    outcome = y[rows]
    if len(np.unique(outcome)) < 3:
        return []
    found = []
    columns = {name: values[rows] for name, values in list(numbers.items())[:COLUMNS]}
    for left, right, sign, value in _combinations(columns):
        if _equal(value, outcome):
            sentence = f"{left} {sign} {right} is the outcome itself"
            found.append(Finding(BLOCK, "ARITHMETIC", left, sentence, {"with": right}))
    return found


def numeric(prepared: pd.DataFrame, names: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """Numbers, and texts that are dates as days."""
    found = {}
    for name in names:
        column = prepared[name]
        if pd.api.types.is_numeric_dtype(column):
            found[name] = column.to_numpy(float)
        elif (days := _days(column)) is not None:
            found[name] = days
    return found


def _days(column: pd.Series) -> NDArray[np.float64] | None:
    known = column.dropna().astype(str)
    if known.empty or not known.head(50).str.match(DATE).all():
        return None
    moments = pd.to_datetime(column, errors="coerce", format="mixed")
    return ((moments - moments.min()) / pd.Timedelta(days=1)).to_numpy(float)


def _combinations(columns: dict[str, NDArray]) -> Iterator[tuple[str, str, str, NDArray]]:
    with np.errstate(all="ignore"):
        for left, right in combinations(columns, 2):
            yield left, right, "plus", columns[left] + columns[right]
            yield left, right, "times", columns[left] * columns[right]
        for left, right in permutations(columns, 2):
            yield left, right, "less", columns[left] - columns[right]
            yield left, right, "over", columns[left] / columns[right]


def _equal(value: NDArray, outcome: NDArray) -> bool:
    known = np.isfinite(value) & np.isfinite(outcome)
    if known.sum() < FEWEST:
        return False
    value, outcome = value[known], outcome[known]
    spread = float(np.ptp(outcome))
    near = np.abs(value - outcome) <= max(SAME * spread, SAME)
    # A part of a day more or less, or a stay counted from one: the same for nearly all rows.
    shifted = np.abs(value - outcome - np.median(value - outcome)) <= SAME * max(spread, 1)
    return spread > 0 and bool(max(near.mean(), shifted.mean()) > 0.98)


def identifiers(prepared: pd.DataFrame, names: tuple[str, ...]) -> list[Finding]:
    """Texts and whole numbers with hardly two rows alike number the rows."""
    found = []
    for name in names:
        least = LEAST_NUMBERED if pd.api.types.is_numeric_dtype(prepared[name]) else LEAST_NAMED
        if len(prepared) >= least and _numbers_rows(prepared[name].dropna(), len(prepared)):
            sentence = f"{name} differs in nearly every row, as a name or a number of rows does"
            found.append(Finding(WARN, "LIKE_AN_IDENTIFIER", name, sentence))
    return found


def _numbers_rows(column: pd.Series, rows: int) -> bool:
    if len(column) < 0.9 * rows or column.nunique() < 0.98 * len(column):
        return False
    if not pd.api.types.is_numeric_dtype(column):
        return True
    return bool((column == column.round()).all())
