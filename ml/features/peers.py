"""Where a value lies among people of the same sex and age.

Reference: NHANES adults 1999-2016, not pregnant, quantiles by sex and ten-year age band, made by
`python -m ml.datasets.nhanes_peers` and kept in `peers.json`. They describe the US population,
ill and well together: a usual value is not a healthy one.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ml.facts import Sex

FILE = Path(__file__).parent / "peers.json"
GRID = (1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 99)
BANDS = (20, 30, 40, 50, 60, 70, 80)  # first year of each; the last is open


class PeerPosition(NamedTuple):
    """A value among its peers; `percentile` stays within 1 and 99."""

    percentile: float
    count: int  # peers measured
    p25: float
    p50: float
    p75: float


def percentile(code: str, sex: Sex, age: float, value: float) -> PeerPosition | None:
    """Position of a value in canonical units; None for children and analytes without peers."""
    band = band_of(age)
    cell = _table().get(f"{code} {sex} {band}") if band else None
    if cell is None:
        return None
    quantiles = cell["quantiles"]
    p25, p50, p75 = (quantiles[GRID.index(share)] for share in (25, 50, 75))
    return PeerPosition(position(quantiles, value), cell["count"], p25, p50, p75)


def codes() -> tuple[str, ...]:
    """Analytes that have peers."""
    return tuple(sorted({key.split()[0] for key in _table()}))


def band_of(age: float) -> int | None:
    """First year of the age band, None under 20."""
    number = bisect_right(BANDS, age)
    return BANDS[number - 1] if number else None


def position(quantiles: Sequence[float], value: float) -> float:
    """Percentile of a value between the quantiles of `GRID`.

    >>> position(list(GRID), 42.5)
    42.5
    """
    first, after = bisect_left(quantiles, value), bisect_right(quantiles, value)
    if after > first:  # the value itself is a quantile, or several
        return (GRID[first] + GRID[after - 1]) / 2
    if first == 0 or first == len(GRID):
        return float(GRID[0] if first == 0 else GRID[-1])
    below, above = quantiles[first - 1], quantiles[first]
    part = (value - below) / (above - below)
    return GRID[first - 1] + part * (GRID[first] - GRID[first - 1])


@cache
def _table() -> dict[str, dict[str, Any]]:
    return json.loads(FILE.read_text(encoding="utf-8"))["cells"]
