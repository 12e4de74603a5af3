"""What is measured, and how eight hidden factors move it.

Every person carries eight latent factors in standard deviations (0 is the average adult,
positive is unfavourable). A marker is its average at age 50 plus ageing, plus what the
factors add, plus a part of the person's own, plus a part of the visit. Correlations between
laboratory values thus follow from the loadings and from `CORRELATION`.

Averages and spreads are round figures of US adults as the reference ranges and the NHANES
documentation give them; loadings and correlations are our own, set so that their signs and
rough sizes agree with the literature. They are a demonstration's, not an estimate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np

FACTORS = (
    "adiposity", "glycaemia", "pressure", "renal",
    "inflammation", "lipids", "anaemia", "liver",
)  # fmt: skip
BOUND = 3.2  # of a factor: beyond it people are in hospital, not in this table

# Upper triangle of the correlation of the factors; pairs that are absent are independent.
PAIRS: Mapping[tuple[str, str], float] = {
    ("adiposity", "glycaemia"): 0.35,
    ("adiposity", "pressure"): 0.28,
    ("adiposity", "renal"): 0.08,
    ("adiposity", "inflammation"): 0.35,
    ("adiposity", "lipids"): 0.15,
    ("adiposity", "liver"): 0.35,
    ("glycaemia", "pressure"): 0.18,
    ("glycaemia", "renal"): 0.15,
    ("glycaemia", "inflammation"): 0.20,
    ("glycaemia", "lipids"): 0.10,
    ("glycaemia", "liver"): 0.20,
    ("pressure", "renal"): 0.18,
    ("pressure", "inflammation"): 0.10,
    ("pressure", "lipids"): 0.10,
    ("renal", "inflammation"): 0.15,
    ("renal", "anaemia"): 0.20,
    ("inflammation", "anaemia"): 0.20,
    ("inflammation", "liver"): 0.12,
}
# What a decade adds to a factor, beside what it adds to single markers.
AGEING: Mapping[str, float] = {
    "adiposity": 0.03, "glycaemia": 0.18, "renal": 0.06, "inflammation": 0.08, "anaemia": 0.05,
}  # fmt: skip


def correlation() -> np.ndarray:
    """Correlation matrix of the factors, shape (8, 8)."""
    matrix = np.eye(len(FACTORS))
    for (one, other), value in PAIRS.items():
        i, j = FACTORS.index(one), FACTORS.index(other)
        matrix[i, j] = matrix[j, i] = value
    return matrix


@dataclass(frozen=True, slots=True)
class Marker:
    """How one marker comes about, in its canonical unit; on the log scale when it is skewed.

    `female` and `male` are averages (medians for a log marker) at age 50. `decade`, `person`,
    `visit` and the loadings are in units, or in natural logarithms for a log marker.
    """

    female: float
    male: float
    person: float
    visit: float
    decade: float = 0.0
    loads: Mapping[str, float] = field(default_factory=dict)
    scale: Literal["linear", "log"] = "linear"
    low: float = -np.inf
    high: float = np.inf

    def weights(self) -> np.ndarray:
        return np.array([self.loads.get(factor, 0.0) for factor in FACTORS])

    def average(self, female: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Value of the average person of a sex and age, shape as `age`."""
        middle = np.where(female, self.female, self.male)
        ageing = self.decade * (age - 50) / 10
        return middle * np.exp(ageing) if self.scale == "log" else middle + ageing

    def value(
        self, average: np.ndarray, factors: np.ndarray, person: np.ndarray, visit: np.ndarray
    ) -> np.ndarray:
        """Values at visits: `factors` (visits, 8), `person` and `visit` standard normal."""
        moved = factors @ self.weights() + self.person * person + self.visit * visit
        value = average * np.exp(moved) if self.scale == "log" else average + moved
        return np.clip(value, self.low, self.high)


_log = partial(Marker, scale="log")


# Primary markers; those that arithmetic ties to them are in `derived.py`.
MARKERS: Mapping[str, Marker] = {
    # body
    "HEIGHT": Marker(162, 176, 6.3, 0, -0.7, low=140, high=205),
    "BMI": _log(27.6, 27.9, 0.05, 0.012, loads={"adiposity": 0.19}, low=16, high=58),
    "SBP": Marker(122, 126, 5, 5.5, 4.8, {"pressure": 11, "adiposity": 2}, low=92, high=214),
    "DBP": Marker(73, 77, 4, 4.5, -0.6, {"pressure": 6, "adiposity": 1.5}, low=50, high=119),
    "HR": Marker(73, 70, 7, 4.5, -0.5, {"inflammation": 1.5, "adiposity": 1}, low=46, high=120),
    "SPO2": Marker(97.7, 97.6, 0.6, 0.6, -0.12, {"inflammation": -0.2}, low=92, high=100),
    "TEMP": Marker(36.7, 36.6, 0.12, 0.18, 0, {"inflammation": 0.05}, low=35.8, high=38.6),
    # blood count
    "HGB": Marker(13.5, 15.0, 0.6, 0.3, -0.08, {"anaemia": -0.7, "renal": -0.15}, low=7, high=19),
    "MCV": Marker(89.5, 89.8, 3.2, 0.6, 0.3, {"anaemia": -1.6}, low=65, high=112),
    "MCHC": Marker(33.5, 33.8, 0.5, 0.3, 0, {"anaemia": -0.25}, low=30, high=36.5),
    "RDW": _log(13.3, 13.2, 0.035, 0.015, 0.006, {"anaemia": 0.045, "inflammation": 0.015}),
    "PLT": Marker(258, 234, 48, 17, -4, {"inflammation": 14, "anaemia": 9}, low=90, high=560),
    "WBC": _log(6.9, 6.7, 0.17, 0.10, 0, {"inflammation": 0.15, "adiposity": 0.04}),
    "NEUT_PCT": Marker(58.5, 57, 6, 3.5, 0.4, {"inflammation": 2.4}, low=35, high=84),
    "MONO_PCT": Marker(7.3, 8.0, 1.3, 0.7, low=3, high=14),
    "EOS_PCT": _log(2.2, 2.6, 0.4, 0.2, low=0.3, high=8),
    "BASO_PCT": _log(0.6, 0.6, 0.3, 0.2, low=0.1, high=1.5),
    # electrolytes and kidney
    "SODIUM": Marker(139.4, 139.6, 1.2, 1.2, low=128, high=147),
    "POTASSIUM": Marker(4.05, 4.15, 0.19, 0.18, 0.03, {"renal": 0.11}, low=3.1, high=5.9),
    "CO2": Marker(25.2, 25.8, 1.2, 1.3, 0.1, {"renal": -0.6}, low=16, high=33),
    "GAP": Marker(10.4, 10.6, 0.8, 1.0, 0, {"renal": 0.35}, low=6, high=16),
    "CA": Marker(9.38, 9.42, 0.2, 0.15, -0.03, low=8.2, high=10.9),
    "PHOS": Marker(3.75, 3.55, 0.3, 0.25, 0, {"renal": 0.12}, low=2.2, high=6.2),
    "MG": Marker(2.02, 2.04, 0.1, 0.07, low=1.4, high=2.7),
    "GFR": Marker(93, 94, 6, 3.5, -9.5, {"renal": -9}),
    "BUN": _log(12.6, 14.4, 0.13, 0.12, 0.07, {"renal": 0.2}, low=4, high=90),
    "URIC": Marker(4.8, 6.0, 0.75, 0.3, 0.12, {"adiposity": 0.45, "renal": 0.45}, low=2, high=12),
    "UACR": _log(7.2, 5.8, 0.45, 0.35, 0.10,
                 {"renal": 0.5, "glycaemia": 0.25, "pressure": 0.25}, high=3000),
    # sugar and lipids
    "A1C": Marker(5.33, 5.33, 0.13, 0.07, 0.06, {"glycaemia": 0.2}),
    "LDL": Marker(118, 116, 17, 7, 2, {"lipids": 22, "adiposity": 2}, low=35, high=290),
    "HDL": _log(58, 48, 0.17, 0.05, 0.01, {"adiposity": -0.09, "lipids": -0.03}, low=20, high=120),
    "TG": _log(104, 116, 0.28, 0.17, 0.03,
               {"adiposity": 0.16, "glycaemia": 0.16, "lipids": 0.13}, low=30, high=1400),
    # liver, protein, inflammation
    "ALT": _log(18.5, 25.5, 0.18, 0.14, -0.05, {"liver": 0.32, "adiposity": 0.1}, high=320),
    "AST": _log(20.5, 24, 0.12, 0.11, 0.01, {"liver": 0.22}, high=260),
    "GGT": _log(18, 27, 0.28, 0.1, 0.04, {"liver": 0.36, "adiposity": 0.1}, high=600),
    "ALP": _log(70, 68, 0.19, 0.06, 0.03, {"liver": 0.06, "inflammation": 0.05}, high=300),
    "TBIL": _log(0.50, 0.65, 0.28, 0.16, 0, {"anaemia": -0.05}, low=0.2, high=3),
    "ALB": Marker(4.15, 4.32, 0.17, 0.11, -0.05,
                  {"inflammation": -0.1, "renal": -0.05, "liver": -0.04}, low=2.4, high=5.2),
    "TP": Marker(7.1, 7.15, 0.28, 0.17, -0.05, {"inflammation": 0.05}, low=5.6, high=8.8),
    "LDH": _log(140, 138, 0.12, 0.08, 0.04, {"liver": 0.04, "inflammation": 0.03}),
    "CRP": _log(1.9, 1.4, 0.45, 0.45, 0.06, {"inflammation": 0.7, "adiposity": 0.3}, high=140),
    # iron, thyroid, vitamins
    "FERR": _log(62, 135, 0.35, 0.12, 0.10,
                 {"anaemia": -0.5, "inflammation": 0.18}, low=4, high=900),
    "IRON": Marker(84, 97, 16, 18, 0, {"anaemia": -16}, low=12, high=210),
    "TSH": _log(1.75, 1.70, 0.42, 0.15, 0.03, low=0.15, high=14),
    "VITD": Marker(27.5, 26.5, 7, 2.5, 0.5, {"adiposity": -2.2}, low=6, high=70),
    "B12": _log(460, 440, 0.32, 0.08, 0, low=120, high=1800),
    # questionnaires, as underlying scores
    "PHQ9": _log(2.6, 1.9, 0.75, 0.35, -0.05, high=26),
    "GAD7": _log(2.4, 1.7, 0.75, 0.35, -0.08, high=20),
    "AUDITC": _log(1.6, 2.5, 0.7, 0.2, -0.10, high=11),
}  # fmt: skip
