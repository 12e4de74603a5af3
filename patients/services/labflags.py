"""How unusual values are, by columns."""

import numpy as np


def flags(
    value: np.ndarray, comparator: np.ndarray, low: np.ndarray, high: np.ndarray,
    critical_low: np.ndarray, critical_high: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """LL, L, N, H or HH of n values, "" when nothing says; as `ml.analytes.flag`.

    All of length n; NaN is no value or no limit. What is known only as below or above a number
    gets a flag when every value it may have would get that one.
    """
    least = np.where(np.isin(comparator, ("<", "<=")), -np.inf, value)
    most = np.where(np.isin(comparator, (">", ">=")), np.inf, value)

    # A comparison with NaN is False.
    def is_below(limit: np.ndarray) -> np.ndarray:
        return (most < limit) | ((comparator == "<") & (most == limit))

    def is_above(limit: np.ndarray) -> np.ndarray:
        return (least > limit) | ((comparator == ">") & (least == limit))

    is_inside = (np.isnan(low) | (least >= low)) & (np.isnan(high) | (most <= high))
    has_limits = ~(np.isnan(low) & np.isnan(high))
    return np.select(
        [
            np.isnan(value),
            is_below(critical_low),
            is_above(critical_high),
            is_below(low),
            is_above(high),
            is_inside & has_limits,
        ],
        ["", "LL", "HH", "L", "H", "N"],
        "",
    )
