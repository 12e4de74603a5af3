"""The JSON of Health Auto Export: metrics by name, each with its samples or days."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from typing import IO, Any

from .days import EARLIEST, Day, Problem, Reading, Unreadable, accepted, implausible

SOURCE = "Health Auto Export"
MOST_BYTES = 64 * 1024 * 1024
SUMMED = {"step_count": "steps", "apple_exercise_time": "active_minutes"}
AVERAGED = {
    "resting_heart_rate": "resting_heart_rate",
    "heart_rate_variability": "heart_rate_variability",
    "blood_oxygen_saturation": "oxygen_saturation",
}
ASLEEP = ("totalSleep", "asleep")  # hours; newer and older versions of the app
Values = dict[tuple[date, str], list[float]]


def read(file: IO[bytes]) -> Reading:
    """The days of an export. Raises Unreadable when it is not one."""
    reading = Reading()
    values: Values = defaultdict(list)
    for metric in _metrics(file):
        name = str(metric.get("name"))
        known = (
            SUMMED.get(name) or AVERAGED.get(name) or ("sleep_hours" * (name == "sleep_analysis"))
        )
        samples = metric.get("data")
        if not known or not isinstance(samples, list):
            reading.ignore(name)
            continue
        for place, sample in enumerate(samples, start=1):
            _take(known, sample, place, values, reading)
    _finish(values, reading)
    return reading


def _metrics(file: IO[bytes]) -> list[dict]:
    raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise Unreadable("The file is larger than 64 MB. Export fewer years, by day.")
    try:
        said = json.loads(raw)
        metrics = said["data"]["metrics"]
        return [metric for metric in metrics if isinstance(metric, dict)]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise Unreadable(
            "This JSON is not an export of Health Auto Export, which begins with data and metrics."
        ) from None


def _take(name: str, sample: Any, place: int, values: Values, reading: Reading) -> None:
    try:
        day = date.fromisoformat(str(sample["sleepEnd" if _has_end(sample) else "date"])[:10])
        keys = ASLEEP if name == "sleep_hours" else ("qty",)
        said = next(sample[key] for key in keys if key in sample)
        if isinstance(said, bool) or day < EARLIEST:
            raise ValueError
        values[day, name].append(float(said))
    except (KeyError, TypeError, ValueError, StopIteration):
        reading.refuse(
            Problem(place, name, "malformed_record",
                    "This sample has no day or value that can be read.",
                    "Export the data again; the other samples were read.")
        )  # fmt: skip


def _has_end(sample: Any) -> bool:
    return isinstance(sample, dict) and bool(sample.get("sleepEnd"))


def _finish(values: Values, reading: Reading) -> None:
    days: dict[date, dict[str, Any]] = defaultdict(dict)
    for (day, name), said in values.items():
        is_mean = name in AVERAGED.values()
        number = sum(said) / len(said) if is_mean else sum(said)
        value = accepted(name, number)
        if value is None:
            reading.refuse(implausible(name, f"{number:g} on {day}", row=0, column=name))
        else:
            days[day][name] = value
    reading.days = [Day(day, SOURCE, **days[day]) for day in sorted(days)]
