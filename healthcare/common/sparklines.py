"""Small trends as coordinates for `_components/sparkline.html`: drawn on the server, no script."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

WIDTH = 100.0
HEIGHT = 24.0
MARGIN = 3.0  # keeps the mark of an extreme value inside the box

Reading = tuple[dt.date, float]
Reference = tuple[float | None, float | None]  # low, high; None where the range is open


class Point(NamedTuple):
    """A place in the box, from its top left corner."""

    x: float
    y: float


class Band(NamedTuple):
    """The reference range as a strip across the box."""

    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Spark:
    """Lines between neighbours in time, lone dots, the newest value and the reference band."""

    lines: tuple[str, ...]
    dots: tuple[Point, ...]
    last: Point
    band: Band | None


def spark(
    readings: Sequence[Reading], *, reference: Reference = (None, None), gap_days: int = 400
) -> Spark | None:
    """Return the trend of `readings` (in order of time), or None when there are none.

    Readings more than `gap_days` apart are not joined: nothing is known of the time between.
    """
    if not readings:
        return None
    height = _heights([value for _, value in readings], reference)
    first, last = readings[0][0], readings[-1][0]
    days = (last - first).days or 1
    points = [
        Point(round(MARGIN + (WIDTH - 2 * MARGIN) * (day - first).days / days, 1), height(value))
        for day, value in readings
    ]
    runs = _runs(points, [day for day, _ in readings], gap_days)
    return Spark(
        lines=tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        last=points[-1],
        band=_band(reference, height),
    )


def _heights(values, reference):
    """Return the function from a value to its distance from the top of the box."""
    ends = [*values, *(end for end in reference if end is not None)]
    low, high = min(ends), max(ends)
    span = (high - low) or 1.0
    return lambda value: round(MARGIN + (HEIGHT - 2 * MARGIN) * (high - value) / span, 1)


def _runs(points, days, gap_days):
    """Cut the points where more than `gap_days` lie between two of them."""
    runs = [[points[0]]]
    for point, (before, after) in zip(points[1:], pairwise(days), strict=True):
        if (after - before).days > gap_days:
            runs.append([])
        runs[-1].append(point)
    return runs


def _band(reference, height):
    low, high = reference
    if low is None and high is None:
        return None
    top = 0.0 if high is None else height(high)
    bottom = HEIGHT if low is None else height(low)
    return Band(y=top, height=round(bottom - top, 1))
