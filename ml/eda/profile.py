"""Each column by itself: type, missingness, distribution, outliers."""

import numpy as np
import pandas as pd
from scipy import stats

from ml.datasets.dataset import Column
from ml.datasets.opening import Table, limits
from ml.eda.variables import Variables, grouped

MOST_BINS, FEWEST_BINS = 40, 8
FENCE = 3.0  # Tukey's outer fence, in interquartile ranges
WHISKER = 1.5
SKEWED = 1.0  # |skewness| from which a median says more than a mean
NUMBERS = ("mean", "sd", "min", "q1", "median", "q3", "max", "skewness", "kurtosis")


def columns(table: Table, explored: Variables) -> pd.DataFrame:
    """One row a column: what it is, how much is known, what it holds."""
    return pd.DataFrame([_column(table, column, explored) for column in table.columns])


def _column(table: Table, column: Column, explored: Variables) -> dict[str, object]:
    values = table.frame[column.name]
    known = int(values.notna().sum())
    facts: dict[str, object] = {
        "column": column.name,
        "type": column.type,
        "unit": column.unit,
        "meaning": column.meaning,
        "known": known,
        "missing": len(values) - known,
        "missing_percent": round(100 * (1 - known / len(values)), 2) if len(values) else np.nan,
        "distinct": int(values.nunique()),
        **dict.fromkeys(NUMBERS, np.nan),
        "commonest": "",
        "left_out": explored.left_out.get(column.name, ""),
    }
    if column.name in explored.numbers:
        facts |= describe(explored.numbers[column.name])
    elif column.name in explored.categories:
        facts["commonest"] = _commonest(explored.categories[column.name])
    return facts


def describe(values: pd.Series) -> dict[str, float]:
    """Moments (n - 1 for the deviation, bias-corrected skewness and kurtosis) and quartiles."""
    known = values.dropna().to_numpy()
    if len(known) == 0:
        return dict.fromkeys(NUMBERS, np.nan)
    low, q1, median, q3, high = np.percentile(known, [0, 25, 50, 75, 100])
    varied = len(known) > 3 and high > low
    return {
        "mean": float(known.mean()),
        "sd": float(known.std(ddof=1)) if len(known) > 1 else np.nan,
        "min": float(low), "q1": float(q1), "median": float(median), "q3": float(q3),
        "max": float(high),
        "skewness": skewness(known),
        "kurtosis": float(stats.kurtosis(known, bias=False)) if varied else np.nan,
    }  # fmt: skip


def skewness(known: np.ndarray) -> float:
    """Bias-corrected skewness; 0 for values that do not vary, as nothing is askew there."""
    if len(known) < 3 or np.ptp(known) <= 1e-12 * np.abs(known).max():
        return 0.0
    return float(stats.skew(known, bias=False))


def _commonest(values: pd.Series) -> str:
    counts = values.value_counts()
    return f"{counts.index[0]} ({counts.iloc[0]:,})" if len(counts) else ""


def histograms(explored: Variables) -> pd.DataFrame:
    """Bins of numbers and counts of levels, long: column, kind, low, high, level, count."""
    parts = [_bins(name, explored.numbers[name]) for name in explored.numbers]
    parts += [_levels(name, explored.categories[name]) for name in explored.categories]
    empty = pd.DataFrame(columns=["column", "kind", "low", "high", "level", "count"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def _bins(name: str, values: pd.Series) -> pd.DataFrame:
    known = values.dropna().to_numpy()
    edges = bin_edges(known)
    counts, edges = np.histogram(known, edges)
    return pd.DataFrame(
        {"column": name, "kind": "number", "low": edges[:-1], "high": edges[1:], "level": "",
         "count": counts}
    )  # fmt: skip


def bin_edges(known: np.ndarray) -> np.ndarray:
    """Freedman-Diaconis over the bulk; what lies beyond the 0.5 % tails joins the end bins."""
    low, high = np.percentile(known, [0.5, 99.5])
    if high <= low:
        low, high = known.min(), known.max()
    if high <= low:
        return np.array([low - 0.5, low + 0.5])
    distinct = np.unique(known[:10_000])
    if len(distinct) <= FEWEST_BINS + MOST_BINS // 2 and (distinct % 1 == 0).all():
        width = max(1, np.ptp(known) // MOST_BINS)
        return np.arange(known.min() - 0.5, known.max() + 0.5 + width, width)
    spread = np.subtract(*np.percentile(known, [75, 25]))
    width = 2 * spread / np.cbrt(len(known)) or (high - low) / FEWEST_BINS
    count = int(np.clip(np.ceil((high - low) / width), FEWEST_BINS, MOST_BINS))
    edges = np.linspace(low, high, count + 1)
    edges[0], edges[-1] = min(edges[0], known.min()), max(edges[-1], known.max())
    return edges


def _levels(name: str, values: pd.Series) -> pd.DataFrame:
    counts = grouped(values).value_counts()
    return pd.DataFrame(
        {"column": name, "kind": "category", "low": np.nan, "high": np.nan,
         "level": counts.index.astype(str), "count": counts.to_numpy()}
    )  # fmt: skip


def boxes(explored: Variables) -> pd.DataFrame:
    """Quartiles, Tukey's whiskers and the counts beyond the fences, a row a number."""
    return pd.DataFrame([_box(name, explored.numbers[name]) for name in explored.numbers])


def _box(name: str, values: pd.Series) -> dict[str, object]:
    known = values.dropna().to_numpy()
    q1, median, q3 = np.percentile(known, [25, 50, 75])
    reach = WHISKER * (q3 - q1)
    inside = known[(known >= q1 - reach) & (known <= q3 + reach)]
    low, high = q1 - FENCE * (q3 - q1), q3 + FENCE * (q3 - q1)
    below, above = int((known < low).sum()), int((known > high).sum())
    varied = q3 > q1
    return {
        "column": name, "n": len(known), "lower_whisker": inside.min(), "q1": q1,
        "median": median, "q3": q3, "upper_whisker": inside.max(), "min": known.min(),
        "max": known.max(), "far_below": below if varied else 0,
        "far_above": above if varied else 0,
        "far_out_percent": round(100 * (below + above) / len(known), 2) if varied else 0.0,
        "skewed": abs(skewness(known)) >= SKEWED,
    }  # fmt: skip


def impossible(table: Table) -> pd.DataFrame:
    """Values outside what the analyte or the schema permits: column, low, high, count."""
    rows = []
    for column in table.columns:
        bounds = limits(column) if column.type == "number" else None
        if bounds is not None:
            values = table.frame[column.name].astype(float)
            count = int((values.notna() & ~values.between(*bounds)).sum())
            rows.append((column.name, column.unit, *bounds, count, values.min(), values.max()))
    names = ["column", "unit", "permitted_low", "permitted_high", "outside", "min", "max"]
    found = pd.DataFrame(rows, columns=names)
    return found[found["outside"] > 0].reset_index(drop=True)
