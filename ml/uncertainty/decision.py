"""Which test is worth making: what its answer is expected to gain for the decision.

Knowing a group of inputs moves the logit by a draw from N(0, v), v being the squared logit that
the group leaves open (measured by cross-fitting). A test whose answer can hardly lift or lower the
tier is not worth a needle, however much it narrows the interval. Two figures say so: the chance
that the answer changes the tier, and the expected value of information (Raiffa and Schlaifer,
1961) for the decision to act from a risk of `cut` on, in net benefit (Vickers and Elkin, 2006):
one that is rightly acted on gains 1, one wrongly costs cut / (1 - cut). For one person both rank
the inputs alike; the second also compares risks, and inputs with a test that tells for certain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erf, inf, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri

# Middles of 41 equally likely slices of N(0, 1).
NODES = ndtri((np.arange(41) + 0.5) / 41)
WEIGHTS = np.full(41, 1 / 41)


@dataclass(frozen=True, slots=True)
class ValueOfTest:
    """A group of unknown inputs: the chance that knowing it changes the tier, and its doubt."""

    group: str
    changes_tier: float
    share_of_doubt: float  # of the squared logit that is open
    variance: float = 0.0  # the squared logit itself


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
        ValueOfTest(
            group,
            chance_of_another_tier(margin, sqrt(variance), cuts),
            variance / total,
            variance,
        )
        for group, variance in open_variance.items()
        if variance > 0
    ]
    return sorted(values, key=lambda value: (-value.changes_tier, -value.share_of_doubt))


def chance_of_another_tier(margin: float, sd: float, cuts: Sequence[float]) -> float:
    """Chance that margin + N(0, sd²) lies in another tier than margin.

    >>> chance_of_another_tier(0.0, 1.0, [0.5])
    0.5
    """
    if sd == 0:
        return 0.0
    edges = [-inf, *(log(cut / (1 - cut)) for cut in sorted(cuts)), inf]
    low = max(edge for edge in edges if edge <= margin)
    high = min(edge for edge in edges if edge > margin)
    return 1 - (_below((high - margin) / sd) - _below((low - margin) / sd))


def gain_of_knowing(risk: float, sds: ArrayLike, cut: float) -> NDArray[np.float64]:
    """Expected gain in net benefit of tests that move the logit by N(0, sd²), shape (tests,).

    The answers' risks are scaled to a mean of `risk`: a test tells, it does not make ill.

    >>> gain_of_knowing(0.1, [0.0, 0.5, 1.0], 0.1).round(4).tolist()
    [0.0, 0.0192, 0.0348]
    """
    sds = np.asarray(sds, float)
    after = expit(logit(risk) + sds[:, None] * NODES)
    after *= risk / (after @ WEIGHTS)[:, None]
    acted = np.maximum(net_benefit(after, cut), 0) @ WEIGHTS
    return np.maximum(acted - max(net_benefit(risk, cut), 0), 0)


def gain_of_certainty(risk: float, cut: float) -> float:
    """The same of a test that tells who has the disease: no other can gain more.

    >>> gain_of_certainty(0.05, 0.1), round(gain_of_certainty(0.3, 0.1), 4)
    (0.05, 0.0778)
    """
    return risk - max(net_benefit(risk, cut), 0.0)


def net_benefit(risk, cut: float):
    """Of acting on people of this risk when acting pays from `cut` on."""
    return risk - (1 - risk) * cut / (1 - cut)


def _below(x: float) -> float:
    """Standard normal distribution; a scalar of scipy costs fifty times as much."""
    return 0.5 * (1 + erf(x / sqrt(2)))
