"""One patient among people of the same sex and age: empirical percentiles, with the count shown.

For the published reference population see `ml.features.peers`; this is about a table at hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

LEAST = 10  # people; fewer give no percentile
YEARS = 5  # either side of the age


@dataclass(frozen=True, slots=True)
class Standing:
    """A value among the `count` peers who have one; `percentile` None when too few."""

    name: str
    value: float | None
    percentile: float | None  # share of peers at or below the value, 0 to 100
    count: int
    median: float | None
    q25: float | None
    q75: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A patient's standings among peers, described in `peers`."""

    peers: str
    standings: tuple[Standing, ...]


def profile(
    patient: Mapping[str, float],
    people: pd.DataFrame,
    columns: Sequence[str],
    *,
    sex: str = "sex",
    age: str = "age",
    years: int = YEARS,
) -> Profile:
    """Standings of a patient's values among rows of the same sex, at most `years` apart in age.

    `patient` holds the same columns as `people`, sex and age among them. Raises ValueError when
    the patient's sex or age is not known.
    """
    own_sex, own_age = patient.get(sex), patient.get(age)
    if own_sex is None or own_age is None or pd.isna(own_age):
        raise ValueError("Peers need the patient's sex and age: enter both.")
    same = people[(people[sex] == own_sex) & ((people[age] - own_age).abs() <= years)]
    low, high = max(0, own_age - years), own_age + years
    words = f"sex {own_sex}, age {low:g} to {high:g}"
    return Profile(words, tuple(_standing(name, patient.get(name), same[name]) for name in columns))


def _standing(name: str, value: float | None, peers: pd.Series) -> Standing:
    known = peers.dropna().to_numpy(float)
    missing = value is None or pd.isna(value)
    own = None if missing else float(value)
    if len(known) < LEAST:
        note = f"Only {len(known)} people of the same sex and age have a value: no percentile."
        return Standing(name, own, None, len(known), None, None, None, note)
    q25, median, q75 = (float(q) for q in np.quantile(known, [0.25, 0.5, 0.75]))
    percentile = None if missing else 100 * float(np.mean(known <= own))
    note = "Not measured in this patient." if missing else ""
    return Standing(name, own, percentile, len(known), median, q25, q75, note)
