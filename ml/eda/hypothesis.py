"""Do groups differ? The test that fits the data, its effect size with interval, q-values.

The rule, the same for every column:

- number, two groups: Welch's t test (Hedges' g) where each group has at least 30 values and
  |skewness| below 1; else Mann-Whitney U (rank-biserial correlation)
- number, three groups or more: Kruskal-Wallis (epsilon squared)
- category: chi-squared (Cramér's V) where at least 80 % of expected counts are 5 or more and
  none is below 1; else Fisher's exact test (by simulation beyond 2 x 2)

Benjamini-Hochberg q-values run over all columns compared. Rows must be independent.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from ml.eda.correlation import q_values
from ml.eda.profile import SKEWED, skewness
from ml.eda.variables import Variables, grouped

LARGE, FEWEST = 30, 5
MOST_GROUPS = 10
EXPECTED, EXPECTED_SHARE = 5, 0.8
RESAMPLES = 9999
Z = stats.norm.ppf(0.975)


class NoGroups(ValueError):
    """The column does not part the rows into groups that can be compared."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column between groups; `statistic` is that of `test`, `effect` lies in its interval."""

    column: str
    test: str
    n: int
    groups: int
    statistic: float
    p: float
    effect_name: str
    effect: float
    effect_low: float
    effect_high: float
    note: str = ""


def check_groups(group: pd.Series) -> pd.Series:
    """Groups with at least `FEWEST` rows. Raises NoGroups with a sentence."""
    counts = group.value_counts()
    kept = counts[counts >= FEWEST].index
    if len(kept) < 2:
        raise NoGroups(
            f"{group.name} has fewer than two groups of at least {FEWEST} rows: nothing to compare."
        )
    if len(kept) > MOST_GROUPS:
        raise NoGroups(
            f"{group.name} has {len(kept)} groups; at most {MOST_GROUPS} can be compared. "
            "Join some, or name another column."
        )
    return group.where(group.isin(kept))


def compare(
    explored: Variables, group: pd.Series, *, leave_out: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Every column between the groups of `group`, by falling effect within rising q."""
    group = check_groups(group)
    found = [
        compare_number(explored.numbers[name], group)
        for name in explored.numbers
        if name not in leave_out
    ]
    found += [
        compare_category(explored.categories[name], group)
        for name in explored.categories
        if name not in leave_out and name != group.name
    ]
    table = pd.DataFrame([_row(comparison) for comparison in found], columns=list(_NAMES))
    table.insert(list(_NAMES).index("p") + 1, "q", q_values(table["p"]))
    return table.sort_values(["q", "p", "column"], kind="stable", ignore_index=True)


_NAMES = Comparison.__dataclass_fields__


def _row(comparison: Comparison) -> dict[str, object]:
    return {name: getattr(comparison, name) for name in _NAMES}


def _none(name: str, n: int, groups: int, note: str) -> Comparison:
    return Comparison(name, "none", n, groups, *[np.nan] * 2, "", *[np.nan] * 3, note)


def compare_number(values: pd.Series, group: pd.Series) -> Comparison:
    """One number between groups, by the rule of this module."""
    known = values.notna() & group.notna()
    parts = [part.to_numpy() for _, part in values[known].groupby(group[known], observed=True)]
    parts = [part for part in parts if len(part) >= FEWEST]
    name, n = str(values.name), sum(len(part) for part in parts)
    if len(parts) < 2:
        return _none(name, n, len(parts), f"fewer than two groups with {FEWEST} known values")
    if np.ptp(np.concatenate(parts)) == 0:
        return _none(name, n, len(parts), "does not vary")
    if len(parts) > 2:
        return _kruskal(name, parts)
    return _welch(name, *parts) if all(map(_is_tame, parts)) else _mann_whitney(name, *parts)


def _is_tame(part: np.ndarray) -> bool:
    return len(part) >= LARGE and np.ptp(part) > 0 and abs(skewness(part)) < SKEWED


def _welch(name: str, a: np.ndarray, b: np.ndarray) -> Comparison:
    result = stats.ttest_ind(a, b, equal_var=False)
    df = len(a) + len(b) - 2
    pooled = np.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / df)
    g = (a.mean() - b.mean()) / pooled * (1 - 3 / (4 * df - 1))
    error = np.sqrt((len(a) + len(b)) / (len(a) * len(b)) + g**2 / (2 * (len(a) + len(b))))
    return Comparison(
        name, "Welch t", len(a) + len(b), 2, float(result.statistic), float(result.pvalue),
        "Hedges g", float(g), float(g - Z * error), float(g + Z * error),
    )  # fmt: skip


def _mann_whitney(name: str, a: np.ndarray, b: np.ndarray) -> Comparison:
    result = stats.mannwhitneyu(a, b, method="auto")
    area = result.statistic / (len(a) * len(b))
    error = _area_error(area, len(a), len(b))
    low, high = (float(np.clip(2 * (area + s * Z * error) - 1, -1, 1)) for s in (-1, 1))
    return Comparison(
        name, "Mann-Whitney U", len(a) + len(b), 2, float(result.statistic),
        float(result.pvalue), "rank-biserial", float(2 * area - 1), low, high,
    )  # fmt: skip


def _area_error(area: float, a: int, b: int) -> float:
    """Standard error of the area under the curve (Hanley and McNeil 1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (a - 1) * (q1 - area**2) + (b - 1) * (q2 - area**2)
    return float(np.sqrt(max(variance, 0) / (a * b)))


def _kruskal(name: str, parts: list[np.ndarray]) -> Comparison:
    result = stats.kruskal(*parts)
    n, df = sum(map(len, parts)), len(parts) - 1
    low, high = noncentral_interval(float(result.statistic), df)
    return Comparison(
        name, "Kruskal-Wallis", n, len(parts), float(result.statistic), float(result.pvalue),
        "epsilon squared", float(result.statistic / (n - 1)), low / (n - 1), high / (n - 1),
    )  # fmt: skip


def compare_category(values: pd.Series, group: pd.Series) -> Comparison:
    """One category between groups, by the rule of this module; rare levels are joined."""
    known = values.notna() & group.notna()
    table = pd.crosstab(grouped(values[known]), group[known])
    counts = table.to_numpy()
    name, n = str(values.name), int(counts.sum())
    if min(counts.shape, default=0) < 2:
        return _none(name, n, counts.shape[1] if counts.ndim > 1 else 0, "only one level is known")
    expected = stats.contingency.expected_freq(counts)
    chi = stats.chi2_contingency(counts, correction=False)
    dims = n * (min(counts.shape) - 1)
    low, high = noncentral_interval(float(chi.statistic), chi.dof)
    effect = (float(np.sqrt(chi.statistic / dims)), np.sqrt(low / dims), np.sqrt(high / dims))
    effect = tuple(min(1.0, float(value)) for value in effect)
    enough = (expected >= EXPECTED).mean() >= EXPECTED_SHARE and expected.min() >= 1
    if enough:
        return Comparison(name, "chi-squared", n, counts.shape[1], float(chi.statistic),
                          float(chi.pvalue), "Cramér V", *effect)  # fmt: skip
    statistic, p, note = _fisher(counts)
    return Comparison(name, "Fisher exact", n, counts.shape[1], statistic, p, "Cramér V", *effect,
                      note)  # fmt: skip


def _fisher(counts: np.ndarray) -> tuple[float, float, str]:
    """Odds ratio and p of a 2 x 2 table; beyond that p by simulation with fixed margins."""
    if counts.shape == (2, 2):
        result = stats.fisher_exact(counts)
        return float(result.statistic), float(result.pvalue), ""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(counts.shape[0]), counts.sum(axis=1))
    drawn = stats.random_table(counts.sum(axis=1), counts.sum(axis=0)).rvs(
        RESAMPLES if len(rows) < 5000 else RESAMPLES // 10, random_state=rng
    )
    weights = _log_factorials(int(counts.max(initial=0)) + int(drawn.max(initial=0)) + 1)
    observed = weights[counts].sum()
    as_rare = (weights[drawn].sum(axis=(1, 2)) >= observed - 1e-9).sum()
    return np.nan, float((as_rare + 1) / (len(drawn) + 1)), f"p from {len(drawn):,} tables"


def _log_factorials(most: int) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def noncentral_interval(statistic: float, df: int) -> tuple[float, float]:
    """95 % interval of the noncentrality of a chi-squared statistic."""
    return (
        _noncentrality(lambda nc: stats.ncx2.sf(statistic, df, nc) - 0.025, statistic, df),
        _noncentrality(lambda nc: stats.ncx2.sf(statistic, df, nc) - 0.975, statistic, df),
    )


def _noncentrality(gap: Callable[[float], float], statistic: float, df: int) -> float:
    """Where `gap`, which rises with the noncentrality, is 0; 0 if it is positive from the start."""
    if gap(1e-9) >= 0:
        return 0.0
    if statistic > 1e4:  # normal approximation: the exact one is slow and the same there
        target = Z if gap(statistic) < 0 else -Z
        return max(0.0, statistic - df + target * np.sqrt(2 * (2 * statistic - df)))
    high = statistic + df + 10 * np.sqrt(statistic + df) + 20
    return float(optimize.brentq(gap, 1e-9, high, xtol=1e-6))
