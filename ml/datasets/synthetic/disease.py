"""What they have and take: diagnoses follow the values, drugs follow the diagnoses.

A diagnosis is made when two successive visits together pass the published limit, and only
for the share that medicine recognises: the others stay undiagnosed on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.datasets.synthetic.derived import Values
from ml.datasets.synthetic.people import People, Random
from ml.datasets.synthetic.visits import Visits

NEVER = np.inf
# Share of those who pass the limit that the record knows of. Our own, in the range of surveys:
# hypertension and diabetes mostly known, kidney disease mostly not.
RECOGNISED: Mapping[str, float] = {
    "htn": 0.82, "t2d": 0.80, "prediabetes": 0.45, "dyslipidaemia": 0.65,
    "ckd": 0.40, "gout": 0.40, "masld": 0.35,
}  # fmt: skip
BEFORE_HISTORY = 0.7  # of those who pass it from the start: diagnosed before they came here


@dataclass(frozen=True)
class Diseases:
    """Onset day of each condition a person, inf for never; `undiagnosed` passed the limit."""

    onset: dict[str, np.ndarray]
    undiagnosed: dict[str, np.ndarray]

    def has(self, *codes: str) -> np.ndarray:
        return np.any([self.onset[code] < NEVER for code in codes], axis=0)

    def since(self, *codes: str) -> np.ndarray:
        """Day of the first of several conditions."""
        return np.min([self.onset[code] for code in codes], axis=0)


def diagnose(people: People, visits: Visits, values: Values, random: Random) -> Diseases:
    """Diagnoses from untreated values at visits, then those that come with age and burden."""
    onset, undiagnosed = {}, {}
    for code, met in _limits(visits, values).items():
        day = visits.first_where(met, len(people))
        known = random.random(len(people)) < RECOGNISED[code]
        onset[code] = np.where(known, _backdated(day, visits, random), NEVER)
        undiagnosed[code] = ~known & (day < NEVER)
    onset["prediabetes"] = np.where(onset["t2d"] < NEVER, NEVER, onset["prediabetes"])
    # Whoever has diabetes that nobody knows of cannot carry a list that says "pre".
    onset["prediabetes"][undiagnosed["t2d"]] = NEVER
    onset |= {
        code: _event(people, chance, random) for code, chance in _chances(people, onset).items()
    }
    return Diseases(onset, undiagnosed)


def _limits(visits: Visits, values: Values) -> dict[str, np.ndarray]:
    mean = {
        code: visits.mean_of_two(values[code])
        for code in ("SBP", "DBP", "A1C", "LDL", "TG", "GFR", "UACR", "URIC", "ALT", "BMI")
    }
    sugar = mean["A1C"]
    return {
        "htn": (mean["SBP"] >= 140) | (mean["DBP"] >= 90),
        "t2d": sugar >= 6.5,
        "prediabetes": (sugar >= 5.7) & (sugar < 6.5),
        "dyslipidaemia": (mean["LDL"] >= 160) | (mean["TG"] >= 300),
        "ckd": (mean["GFR"] < 60) | (mean["UACR"] >= 30),
        "gout": mean["URIC"] >= 8,
        "masld": (mean["ALT"] >= 40) & (mean["BMI"] >= 30),
    }


def _backdated(day: np.ndarray, visits: Visits, random: Random) -> np.ndarray:
    """Days of diagnosis; who passed the limit at the first chance often had it for years."""
    first = visits.first_days()
    soon = day <= first + 400
    earlier = first - random.integers(60, 8 * 365, len(day))
    return np.where(soon & (random.random(len(day)) < BEFORE_HISTORY), earlier, day + 0.0)


def _chances(people: People, onset: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Chance of each condition that one laboratory value does not define."""
    decade = (people.age - 60) / 10
    vascular = (
        0.8 * decade
        + 0.5 * ~people.female
        + 0.5 * (people.smoking == "current")
        + 0.6 * (onset["htn"] < NEVER)
        + 0.5 * (onset["t2d"] < NEVER)
        + 0.3 * people.factors[:, 5]
    )
    packs = people.pack_years / 20
    mothers = people.female & (people.age > 25)
    return {
        "mi": _logistic(-4.3 + vascular),
        "cad": _logistic(-3.8 + vascular),
        "stroke_tia": _logistic(-4.3 + vascular),
        "hfref": _logistic(-4.9 + vascular),
        "afib": _logistic(-4.4 + 0.9 * decade + 0.4 * people.factors[:, 2]),
        "copd": _logistic(-4.6 + 1.1 * packs + 0.4 * decade),
        "asthma": np.full(len(people), 0.07),
        "osa": _logistic(-4 + 0.9 * people.factors[:, 0] + 0.5 * ~people.female),
        "osteoporosis": _logistic(-4.5 + 1.0 * decade) * people.female,
        "gdm_history": _logistic(-4 + 0.6 * people.factors[:, 1]) * mothers,
        "peptic_ulcer": np.full(len(people), 0.012),
    }


def _event(people: People, chance: np.ndarray, random: Random) -> np.ndarray:
    """Day of a condition within ten years, never before the age of 21."""
    back = np.minimum(random.uniform(0.1, 10, len(people)), people.age - 21)
    happens = (random.random(len(people)) < chance) & (back > 0.1)
    return np.where(happens, -np.floor(back * 365.25), NEVER)


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
