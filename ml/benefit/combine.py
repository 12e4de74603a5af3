"""Several items on one risk.

Trials test one item against none; two together are taken to multiply hazards, as
cardiovascular factorial trials found no interaction (HOPE-3, N Engl J Med 2016;374:2032). The
product is capped, since nobody has measured six items at once.
"""

from collections.abc import Sequence

import numpy as np

MOST_REDUCTION = 0.75  # own choice: no list takes off more than three quarters of the hazard


def together(risk: float, relative_risks: Sequence[float]) -> float:
    """Risk after all items, on the log-hazard scale.

    One item alone gives exactly risk x relative risk (unless the cap is reached).

    >>> round(together(0.20, [0.75]), 4)
    0.15
    >>> round(together(0.20, [0.75, 0.80]), 4)
    0.1193
    """
    if not 0 <= risk < 1:
        raise ValueError(f"A risk is a fraction from 0 to 1, not {risk}.")
    if risk == 0:
        return 0.0
    hazard = -np.log1p(-risk)
    after = [-np.log1p(-min(risk * rr, 1 - 1e-12)) for rr in relative_risks]
    ratio = np.prod([each / hazard for each in after]) if after else 1.0
    return float(-np.expm1(-hazard * max(float(ratio), 1 - MOST_REDUCTION)))
