"""Correlations of all pairs of numbers: Pearson and Spearman with n, p and q."""

import numpy as np
import pandas as pd
from scipy import stats

MOST_COLUMNS = 120  # beyond it, those with most known values take part
FEWEST_ROWS = 10  # of a pair
MOST_CELLS = 4e7  # pairs x rows up to which ranks are made anew for each pair with gaps
SAMPLE = 4_000  # rows used for such pairs beyond that


def correlations(numbers: pd.DataFrame, *, random_state: int = 0) -> pd.DataFrame:
    """Long table of pairs: a, b, n, pearson, pearson_p, spearman, spearman_n, spearman_p, q's.

    Each pair uses the rows in which both are known, as `scipy.stats.pearsonr` and `spearmanr`
    do. q-values are Benjamini-Hochberg over all pairs. Rows must be independent.
    """
    data = _chosen(numbers)
    names = list(data)
    first, second = np.triu_indices(len(names), 1)
    if len(first) == 0:
        return _empty()
    values = data.to_numpy(float)
    n, r = pearson(values)
    rank_n, rho = _spearman(values, random_state)
    pairs = pd.DataFrame(
        {
            "a": np.array(names, dtype=object)[first],
            "b": np.array(names, dtype=object)[second],
            "n": n[first, second].astype(int),
            "pearson": r[first, second],
            "spearman": rho[first, second],
            "spearman_n": rank_n[first, second].astype(int),
        }
    )
    enough = pairs["n"] >= FEWEST_ROWS
    pairs.loc[~enough, ["pearson", "spearman"]] = np.nan
    pairs["pearson_p"] = p_of(pairs["pearson"], pairs["n"])
    pairs["spearman_p"] = p_of(pairs["spearman"], pairs["spearman_n"])
    for kind in ("pearson", "spearman"):
        pairs[f"{kind}_q"] = q_values(pairs[f"{kind}_p"])
    order = pairs["spearman"].abs().sort_values(ascending=False, kind="stable").index
    return pairs.loc[order, _empty().columns].reset_index(drop=True)


def _empty() -> pd.DataFrame:
    names = ["a", "b", "n", "pearson", "pearson_p", "pearson_q"]
    return pd.DataFrame(columns=[*names, "spearman", "spearman_n", "spearman_p", "spearman_q"])


def _chosen(numbers: pd.DataFrame) -> pd.DataFrame:
    varied = numbers.loc[:, numbers.std().fillna(0) > 0]
    if varied.shape[1] <= MOST_COLUMNS:
        return varied
    best = varied.notna().sum().sort_values(ascending=False, kind="stable").index[:MOST_COLUMNS]
    return varied[[name for name in varied if name in set(best)]]


def pearson(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairwise-complete counts and Pearson correlations of columns, by matrix products."""
    known = ~np.isnan(values)
    with np.errstate(all="ignore"):
        x = _standardised(values, known)
        m = known.astype(float)
        n = m.T @ m
        total, squares, products = x.T @ m, (x * x).T @ m, x.T @ x
        covariance = products - total * total.T / n
        spread = squares - total**2 / n
        r = covariance / np.sqrt(spread * spread.T)
    r[(spread < 1e-10) | (spread.T < 1e-10)] = np.nan
    return n, np.clip(r, -1, 1)


def _standardised(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Columns about their mean in standard deviations, 0 where missing: sums stay small."""
    count = np.maximum(known.sum(axis=0), 1)
    x = np.where(known, values, 0.0)
    x = np.where(known, x - x.sum(axis=0) / count, 0.0)
    scale = np.sqrt((x * x).sum(axis=0) / count)
    return x / np.where(scale > 0, scale, 1)


def _spearman(values: np.ndarray, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    whole = ~np.isnan(values).any(axis=0)
    ranks = np.full_like(values, np.nan)
    if whole.any():
        ranks[:, whole] = stats.rankdata(values[:, whole], axis=0)
    n, rho = pearson(ranks)
    for i, j, rows in _pairs_with_gaps(values, whole, random_state):
        n[i, j] = len(rows)
        rho[i, j] = _rank_correlation(values[rows, i], values[rows, j])
    return n, rho


def _pairs_with_gaps(values: np.ndarray, whole: np.ndarray, random_state: int):
    """Pairs in which a value is missing somewhere, with the rows to use."""
    known = ~np.isnan(values)
    first, second = np.triu_indices(values.shape[1], 1)
    gaps = ~(whole[first] & whole[second])
    is_large = gaps.sum() * len(values) > MOST_CELLS
    rng = np.random.default_rng(random_state)
    for i, j in zip(first[gaps], second[gaps], strict=True):
        rows = np.flatnonzero(known[:, i] & known[:, j])
        if is_large and len(rows) > SAMPLE:
            rows = rng.choice(rows, SAMPLE, replace=False)
        yield i, j, rows


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    if len(a) < 2:
        return np.nan
    pair = stats.rankdata(np.column_stack([a, b]), axis=0)
    pair -= pair.mean(axis=0)
    spread = np.sqrt((pair**2).sum(axis=0)).prod()
    return float(np.clip(pair[:, 0] @ pair[:, 1] / spread, -1, 1)) if spread > 0 else np.nan


def p_of(r: pd.Series, n: pd.Series) -> np.ndarray:
    """Two-sided p of a correlation by Student's t with n - 2 degrees of freedom."""
    r, df = r.to_numpy(float), n.to_numpy(float) - 2
    with np.errstate(all="ignore"):
        t = np.abs(r) * np.sqrt(df / ((1 - r) * (1 + r)))
        return np.where(df > 0, 2 * stats.t.sf(t, df), np.nan)


def q_values(p) -> np.ndarray:
    """Benjamini-Hochberg q-values; missing p stay missing and do not count."""
    p = np.asarray(p, dtype=float)
    q = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        q[known] = stats.false_discovery_control(p[known])
    return q


def matrix(pairs: pd.DataFrame, value: str, names: list[str]) -> pd.DataFrame:
    """A square of one of the columns of `correlations`, in the order of `names`."""
    place = {name: number for number, name in enumerate(names)}
    known = pairs[pairs["a"].isin(place) & pairs["b"].isin(place)]
    rows, columns = known["a"].map(place).to_numpy(int), known["b"].map(place).to_numpy(int)
    square = np.full((len(names), len(names)), np.nan)
    square[rows, columns] = square[columns, rows] = known[value].to_numpy(float)
    return pd.DataFrame(square, index=names, columns=names)
