"""When they come: visits over years, by the habit of each person."""

from dataclasses import dataclass

import numpy as np

from ml.datasets.synthetic.people import People, Random

INTERVALS = (365, 182, 91)  # days between check-ups
FULL_YEARS = (1.0, 6.0)
COMPACT_VISITS = (1, 4)  # at least, fewer than


@dataclass(frozen=True)
class Visits:
    """Columns, one entry a visit, sorted by person and then by day."""

    person: np.ndarray  # row of the person in People
    day: np.ndarray  # relative to `as_of`, negative
    minute: np.ndarray  # of the day, UTC
    age: np.ndarray  # years, at the visit

    def __len__(self) -> int:
        return len(self.person)

    @property
    def is_first(self) -> np.ndarray:
        return np.r_[True, self.person[1:] != self.person[:-1]]

    @property
    def is_last(self) -> np.ndarray:
        return np.r_[self.person[1:] != self.person[:-1], True]

    def first_days(self) -> np.ndarray:
        """Day of each person's first visit, shape (people,)."""
        return self.day[self.is_first]

    def last_days(self) -> np.ndarray:
        return self.day[self.is_last]

    def mean_of_two(self, values: np.ndarray) -> np.ndarray:
        """Mean of a visit and the one before: one reading is chance.

        At a first visit the value itself, as if the practice before had measured the same.
        """
        before = np.r_[values[:1], values[:-1]]
        return np.where(self.is_first, values, (values + before) / 2)

    def first_where(self, met: np.ndarray, people: int) -> np.ndarray:
        """Day of each person's first visit at which `met` holds, inf when none."""
        days = np.full(people, np.inf)
        np.minimum.at(days, self.person[met], self.day[met])
        return days


def draw(people: People, random: Random, *, compact: bool) -> Visits:
    """Draw visits of the years before `as_of`: 1 to 6 years of them, or 1 to 3 in all."""
    interval = _intervals(people, random)
    counts = (
        random.integers(*COMPACT_VISITS, len(people))
        if compact
        else 1 + (random.uniform(*FULL_YEARS, len(people)) * 365 / interval).astype(int)
    )
    person = np.repeat(np.arange(len(people)), counts)
    place = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    back = np.repeat(counts, counts) - 1 - place  # 0 for the newest
    newest = random.uniform(3, interval)
    jitter = random.uniform(-0.12, 0.12, len(person)) * (back > 0)
    day = -np.floor(newest[person] + (back + jitter) * interval[person]).astype(int)
    minute = random.integers(6 * 60 + 30, 16 * 60, len(person))
    return Visits(person, day, minute, people.age[person] + day / 365.25)


def _intervals(people: People, random: Random) -> np.ndarray:
    """The sick and the old come more often."""
    burden = people.factors[:, :4].sum(axis=1) / 3 + (people.age - 50) / 30
    chance = random.random(len(people)) - 0.12 * burden
    return np.select([chance < 0.15, chance < 0.5], [INTERVALS[2], INTERVALS[1]], INTERVALS[0])
