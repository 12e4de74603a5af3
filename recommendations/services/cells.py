"""Counts that may be shown: from one to nine people none is."""

from __future__ import annotations

from dataclasses import dataclass

from ml.evaluation.subgroups import SMALLEST_CELL


@dataclass(frozen=True)
class Cell:
    """A count; None when it is hidden."""

    count: int | None

    @classmethod
    def of(cls, count: int, total: int | None = None) -> Cell:
        """Hidden when it, or what it leaves of the total, is between one and nine."""
        rest = 0 if total is None else total - count
        is_small = any(0 < each < SMALLEST_CELL for each in (count, rest))
        return cls(None if is_small else count)


def share(count: int, total: int) -> float | None:
    """None where a small count could be read off."""
    if total < SMALLEST_CELL or Cell.of(count, total).count is None:
        return None
    return count / total
