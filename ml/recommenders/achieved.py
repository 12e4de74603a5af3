"""Did it help? The change after an accepted item, less what would have come of itself.

People are treated when a value is extreme, and an extreme value falls back towards the mean when
it is measured again, treated or not (Galton; Barnett, van der Pols and Dobson, Int J Epidemiol
2005;34:215). What to expect untreated is the regression of the second value on the first, of
people whose treatment did not change between them. The line, and not mean and correlation: those
with high values are treated and hence are not among them, which leaves a line as it is and
weakens a correlation.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST = 10  # people, below which nothing is said


@dataclass(frozen=True, slots=True)
class Again:
    """How a value comes back untreated: a line, fitted to so many people."""

    mean: float  # of the first values
    mean_again: float  # of the second values of the same people
    slope: float
    sd: float  # of the first values
    scatter: float  # of the second values about the line
    people: int

    def expected(self, before: ArrayLike) -> NDArray[np.float64]:
        """The value to expect next, treated by nobody.

        >>> Again(130, 130, 0.7, 15, 10, 400).expected(160).item()
        151.0
        """
        return self.mean_again + self.slope * (np.asarray(before, float) - self.mean)

    def error(self, before: float) -> float:
        """Standard error of the line at a value."""
        distance = (before - self.mean) / self.sd
        return self.scatter * sqrt(1 / self.people + distance**2 / (self.people - 1))


@dataclass(frozen=True, slots=True)
class Change:
    """Mean change after an item; negative is a fall. None where too few people are known."""

    people: int
    naive: float | None
    adjusted: float | None
    low: float | None
    high: float | None


def change(before: ArrayLike, after: ArrayLike, again: Again) -> Change:
    """Naive and adjusted mean change of the same people, with the interval of the adjusted."""
    from scipy.stats import t

    before, after = np.asarray(before, float), np.asarray(after, float)
    if len(before) < LEAST:
        return Change(len(before), None, None, None, None)
    beyond = after - again.expected(before)
    adjusted = float(beyond.mean())
    error = sqrt(beyond.var(ddof=1) / len(beyond) + again.error(float(before.mean())) ** 2)
    reach = error * float(t.ppf(0.975, len(beyond) - 1))
    return Change(
        people=len(before),
        naive=float((after - before).mean()),
        adjusted=adjusted,
        low=adjusted - reach,
        high=adjusted + reach,
    )


def learn_again(first: ArrayLike, second: ArrayLike) -> Again:
    """From two measurements of people whose treatment did not change between them.

    Raises ValueError with fewer than 30 people, or when all first values are the same.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if len(first) < 3 * LEAST:
        raise ValueError(f"Two measurements of {3 * LEAST} people are needed, not of {len(first)}.")
    if np.ptp(first) == 0:
        raise ValueError("All first measurements are the same: nothing can be learned from them.")
    covariance = np.cov(first, second)
    slope = float(covariance[0, 1] / covariance[0, 0])
    beyond = second - second.mean() - slope * (first - first.mean())
    return Again(
        mean=float(first.mean()),
        mean_again=float(second.mean()),
        slope=slope,
        sd=float(first.std(ddof=1)),
        scatter=sqrt(float((beyond**2).sum()) / (len(first) - 2)),
        people=len(first),
    )
