"""Quality in parts of the population, with small cells kept out of sight."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.evaluation import calibration, discrimination

SMALLEST_CELL = 10


@dataclass(frozen=True, slots=True)
class SubgroupRow:
    """Figures of one part; None where fewer than ten people or events would show through."""

    group: str
    part: str
    count: int | None
    events: int | None
    auroc: float | None
    observed_expected: float | None
    slope: float | None


def table(
    y: ArrayLike, risk: ArrayLike, groups: Mapping[str, NDArray[np.str_]]
) -> list[SubgroupRow]:
    """One row for each part of each grouping, in the order of the part names."""
    y, risk = np.asarray(y), np.asarray(risk)
    return [
        _row(name, str(part), y[parts == part], risk[parts == part])
        for name, parts in groups.items()
        for part in np.unique(parts)
    ]


def _row(group: str, part: str, y: NDArray, risk: NDArray) -> SubgroupRow:
    count, events = len(y), int(y.sum())
    if min(events, count - events) < SMALLEST_CELL:
        shown = count if count >= SMALLEST_CELL else None
        return SubgroupRow(group, part, shown, None, None, None, None)
    return SubgroupRow(
        group,
        part,
        count,
        events,
        discrimination.auroc(y, risk),
        calibration.observed_expected(y, risk),
        calibration.slope(y, risk),
    )
