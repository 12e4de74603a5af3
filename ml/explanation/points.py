"""Contributions to the logit as percentage points of risk.

TreeSHAP splits the logit exactly: z = b + sum of phi. Risk is the curved image s(z) of it, so the
same split in points of risk needs a rule. Ours multiplies every phi by one slope, that of the
straight line between the base and the person:

    points_i = 100 * phi_i * (s(z) - s(b)) / (z - b)

The slope is positive and at most 1/4 (mean value theorem), so signs and order are those of the
logit, nothing blows up when contributions cancel, and the points add up to risk - baseline.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

NEARLY_ZERO = 1e-9


def from_logit(
    contributions: NDArray[np.float64], base: NDArray[np.float64], margin: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Percentage points of risk, shape (people, features).

    `contributions` (people, features) add up to `margin - base` but for the rounding of
    single-precision sums; that remainder is spread evenly so that the points add up exactly.
    """
    distance = margin - base
    total = contributions.sum(axis=1)
    gap = (distance - total) / max(contributions.shape[1], 1)
    exact = contributions + gap[:, None]
    near = np.abs(distance) < NEARLY_ZERO
    risk_slope = expit(base) * (1 - expit(base))
    safe = np.where(near, 1.0, distance)
    secant = np.where(near, risk_slope, (expit(margin) - expit(base)) / safe)
    return 100 * exact * secant[:, None]
