"""How long a measurement speaks for a person, and what an old one leaves open again.

Up to its validity (`ml/reference/retest.csv`, with sources) a value counts as known. After it,
each further validity halves what it still tells: a value twice as old as it holds leaves half of
its group open. The halving is our own choice; that it begins at nothing keeps a value from
becoming worthless overnight.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ml import reference
from ml.facts import Facts
from ml.features.person import Feature

DAYS_PER_MONTH = 30.4375


@cache
def valid_months() -> dict[str, int]:
    """Group of inputs -> months for which its values hold; what is asked has none."""
    return {row["group"]: int(row["months"]) for row in reference.rows("retest.csv")}


def months_between(day: date, today: date) -> float:
    return (today - day).days / DAYS_PER_MONTH


def lost(months: float, valid: float) -> float:
    """Share of what a value told that its age leaves open again, 0 to 1.

    >>> [lost(months, 12) for months in (6, 12, 24, 36)]
    [0.0, 0.0, 0.5, 0.75]
    """
    return float(1 - 0.5 ** (max(months - valid, 0.0) / valid))


def ages(features: Sequence[Feature], facts: Facts) -> NDArray[np.float64]:
    """Months since each input was measured, shape (features,); NaN where it has no day."""
    days = [feature.collected(facts) for feature in features]
    return np.array([months_between(day, facts.as_of) if day else np.nan for day in days], float)


def lost_shares(features: Sequence[Feature], months: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share that is open again of each input, shape (features,); 0 where it has no day."""
    valid = valid_months()
    return np.array(
        [
            lost(age, valid[feature.group]) if feature.group in valid and age == age else 0.0
            for feature, age in zip(features, months, strict=True)
        ],
        float,
    )
