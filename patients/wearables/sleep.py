"""Hours asleep, each night belonging to the day on which it ended."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from .overlaps import Covered

APART = timedelta(hours=2)  # a longer time awake ends the night
Stage = tuple[datetime, datetime, int]


class Sleep:
    """Stages asleep of all devices, and what they come to."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []

    def add(self, start: datetime, end: datetime, rank: int) -> None:
        self.stages.append((start, end, rank))

    def hours(self) -> dict[date, float]:
        """Hours asleep by the day of waking, naps with the night before them.

        Of a night that several devices have seen, the one of the lowest rank is believed.
        """
        found: dict[date, float] = defaultdict(float)
        for night in self._nights():
            woke = max(night, key=lambda stage: stage[1])[1]
            found[woke.date()] += _hours(night)
        return dict(found)

    def _nights(self) -> list[list[Stage]]:
        nights: list[list[Stage]] = []
        until: datetime | None = None
        for stage in sorted(self.stages):
            if until is None or stage[0] - until > APART:
                nights.append([])
                until = stage[1]
            nights[-1].append(stage)
            until = max(until, stage[1])
        return nights


def _hours(night: list[Stage]) -> float:
    best = min(rank for _start, _end, rank in night)
    covered = Covered()
    seconds = sum(
        covered.add(start.timestamp(), end.timestamp())
        for start, end, rank in night
        if rank == best
    )
    return seconds / 3600
