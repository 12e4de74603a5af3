"""Two devices that counted the same minutes: the better one's count is the one that counts."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Record = tuple[float, float, float, int]  # start and end (s since 1970), amount, rank
COLUMNS = 4


class Covered:
    """A set of times as disjoint intervals in order."""

    def __init__(self) -> None:
        self.starts: list[float] = []
        self.ends: list[float] = []

    def add(self, start: float, end: float) -> float:
        """Cover an interval; return how much of it was not covered before."""
        first = bisect_left(self.ends, start)
        last = bisect_right(self.starts, end)
        new = end - start - self._within(start, end, first, last)
        if first < last:
            start, end = min(start, self.starts[first]), max(end, self.ends[last - 1])
        self.starts[first:last] = [start]
        self.ends[first:last] = [end]
        return new

    def has(self, moment: float) -> bool:
        place = bisect_right(self.starts, moment) - 1
        return place >= 0 and moment < self.ends[place]

    def uncovered(self, start: float, end: float) -> float:
        first = bisect_left(self.ends, start)
        last = bisect_right(self.starts, end)
        return end - start - self._within(start, end, first, last)

    def _within(self, start: float, end: float, first: int, last: int) -> float:
        return sum(
            max(0.0, min(end, self.ends[place]) - max(start, self.starts[place]))
            for place in range(first, last)
        )


def packed(records: array) -> Iterator[Record]:
    """Records from the flat array that keeps a day's of them in little memory."""
    for place in range(0, len(records), COLUMNS):
        start, end, amount, rank = records[place : place + COLUMNS]
        yield start, end, amount, int(rank)


def total(records: Iterable[Record]) -> float:
    """The sum of amounts, minutes that several devices counted being counted once.

    The device of the lowest rank is believed; of another's record counts the share that lies
    outside. One device's own records are all believed: they do not overlap but by rounding.
    """
    by_rank: dict[int, list[Record]] = {}
    for record in records:
        by_rank.setdefault(record[3], []).append(record)
    covered = Covered()
    amount = 0.0
    for rank in sorted(by_rank):
        amount += sum(_share(record, covered) for record in by_rank[rank])
        for start, end, _amount, _rank in by_rank[rank]:
            covered.add(start, end)
    return amount


def _share(record: Record, covered: Covered) -> float:
    start, end, amount, _rank = record
    if end <= start:
        return 0.0 if covered.has(start) else amount
    return amount * covered.uncovered(start, end) / (end - start)
