"""Did it help? The change after an accepted item, less what would have come of itself.

People are treated when a value is extreme, and an extreme value falls back towards the mean when
it is measured again, treated or not. For a value with population mean m and correlation r between
two measurements, the value expected without any effect is m + r (x - m) (Galton; Barnett, van der
Pols and Dobson, Int J Epidemiol 2005;34:215).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z95 = 1.959963984540054
LEAST = 10  # people, below which nothing is said


@dataclass(frozen=True, slots=True)
class Again:
    """How a value comes back when it is measured again without treatment."""

    mean: float
    sd: float
    correlation: float

    def expected(self, before: ArrayLike) -> NDArray[np.float64]:
        """The value to expect next, treated by nobody.

        >>> Again(130, 15, 0.7).expected(160).item()
        151.0
        """
        return self.mean + self.correlation * (np.asarray(before, float) - self.mean)


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
    before, after = np.asarray(before, float), np.asarray(after, float)
    if len(before) < LEAST:
        return Change(len(before), None, None, None, None)
    beyond = after - again.expected(before)
    error = float(beyond.std(ddof=1) / np.sqrt(len(beyond)))
    adjusted = float(beyond.mean())
    return Change(
        people=len(before),
        naive=float((after - before).mean()),
        adjusted=adjusted,
        low=adjusted - Z95 * error,
        high=adjusted + Z95 * error,
    )


def learn_again(first: ArrayLike, second: ArrayLike) -> Again:
    """From two measurements of people whose treatment did not change between them.

    Raises ValueError with fewer than 30 people.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if len(first) < 3 * LEAST:
        raise ValueError(f"Two measurements of {3 * LEAST} people are needed, not of {len(first)}.")
    return Again(
        float(first.mean()), float(first.std(ddof=1)), float(np.corrcoef(first, second)[0, 1])
    )
