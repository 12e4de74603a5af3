"""Who they are: age, sex, habits, and the factors behind their values."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ml.datasets.synthetic import markers

Random = np.random.Generator

ETHNICITIES = (
    "non_hispanic_white", "non_hispanic_black", "hispanic", "non_hispanic_asian", "other",
)  # fmt: skip
ETHNICITY_SHARES = (0.58, 0.13, 0.17, 0.07, 0.05)  # roughly those of US adults
SMOKING = ("never", "former", "current")
PREGNANT_SHARE = 0.045  # of women of 20 to 42 at a moment
BREASTFEEDING_SHARE = 0.03
DRIFTER_SHARE = 0.18  # whose weight, sugar and pressure rise faster than age explains
TERM_DAYS = 280


@dataclass(frozen=True)
class People:
    """Columns, one entry a person. Ages in years at `as_of`; days are relative to `as_of`."""

    as_of: date
    number: np.ndarray  # place in the hospital, from 0
    female: np.ndarray
    age: np.ndarray
    ethnicity: np.ndarray
    factors: np.ndarray  # (people, 8) at `as_of`
    slopes: np.ndarray  # (people, 8) a year
    pregnant_since: np.ndarray  # days; NaN: not pregnant
    breastfeeding: np.ndarray
    smoking: np.ndarray
    cigarettes: np.ndarray  # a day
    pack_years: np.ndarray
    quit_years: np.ndarray
    drinks: np.ndarray  # a week
    active_minutes: np.ndarray  # a week
    health: np.ndarray  # 1 excellent to 5 poor

    def __len__(self) -> int:
        return len(self.number)

    @property
    def birth_dates(self) -> np.ndarray:
        days = np.floor(self.age * 365.25).astype(int)
        return np.datetime64(self.as_of, "D") - days

    @property
    def is_pregnant(self) -> np.ndarray:
        return ~np.isnan(self.pregnant_since)


def draw(count: int, first: int, random: Random, as_of: date) -> People:
    """Draw `count` people whose numbers in the hospital start at `first`."""
    female = random.random(count) < 0.52
    age = _ages(count, random)
    factors, slopes = _factors(age, random)
    smoking = _smoking(age, female, random)
    pregnant = female & (age >= 20) & (age < 42) & (random.random(count) < PREGNANT_SHARE)
    feeding = female & ~pregnant & (age >= 20) & (age < 42)
    years_smoked = np.clip(age - random.normal(19, 3, count), 1, None)
    quit_years = np.round(years_smoked * random.uniform(0.1, 0.8, count))
    cigarettes = np.round(np.clip(random.gamma(3, 4.5, count), 1, 50))
    active = np.round(
        np.clip(random.gamma(1.5, 110, count) * np.exp(-0.2 * factors[:, 0]), 0, 1500)
    )
    return People(
        as_of=as_of,
        number=np.arange(first, first + count),
        female=female,
        age=age,
        ethnicity=random.choice(ETHNICITIES, count, p=ETHNICITY_SHARES),
        factors=factors,
        slopes=slopes,
        pregnant_since=np.where(pregnant, -random.integers(35, TERM_DAYS - 10, count), np.nan),
        breastfeeding=feeding & (random.random(count) < BREASTFEEDING_SHARE),
        smoking=smoking,
        cigarettes=np.where(smoking == "current", cigarettes, 0),
        pack_years=_pack_years(smoking, cigarettes, years_smoked, quit_years),
        quit_years=quit_years,
        drinks=_drinks(female, pregnant, random),
        active_minutes=np.round(active / 10) * 10,
        health=_health(factors, age, random),
    )


def _ages(count: int, random: Random) -> np.ndarray:
    """Most between 20 and 90, as a general practice with an older list; one in 100 beyond."""
    usual = 20 + 70 * random.beta(1.9, 1.7, count)
    beyond = np.where(
        random.random(count) < 0.5, random.uniform(18, 20, count), 90 + 7 * usual / 90
    )
    return np.where(random.random(count) < 0.01, beyond, usual)


def _factors(age: np.ndarray, random: Random) -> tuple[np.ndarray, np.ndarray]:
    """Factors at `as_of` and their slopes a year: ageing, and a minority who drift upwards."""
    shape = (len(age), len(markers.FACTORS))
    root = np.linalg.cholesky(markers.correlation())
    ageing = np.array([markers.AGEING.get(factor, 0.0) for factor in markers.FACTORS])
    factors = random.standard_normal(shape) @ root.T + ageing * (age[:, None] - 50) / 10
    drifters = random.random(len(age)) < DRIFTER_SHARE
    drift = np.outer(drifters * random.uniform(0.08, 0.25, len(age)), _drifting())
    slopes = ageing / 10 + random.normal(0, 0.03, shape) + drift
    return np.clip(factors, -markers.BOUND, markers.BOUND), slopes


def _drifting() -> np.ndarray:
    return np.isin(markers.FACTORS, ["adiposity", "glycaemia", "pressure"]).astype(float)


def _smoking(age: np.ndarray, female: np.ndarray, random: Random) -> np.ndarray:
    current = np.clip(0.24 - 0.0022 * (age - 20) + 0.04 * ~female, 0.04, None)
    former = np.clip(0.05 + 0.0055 * (age - 20) + 0.05 * ~female, 0, 0.5)
    chance = random.random(len(age))
    return np.select([chance < current, chance < current + former], ["current", "former"], "never")


def _pack_years(
    smoking: np.ndarray, cigarettes: np.ndarray, years: np.ndarray, quit_years: np.ndarray
) -> np.ndarray:
    smoked = np.where(smoking == "current", years, years - quit_years)
    packs = np.round(cigarettes / 20 * np.clip(smoked, 0.5, None))
    return np.where(smoking == "never", 0, packs)


def _drinks(female: np.ndarray, pregnant: np.ndarray, random: Random) -> np.ndarray:
    abstains = random.random(len(female)) < 0.3
    drinks = np.round(random.gamma(0.9, np.where(female, 4.0, 7.5)))
    return np.where(abstains | pregnant, 0, np.minimum(drinks, 60))


def _health(factors: np.ndarray, age: np.ndarray, random: Random) -> np.ndarray:
    burden = 0.3 * factors.sum(axis=1) / np.sqrt(factors.shape[1]) + 0.012 * (age - 50)
    return np.clip(np.round(2.6 + burden + random.normal(0, 0.7, len(age))), 1, 5).astype(int)
