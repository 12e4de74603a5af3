"""What is missing, in which combinations, and whether that can be chance (Little's test)."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

MOST_PATTERNS = 40
MOST_COLUMNS = 12  # in Little's test
MOST_ROWS = 10_000
FEWEST_KNOWN = 0.05  # share known from which a column can take part
ITERATIONS, TOLERANCE = 200, 1e-5
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class McarTest:
    """Little's test that values are missing completely at random.

    `statistic` is chi-squared with `df` degrees of freedom; `note` says why there is none.
    """

    statistic: float
    df: int
    p: float
    patterns: int
    rows: int
    columns: tuple[str, ...]
    note: str = ""

    @property
    def sentence(self) -> str:
        """What the test says, for a reader."""
        if self.note:
            return self.note
        told = f"χ² = {self.statistic:.1f}, {self.df} degrees of freedom, p = {self.p:.3g}"
        if self.p < LEVEL:
            return (
                f"Not missing completely at random ({told}): analyses of complete rows may be "
                "biased; say why values are missing before leaving rows out."
            )
        return f"No evidence against missing completely at random ({told}); that is no proof."


def patterns(frame: pd.DataFrame) -> pd.DataFrame:
    """Combinations of missing columns by falling count: rows, percent, columns, missing.

    `missing` is a list in JSON.
    """
    absent = frame.isna()
    some = absent.loc[:, absent.any()]
    if some.empty or some.shape[1] == 0:
        return pd.DataFrame(columns=["rows", "percent", "columns", "missing"])
    packed = np.packbits(some.to_numpy(), axis=1)
    keys, first, counts = np.unique(packed, axis=0, return_index=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rows = []
    for place in order[:MOST_PATTERNS]:
        names = some.columns[some.iloc[first[place]].to_numpy()]
        told = json.dumps([str(name) for name in names], ensure_ascii=False)  # may hold any sign
        rows.append((counts[place], 100 * counts[place] / len(frame), len(names), told))
    found = pd.DataFrame(rows, columns=["rows", "percent", "columns", "missing"])
    found.attrs["all"] = len(keys)
    return found


def little(numbers: pd.DataFrame, *, random_state: int = 0) -> McarTest:
    """Little's test (JASA 1988;83:1198) on the numeric columns with the most gaps.

    Means and covariance by maximum likelihood (EM) under a normal distribution. At most
    `MOST_COLUMNS` columns and `MOST_ROWS` rows (drawn at random) take part. A significant result
    speaks against MCAR, or against normality.
    """
    chosen = _chosen(numbers)
    data = numbers[chosen]
    data = data[data.notna().any(axis=1)]
    if len(data) > MOST_ROWS:
        data = data.sample(MOST_ROWS, random_state=random_state)
    names = tuple(chosen)
    if not data.isna().to_numpy().any() or len(names) < 2:
        return _no_test(names, len(data), "Little's test needs two numbers and a gap in one.")
    scaled = ((data - data.mean()) / data.std()).to_numpy()
    groups = _groups(scaled)
    df = int(groups.seen.sum() - scaled.shape[1])
    if df < 1 or len(data) < 2 * scaled.shape[1] + 10:
        return _no_test(names, len(data), "Too few rows or patterns for Little's test.")
    mean, covariance = _em(groups, scaled)
    statistic = _statistic(groups, mean, covariance)
    p = float(stats.chi2.sf(statistic, df))
    return McarTest(statistic, df, p, len(groups.count), len(data), names)


def _no_test(names: tuple[str, ...], rows: int, note: str) -> McarTest:
    return McarTest(np.nan, 0, np.nan, 0, rows, names, note)


def _chosen(numbers: pd.DataFrame) -> list[str]:
    """Columns with most gaps first; none that is constant, nearly empty or a copy of another."""
    known = numbers.notna().mean()
    usable = numbers.loc[:, (known >= FEWEST_KNOWN) & (numbers.std() > 1e-12)]
    order = usable.notna().mean().sort_values(kind="stable").index[:MOST_COLUMNS]
    kept: list[str] = []
    for name in order:
        if not kept or usable[kept].corrwith(usable[name]).abs().fillna(0).max() < 0.995:
            kept.append(name)
    return [name for name in numbers if name in kept]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows summed up by pattern: what is seen (patterns, columns), count, mean, scatter.

    Means and scatters (about the group's own mean) are 0 where a column is missing.
    """

    seen: np.ndarray
    count: np.ndarray
    mean: np.ndarray
    scatter: np.ndarray


def _groups(scaled: np.ndarray) -> _Groups:
    seen, inverse = np.unique(~np.isnan(scaled), axis=0, return_inverse=True)
    filled = np.nan_to_num(scaled)
    parts = [filled[inverse.ravel() == place] for place in range(len(seen))]
    means = np.array([rows.mean(axis=0) for rows in parts])
    scatter = np.array([np.cov(rows.T, ddof=0).reshape(2 * (rows.shape[1],)) for rows in parts])
    count = np.array([len(rows) for rows in parts], dtype=float)
    return _Groups(seen.astype(float), count, means, scatter * count[:, None, None])


def _em(groups: _Groups, scaled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maximum-likelihood mean and covariance of a normal with gaps, from pattern summaries."""
    mean = np.nanmean(scaled, axis=0)
    covariance = np.diag(np.nanvar(scaled, axis=0))
    for _ in range(ITERATIONS):
        new_mean, new_covariance = _step(groups, mean, covariance)
        change = max(np.abs(new_mean - mean).max(), np.abs(new_covariance - covariance).max())
        mean, covariance = new_mean, new_covariance
        if change < TOLERANCE:
            break
    return mean, covariance


def _step(groups: _Groups, mean: np.ndarray, covariance: np.ndarray):
    """One round: expected sums given what is seen, then their mean and covariance."""
    # Maps what is seen to the expectation of everything; the identity on what is seen.
    slopes = (covariance * groups.seen[:, None, :]) @ _inverses(groups, covariance)
    gaps = (groups.mean - mean) * groups.seen
    filled = mean + (slopes @ gaps[:, :, None])[:, :, 0]
    rest = covariance - slopes @ (covariance * groups.seen[:, :, None])
    spread = slopes @ groups.scatter @ slopes.transpose(0, 2, 1)
    rows = groups.count.sum()
    new_mean = groups.count @ filled / rows
    products = (groups.count[:, None] * filled).T @ filled
    total = spread.sum(axis=0) + np.tensordot(groups.count, rest, 1) + products
    return new_mean, total / rows - np.outer(new_mean, new_mean)


def _inverses(groups: _Groups, covariance: np.ndarray) -> np.ndarray:
    """Inverse of the covariance of what each pattern shows, 0 elsewhere."""
    shown = groups.seen[:, :, None] * groups.seen[:, None, :]
    identity = np.eye(len(covariance))
    padded = covariance * shown + identity * (1 - groups.seen[:, :, None]) + 1e-9 * identity
    return np.linalg.inv(padded) * shown


def _statistic(groups: _Groups, mean: np.ndarray, covariance: np.ndarray) -> float:
    gaps = (groups.mean - mean) * groups.seen
    distances = np.einsum("gi,gij,gj->g", gaps, _inverses(groups, covariance), gaps)
    return float(groups.count @ distances)
