"""How numbers change over time: means by period with intervals, slopes with q-values."""

import numpy as np
import pandas as pd
from scipy import stats

from ml.eda.correlation import q_values
from ml.eda.variables import finite

PERIODS = 12
FEWEST = 10
Z = stats.norm.ppf(0.975)


def as_number(time: pd.Series) -> tuple[pd.Series, str]:
    """Time as a number and its unit: days since the first date, else as it stands."""
    if pd.api.types.is_datetime64_any_dtype(time.dtype) or time.dtype.kind not in "iufb":
        dates = pd.to_datetime(time, errors="coerce", format="ISO8601")
        return (dates - dates.min()).dt.total_seconds() / 86400, "days from the first"
    return finite(time), str(time.name)


def periods(numbers: pd.DataFrame, time: pd.Series) -> pd.DataFrame:
    """Mean with 95 % interval by period: column, at, from, to, n, mean, low, high.

    A dozen periods of equal length, or one a value of time where there are no more; `at` is the
    mean time of the period. Periods with fewer than `FEWEST` known values are left out.
    """
    moment, _ = as_number(time)
    bins = _bins(moment)
    edges = moment.groupby(bins, observed=True).agg(["mean", "min", "max"])
    rows = []
    for name in numbers:
        known = numbers[name].groupby(bins, observed=True).agg(["count", "mean", "std"])
        half = Z * known["std"] / np.sqrt(known["count"])
        rows.append(
            pd.DataFrame(
                {"column": name, "at": edges["mean"], "from": edges["min"], "to": edges["max"],
                 "n": known["count"], "mean": known["mean"], "low": known["mean"] - half,
                 "high": known["mean"] + half}
            )[known["count"] >= FEWEST]
        )  # fmt: skip
    names = ["column", "at", "from", "to", "n", "mean", "low", "high"]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=names)


def _bins(moment: pd.Series) -> pd.Series:
    if moment.nunique() <= PERIODS:
        return moment
    return pd.cut(moment, PERIODS, labels=False)


def slopes(numbers: pd.DataFrame, time: pd.Series, person: pd.Series | None = None) -> pd.DataFrame:
    """Slope of each number on time: column, n, slope, low, high, spearman, p, q, within.

    With `person`, the slope is within persons (values and times minus the person's means, errors
    clustered by person): what happens to people rather than who comes when. Spearman is over all
    rows.
    """
    moment, _ = as_number(time)
    rows = [_slope(numbers[name], moment, person) for name in numbers]
    names = ["column", "n", "slope", "low", "high", "spearman", "p", "within"]
    table = pd.DataFrame(rows, columns=names)
    table.insert(7, "q", q_values(table["p"]))
    return table.sort_values(["p", "column"], kind="stable", ignore_index=True)


def _slope(values: pd.Series, moment: pd.Series, person: pd.Series | None) -> tuple:
    known = values.notna() & moment.notna()
    x, y = moment[known], values[known]
    is_within = person is not None
    if len(x) < FEWEST or x.nunique() < 2 or y.nunique() < 2:
        return (values.name, len(x), *[np.nan] * 5, is_within)
    rho = float(stats.spearmanr(x, y).statistic)
    slope, low, high, p = _within(x, y, person[known]) if is_within else _across(x, y)
    return (values.name, len(x), slope, low, high, rho, p, is_within)


def _across(x: pd.Series, y: pd.Series) -> tuple[float, float, float, float]:
    fit = stats.linregress(x, y)
    reach = stats.t.ppf(0.975, len(x) - 2) * fit.stderr
    return fit.slope, fit.slope - reach, fit.slope + reach, fit.pvalue


def _within(x: pd.Series, y: pd.Series, person: pd.Series) -> tuple[float, float, float, float]:
    """Fixed-effects slope; the error allows for any correlation within a person (CR0)."""
    x = (x - x.groupby(person).transform("mean")).to_numpy()
    y = (y - y.groupby(person).transform("mean")).to_numpy()
    spread = float(x @ x)
    if spread <= 0:
        return (np.nan,) * 4
    slope = float(x @ y) / spread
    scores = pd.Series(x * (y - slope * x)).groupby(person.to_numpy()).sum().to_numpy()
    error = float(np.sqrt(scores @ scores)) / spread
    p = float(2 * stats.norm.sf(abs(slope) / error)) if error > 0 else np.nan
    return slope, slope - Z * error, slope + Z * error, p
