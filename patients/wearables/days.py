"""One day of a wearable device, and what may be said of it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

MOST_PROBLEMS = 1_000  # that are told one by one; all are counted
MOST_TYPES = 200


class Metric(NamedTuple):
    """A column of a day: what it is called, and between what it lies for a living person."""

    label: str
    low: float
    high: float
    is_whole: bool = False


METRICS = {
    "steps": Metric("Steps", 0, 200_000, is_whole=True),
    "active_minutes": Metric("Active minutes", 0, 1_440, is_whole=True),
    "resting_heart_rate": Metric("Resting heart rate", 20, 250),
    "sleep_hours": Metric("Hours of sleep", 0, 24),
    "heart_rate_variability": Metric("Heart rate variability", 1, 500),
    "oxygen_saturation": Metric("Oxygen saturation", 50, 100),
}
EARLIEST = date(2000, 1, 1)


class Unreadable(Exception):
    """The file as a whole cannot be read; the message is meant for who uploaded it."""


class Problem(NamedTuple):
    """A row or record that was not taken: where, why, and what to do about it."""

    row: int
    column: str
    code: str
    message: str
    repair: str
    seen: str = ""


@dataclass(frozen=True)
class Day:
    """What one source says of one day; None where it says nothing."""

    day: date
    source: str
    row: int = 0
    steps: int | None = None
    active_minutes: int | None = None
    resting_heart_rate: float | None = None
    sleep_hours: float | None = None
    heart_rate_variability: float | None = None
    oxygen_saturation: float | None = None

    def values(self) -> dict[str, float | None]:
        return {name: getattr(self, name) for name in METRICS}


@dataclass
class Reading:
    """What a file says: days in order, rows that were refused, record types passed over."""

    days: list[Day] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: int = 0
    ignored_types: Counter[str] = field(default_factory=Counter)

    def refuse(self, problem: Problem) -> None:
        self.refused += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    def ignore(self, kind: str) -> None:
        known = kind[:80] if kind[:80] in self.ignored_types else ""
        if not known and len(self.ignored_types) >= MOST_TYPES:
            known = "other types"
        self.ignored_types[known or kind[:80]] += 1


def accepted(name: str, value: float) -> float | int | None:
    """A value as it is stored, or None when no living person has it."""
    metric = METRICS[name]
    if not math.isfinite(value) or not metric.low <= value <= metric.high:
        return None
    return round(value) if metric.is_whole else round(value, 2)


def implausible(name: str, seen: str, *, row: int, column: str) -> Problem:
    metric = METRICS[name]
    return Problem(
        row,
        column,
        "implausible_value",
        f"{metric.label} of a living person lies between {metric.low:g} and {metric.high:g} a day.",
        "Check the value and its unit.",
        seen[:60],
    )
