"""Margins: the questions of a forest as whole numbers of one byte, taken by blocks of rows.

All questions of the forest about one feature have few distinct thresholds, so a value is known
well enough by its rank among them: `value >= threshold[k]` is `rank > k`. Ranks and leaf numbers
fit one byte (two, for finer models), and one vector instruction then answers a question for 32
or 64 rows. A tree is evaluated from its leaves up: a question chooses, row by row, between the
leaf numbers that its two sides arrived at.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .forest import Forest

BOTH_LEAVES, RIGHT_LEAF, LEFT_LEAF, NO_LEAF = range(4)
DEEPEST = 60  # deeper trees are walked row by row
MOST_LEAVES = 1024  # so are bushier ones: most of their questions do not concern a row


@dataclass(frozen=True, slots=True)
class Ranking:
    """C columns: one for each feature and side to which its missing values go."""

    feature: NDArray[np.uint64]  # (C,)
    missing_right: NDArray[np.bool_]  # (C,)
    first: NDArray[np.int64]  # (C + 1,): thresholds of a column
    threshold: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Steps:
    """N questions, those of a tree together, each after the questions below it."""

    first: NDArray[np.int64]  # (T + 1,): steps of a tree
    kind: NDArray[np.uint8]  # which of the sides are leaves
    column: NDArray[np.uint64]  # of the ranks
    cut: NDArray[np.unsignedinteger]  # right when rank > cut
    left: NDArray[np.uint64]  # slot of the left side's answer, or its leaf
    right: NDArray[np.uint64]
    out: NDArray[np.uint64]  # slot for the answer; the tree's own is 0


@dataclass(frozen=True, slots=True)
class ScoringTables:
    ranking: Ranking
    steps: Steps
    slots: int
    word: Any  # dtype of ranks and leaf numbers

    @property
    def arrays(self) -> tuple[Any, ...]:
        """In the order in which the kernel takes them."""
        parts = (self.ranking, self.steps)
        return tuple(getattr(part, field.name) for part in parts for field in fields(part))


def tabulate(forest: Forest) -> ScoringTables | None:
    """The tables, or None for a forest that is better walked."""
    if forest.most_leaves > MOST_LEAVES:
        return None
    ranking, column, cut = _ranking(forest)
    finest = int(np.diff(ranking.first).max(initial=0))
    word = np.uint8 if max(finest, forest.most_leaves - 1) <= 255 else np.uint16
    if finest > np.iinfo(word).max:
        return None
    rows = [list(_steps(forest, tree)) for tree in range(len(forest.root))]
    order, kind, left, right, depth = _transposed(rows)
    if depth.max(initial=0) > DEEPEST:
        return None
    steps = Steps(
        first=np.cumsum([0, *map(len, rows)]),
        kind=kind.astype(np.uint8),
        column=column[order].astype(np.uint64),
        cut=cut[order].astype(word),
        left=left.astype(np.uint64),
        right=right.astype(np.uint64),
        out=depth.astype(np.uint64),
    )
    return ScoringTables(ranking, steps, int(depth.max(initial=0)) + 3, word)


def _transposed(rows: list[list[tuple[int, ...]]]) -> NDArray[np.int64]:
    flat = [row for tree in rows for row in tree]
    return np.array(flat, np.int64).reshape(-1, 5).T


def _ranking(forest: Forest) -> tuple[Ranking, NDArray[np.int64], NDArray[np.int64]]:
    """The columns, and the column and cut of every question."""
    key = forest.feature * 2 + forest.missing_right
    keys, column = np.unique(key, return_inverse=True)
    cut = np.zeros(len(key), np.int64)
    thresholds = []
    for number in range(len(keys)):
        asked = column == number
        distinct, cut[asked] = np.unique(forest.threshold[asked], return_inverse=True)
        thresholds.append(distinct)
    ranking = Ranking(
        feature=(keys // 2).astype(np.uint64),
        missing_right=keys % 2 == 1,
        first=np.cumsum([0, *map(len, thresholds)]),
        threshold=np.concatenate([np.zeros(0, np.float32), *thresholds]),
    )
    return ranking, column, cut


def _steps(forest: Forest, tree: int) -> Iterator[tuple[int, int, int, int, int]]:
    """(question, kind, left, right, slot) from the leaves up.

    The answer of a left side at depth d goes to slot 2d, of a right side to 2d + 1: no slot is
    written while it is needed, and none is read and written in one step.
    """
    first_leaf = forest.first_leaf[tree]
    stack = [(int(forest.root[tree]), 0, False)] if forest.root[tree] >= 0 else []
    while stack:
        node, slot, sides_done = stack.pop()
        below = 2 * (slot // 2 + 1)
        sides = forest.child[node].tolist()
        if sides_done:
            names = [
                ~side - first_leaf if side < 0 else below + way for way, side in enumerate(sides)
            ]
            yield node, 2 * (sides[0] >= 0) + (sides[1] >= 0), *names, slot
            continue
        stack.append((node, slot, True))
        stack += [(side, below + way, False) for way, side in enumerate(sides) if side >= 0]
