"""Kidney function as an input and as a label of the risk models."""

import math
from typing import Literal


def egfr_ckd_epi_2021(creatinine_mg_dl: float, age: float, sex: Literal["female", "male"]) -> float:
    """Estimated filtration rate in mL/min/{1.73_m2}, CKD-EPI 2021, race-free.

    Inker LA et al., N Engl J Med 2021;385:1737-49. Adults; not in pregnancy or acute injury.
    `ml.scores.ckd_epi_2021` is the same equation with checks and messages; this one is for the
    inner loop of features (under a microsecond), and a test holds the two together.

    >>> round(egfr_ckd_epi_2021(1.0, 50, "female"), 1)
    68.6
    """
    scale, power, factor = (0.7, -0.241, 1.012) if sex == "female" else (0.9, -0.302, 1.0)
    ratio = creatinine_mg_dl / scale
    return (
        142
        * math.pow(min(ratio, 1), power)
        * math.pow(max(ratio, 1), -1.2)
        * math.pow(0.9938, age)
        * factor
    )
