"""Which test is worth making: the chance that its answer changes what is advised.

Knowing a group of inputs moves the logit by a draw from N(0, v), v being the squared logit that
the group leaves open (measured by cross-fitting). A test whose answer can hardly lift or lower the
tier is not worth a needle, however much it narrows the interval: this is the expected value of
information for a decision between tiers (Raiffa and Schlaifer, 1961), every change of tier
counting alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from scipy.stats import norm


@dataclass(frozen=True, slots=True)
class ValueOfTest:
    """A group of unknown inputs: the chance that knowing it changes the tier, and its doubt."""

    group: str
    changes_tier: float
    share_of_doubt: float  # of the squared logit that is open


def of_groups(
    margin: float, open_variance: Mapping[str, float], cuts: Sequence[float]
) -> list[ValueOfTest]:
    """Unknown groups by the chance to change the tier, then by what they leave open.

    `margin` is the logit of the risk, `open_variance` the squared logit of each group (0 when it
    is known), `cuts` the risks at which a tier begins.

    >>> [v.group for v in of_groups(-3.0, {"lipids": 0.01, "HbA1c": 0.8}, [0.05, 0.2])]
    ['HbA1c', 'lipids']
    """
    total = sum(open_variance.values())
    values = [
        ValueOfTest(group, chance_of_another_tier(margin, sqrt(variance), cuts), variance / total)
        for group, variance in open_variance.items()
        if variance > 0
    ]
    return sorted(values, key=lambda value: (-value.changes_tier, -value.share_of_doubt))


def chance_of_another_tier(margin: float, sd: float, cuts: Sequence[float]) -> float:
    """Chance that margin + N(0, sd²) lies in another tier than margin.

    >>> chance_of_another_tier(0.0, 1.0, [0.5])
    0.5
    """
    edges = [-np.inf, *(log(cut / (1 - cut)) for cut in sorted(cuts)), np.inf]
    place = int(np.searchsorted(edges[1:-1], margin, side="right"))
    low, high = edges[place], edges[place + 1]
    if sd == 0:
        return 0.0
    return float(1 - (norm.cdf((high - margin) / sd) - norm.cdf((low - margin) / sd)))
