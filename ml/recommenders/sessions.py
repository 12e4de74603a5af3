"""How the order in use fares on what people here took, beside simpler orders of the same items.

A session is what one person was offered when they were first answered for, and what of it was
taken. Learning is from answers before the cut, testing on people first answered for after it:
neither person nor future is shared. Every way orders the same offered, safe items, since nothing
else could have been taken. The order in use is favoured: what it put first was seen first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.recommenders import comparison, metrics
from ml.recommenders.comparison import Comparison
from ml.recommenders.metrics import Lists, Measured

K = 5
TEST_SHARE = 0.3
LEAST_PEOPLE = 50  # tested, and of those learned from: below, nothing is said (own choice)


class TooFewSessions(ValueError):
    """Not enough people to compare orders; the message says how many there are."""


@dataclass(frozen=True, slots=True)
class Offered:
    """An item on the list, with what the order in use said of it."""

    item: str
    rank: int  # 1 is first
    urgent: float  # 0 to 1
    evidence: float  # 0 to 1
    benefit: float  # 0 to 1: expected, whether or not in numbers
    reduction: float | None  # absolute risk reduction; None: not in numbers


@dataclass(frozen=True, slots=True)
class Session:
    """One person: what was on offer at their first answer, and when each item was taken."""

    person: int
    at: datetime
    offered: tuple[Offered, ...]
    taken: Mapping[str, datetime]

    def items(self, moment: datetime | None = None) -> frozenset[str]:
        """What was taken of the offered, before a moment where one is given."""
        return frozenset(
            each.item
            for each in self.offered
            if each.item in self.taken and (moment is None or self.taken[each.item] < moment)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Sessions to learn from, as far as answered before the cut, and those to test on."""

    cut: datetime
    train: tuple[Session, ...]
    test: tuple[Session, ...]

    @property
    def popularity(self) -> dict[str, float]:
        """Share of the people learned from who took each item."""
        counts: dict[str, int] = {}
        for session in self.train:
            for item in session.items(self.cut):
                counts[item] = counts.get(item, 0) + 1
        return {item: count / len(self.train) for item, count in counts.items()}


@dataclass(frozen=True, slots=True)
class Gap:
    """Between habit and benefit, over the people tested; means of absolute risk reductions."""

    people: int
    first_by: Mapping[str, Measured]  # of the first item in numbers, by way of ranking
    taken: Measured  # the largest of what was taken
    best: Measured  # the largest on offer
    missed: Measured  # best less taken, by person


def split(sessions: Sequence[Session], *, test_share: float = TEST_SHARE) -> Split:
    """By the moment of the first answer. Raises TooFewSessions."""
    if not sessions:
        raise TooFewSessions("Not enough data: nobody was answered for.")
    ordered = sorted(sessions, key=lambda session: (session.at, session.person))
    cut = ordered[int(len(ordered) * (1 - test_share))].at
    train = tuple(session for session in ordered if session.at < cut)
    test = tuple(session for session in ordered if session.at >= cut)
    took = sum(bool(session.items()) for session in test)
    if len(train) < LEAST_PEOPLE or took < LEAST_PEOPLE:
        raise TooFewSessions(
            f"Not enough data: {len(train)} people answered for before the cut and {took} after it "
            f"for whom anything was taken; {LEAST_PEOPLE} of each are needed."
        )
    return Split(cut, train, test)


def orders(
    divided: Split,
    *,
    habit: Mapping[int, Mapping[str, float]] | None = None,
    random_state: int = comparison.SEED,
) -> dict[str, Lists]:
    """The offered items of each tested session in the order of each way.

    `habit` are the chances learned before the cut, by person and item, where there is any.
    """
    rng = np.random.default_rng(random_state)
    popularity = divided.popularity
    keys = {
        "popularity": lambda session, each: -popularity.get(each.item, 0.0),
        "random": lambda session, each: rng.random(),
        "rules": lambda session, each: (-each.urgent, -each.evidence),
        "benefit": lambda session, each: -each.benefit,
        comparison.HYBRID: lambda session, each: each.rank,
    }
    if habit is not None:
        keys["habit"] = lambda session, each: -habit[session.person].get(each.item, 0.0)
    return {way: [_ordered(session, key) for session in divided.test] for way, key in keys.items()}


def _ordered(session: Session, key: Callable[[Session, Offered], Any]) -> list[str]:
    """Smallest key first; equal ones by id."""
    ranked = sorted(session.offered, key=lambda each: (key(session, each), each.item))
    return [each.item for each in ranked]


def compare(
    divided: Split,
    lists: Mapping[str, Lists],
    *,
    items: Sequence[str],
    features: Mapping[str, NDArray[np.float64]],
    k: int = K,
    random_state: int = comparison.SEED,
) -> Comparison:
    """`items` is the catalogue, `features` the unit vectors of its items."""
    known = {item for session in divided.test for item in _ids(session)}
    blank = np.zeros(len(next(iter(features.values()))))
    return comparison.compare(
        lists,
        [session.items() for session in divided.test],
        k=k,
        items=sorted({*items, *known}),
        popularity=divided.popularity,
        people=np.array([session.person for session in divided.test]),
        features={item: features.get(item, blank) for item in known},
        random_state=random_state,
    )


def gap(
    divided: Split, lists: Mapping[str, Lists], *, random_state: int = comparison.SEED
) -> Gap | None:
    """None where fewer people than `LEAST_PEOPLE` took an item and had a benefit in numbers."""
    rows = [
        row for row, session in enumerate(divided.test) if session.items() and _best(session) > 0
    ]
    if len(rows) < LEAST_PEOPLE:
        return None
    chosen = [divided.test[row] for row in rows]
    best = np.array([_best(session) for session in chosen])
    taken = np.array([_reduction(session, session.items()) for session in chosen])
    first = [
        [_reduction(session, _first_in_numbers(session, ranked[row]))
         for row, session in zip(rows, chosen, strict=True)]
        for ranked in lists.values()
    ]  # fmt: skip
    columns = np.column_stack([*first, taken, best, best - taken])
    found = metrics.measured_columns(columns, random_state=random_state)
    *by_way, mean_taken, mean_best, missed = found
    by_name = dict(zip(lists, by_way, strict=True))
    return Gap(len(rows), by_name, mean_taken, mean_best, missed)


def _ids(session: Session) -> list[str]:
    return [each.item for each in session.offered]


def _best(session: Session) -> float:
    return _reduction(session, frozenset(_ids(session)))


def _reduction(session: Session, items: frozenset[str]) -> float:
    """The largest reduction of these; an item without a number counts as none."""
    return max((each.reduction or 0.0 for each in session.offered if each.item in items), default=0)


def _first_in_numbers(session: Session, ranked: Sequence[str]) -> frozenset[str]:
    numbers = {each.item for each in session.offered if each.reduction is not None}
    return frozenset([item for item in ranked if item in numbers][:1])
