"""Encounters, wearable days and preventive care: what the calendar of a person shows."""

import numpy as np
import pandas as pd

from ml.datasets.synthetic.disease import NEVER, Diseases
from ml.datasets.synthetic.history import PREVENTION, WEARER_DAYS, WEARER_SHARE, day_to_date
from ml.datasets.synthetic.people import People, Random
from ml.datasets.synthetic.visits import Visits

STAYS = {"mi": "Myocardial infarction", "stroke_tia": "Stroke", "hfref": "Heart failure"}
REASONS = ("Check-up", "Follow-up of long-term condition", "Medication review", "Minor complaint")
MONTH = 30.4375  # days


def encounters(people: People, visits: Visits, diseases: Diseases, random: Random) -> pd.DataFrame:
    """A clinic visit for each date with results, and a stay for each acute event."""
    at_clinic = pd.DataFrame(
        {
            "person": people.number[visits.person],
            "kind": "OUTPATIENT",
            "reason": random.choice(REASONS, len(visits), p=(0.45, 0.35, 0.1, 0.1)),
            "ward": "",
            "started_at": moments(people, visits.day, visits.minute),
            "minutes": random.integers(10, 45, len(visits)),
        }
    )
    stays = [_stay(people, diseases, code, reason, random) for code, reason in STAYS.items()]
    table = pd.concat([at_clinic, *stays], ignore_index=True)
    table["ended_at"] = table["started_at"] + pd.to_timedelta(table.pop("minutes"), unit="m")
    return table.sort_values(["person", "started_at"], kind="stable", ignore_index=True)


def _stay(
    people: People, diseases: Diseases, code: str, reason: str, random: Random
) -> pd.DataFrame:
    """A hospital stay at the onset; it ends before `as_of`, since nobody is an inpatient now."""
    row = np.flatnonzero(diseases.onset[code] < -20)
    days = random.integers(2, 9, len(row))
    return pd.DataFrame(
        {
            "person": people.number[row],
            "kind": "INPATIENT",
            "reason": reason,
            "ward": "Cardiology" if code != "stroke_tia" else "Neurology",
            "started_at": moments(
                people, diseases.onset[code][row], random.integers(0, 24 * 60, len(row))
            ),
            "minutes": days * 24 * 60,
        }
    )


def moments(people: People, day: np.ndarray, minute: np.ndarray) -> np.ndarray:
    """Days relative to `as_of` and minutes of the day as times."""
    start = np.datetime64(people.as_of, "D") + day.astype("timedelta64[D]")
    return (start.astype("datetime64[m]") + minute.astype("timedelta64[m]")).astype("datetime64[s]")


WEARABLE_COLUMNS = (
    "person", "day", "steps", "active_minutes", "resting_heart_rate", "sleep_hours",
)  # fmt: skip


def no_wearables() -> pd.DataFrame:
    """The table of people who wear nothing."""
    return pd.DataFrame(columns=list(WEARABLE_COLUMNS))


def wearables(people: People, random: Random, *, compact: bool) -> pd.DataFrame:
    """Daily counts of the last weeks for those who wear a device; some days are missing."""
    length = WEARER_DAYS[compact]
    wearer = np.flatnonzero(random.random(len(people)) < WEARER_SHARE)
    row = np.repeat(wearer, length)
    day = np.tile(np.arange(-length, 0), len(wearer))
    worn = random.random(len(row)) < 0.92
    row, day = row[worn], day[worn]
    active = people.active_minutes[row] / 7
    level = 3200 + 45 * active - 25 * np.clip(people.age[row] - 60, 0, None)
    rest = 66 - 0.05 * np.minimum(active, 60) + 2 * people.factors[row, 0]
    return pd.DataFrame(
        {
            "person": people.number[row],
            "day": day_to_date(people, day.astype(float)).astype("datetime64[s]"),
            "steps": np.clip(random.normal(level, 1500), 300, 30000).round().astype(int),
            "active_minutes": np.clip(random.normal(active, 9), 0, 300).round().astype(int),
            "resting_heart_rate": np.clip(random.normal(rest, 2.5), 42, 100).round(),
            "sleep_hours": np.clip(random.normal(6.9, 0.9, len(row)), 3, 11).round(1),
        }
    )


def preventive_care(
    people: People, diseases: Diseases, random: Random, *, compact: bool
) -> pd.DataFrame:
    """The newest date of each screening and vaccination that a person keeps to."""
    parts = []
    for item, (sex, start, end, months, share) in PREVENTION.items():
        due = (people.age >= start) & (people.age < end)
        due &= people.female if sex == "female" else True
        parts.append(_done(people, item, due, months, share / (2 if compact else 1), random))
    diabetic = diseases.onset["t2d"] < NEVER
    parts += [_done(people, item, diabetic, 12, 0.6, random) for item in ("eye_exam", "foot_exam")]
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["person", "done_on"], kind="stable", ignore_index=True)


def _done(people: People, item: str, due, months: int, share: float, random: Random):
    row = np.flatnonzero(due & (random.random(len(people)) < share))
    # Up to a fifth later than advised: some are overdue.
    back = np.minimum(random.uniform(5, 1.2 * months * MONTH, len(row)), 3650)
    return pd.DataFrame(
        {
            "person": people.number[row],
            "item": item,
            "done_on": day_to_date(people, -np.floor(back)).astype("datetime64[s]"),
        }
    )
