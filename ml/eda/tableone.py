"""Table One: who is in the study, by group, with missing counts and standardised differences."""

import numpy as np
import pandas as pd

from ml.eda.hypothesis import check_groups
from ml.eda.profile import SKEWED, skewness
from ml.eda.variables import Variables, grouped

ALL = "all"
MOST_LEVELS = 8


def table_one(
    explored: Variables, group: pd.Series | None, comparisons: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Rows of numbers and levels: what is shown, missing, a column a group, smd, test, p, q.

    Numbers are mean (SD), or median [quartiles] where |skewness| is 1 or more in the whole;
    levels are n (%) of what is known. `smd` is the largest standardised difference of two groups
    (Yang and Dalton 2012).
    """
    parts = _parts(explored, group)
    rows = [_size(parts)]
    for name in explored.numbers:
        rows.append(_number(name, explored.numbers[name], parts))
    for name in explored.categories:
        if group is None or name != group.name:
            rows.extend(_levels(name, explored.categories[name], parts))
    table = pd.DataFrame(rows)
    if comparisons is None or comparisons.empty:
        return table
    tests = comparisons.set_index("column")[["test", "p", "q"]]
    first = ~table["column"].duplicated()
    joined = table.join(tests, on="column")
    joined.loc[~first, ["test", "p", "q"]] = [None, np.nan, np.nan]
    return joined


def _parts(explored: Variables, group: pd.Series | None) -> dict[str, np.ndarray]:
    rows = len(explored.numbers)
    parts = {ALL: np.ones(rows, dtype=bool)}
    if group is not None:
        checked = check_groups(group)
        levels = sorted(checked.dropna().unique(), key=str)
        parts |= {f"{group.name} = {level}": (checked == level).to_numpy() for level in levels}
    return parts


def _size(parts: dict[str, np.ndarray]) -> dict[str, object]:
    return {
        "column": "n", "level": "", "shown": "", "missing": 0,
        **{name: f"{int(rows.sum()):,}" for name, rows in parts.items()}, "smd": np.nan,
    }  # fmt: skip


def _number(name: str, values: pd.Series, parts: dict[str, np.ndarray]) -> dict[str, object]:
    by_part = {part: values[rows].dropna().to_numpy() for part, rows in parts.items()}
    skewed = abs(skewness(by_part[ALL])) >= SKEWED
    show = _quartiles if skewed else _moments
    groups = [part for name_, part in by_part.items() if name_ != ALL]
    return {
        "column": name, "level": "", "shown": "median [q1, q3]" if skewed else "mean (SD)",
        "missing": int(values.isna().sum()),
        **{part: show(known) for part, known in by_part.items()},
        "smd": _largest(groups, _difference),
    }  # fmt: skip


def _moments(known: np.ndarray) -> str:
    if len(known) == 0:
        return "–"
    sd = known.std(ddof=1) if len(known) > 1 else np.nan
    return f"{_short(known.mean())} ({_short(sd)})"


def _quartiles(known: np.ndarray) -> str:
    if len(known) == 0:
        return "–"
    q1, median, q3 = np.percentile(known, [25, 50, 75])
    return f"{_short(median)} [{_short(q1)}, {_short(q3)}]"


def _short(value: float) -> str:
    if value != value:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _levels(name: str, values: pd.Series, parts: dict[str, np.ndarray]) -> list[dict]:
    values = grouped(values, MOST_LEVELS)
    levels = list(values.value_counts().index)
    counts = {
        part: values[rows].value_counts().reindex(levels, fill_value=0)
        for part, rows in parts.items()
    }
    shares = [c.to_numpy() / max(c.sum(), 1) for part, c in counts.items() if part != ALL]
    smd = _largest(shares, _distance)
    return [
        {
            "column": name, "level": str(level), "shown": "n (%)",
            "missing": int(values.isna().sum()) if place == 0 else np.nan,
            **{part: f"{c[level]:,} ({100 * c[level] / max(c.sum(), 1):.1f} %)"
               for part, c in counts.items()},
            "smd": smd if place == 0 else np.nan,
        }
        for place, level in enumerate(levels)
    ]  # fmt: skip


def _largest(groups: list[np.ndarray], measure) -> float:
    pairs = [(a, b) for i, a in enumerate(groups) for b in groups[i + 1 :]]
    found = [measure(a, b) for a, b in pairs]
    known = [value for value in found if value == value]
    return max(known) if known else np.nan


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    if min(len(a), len(b)) < 2:
        return np.nan
    spread = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    return float(abs(a.mean() - b.mean()) / spread) if spread > 0 else np.nan


def _distance(p: np.ndarray, q: np.ndarray) -> float:
    """Mahalanobis distance of two vectors of shares, the first level left out."""
    if len(p) < 2 or p.sum() == 0 or q.sum() == 0:
        return np.nan
    p, q = p[1:], q[1:]
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    gap = p - q
    return float(np.sqrt(max(0.0, gap @ np.linalg.pinv(covariance) @ gap)))
