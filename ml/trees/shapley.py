"""Path-dependent TreeSHAP by look-up.

What a leaf adds to the contribution of a feature depends only on which of the leaf's own
conditions a row meets. A leaf at depth d has at most d distinct features, so all answers fit a
table of 2**d patterns, computed once a model (Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9,
for the game; each leaf is a game of its own because SHAP values add up over leaves).
"""

from dataclasses import dataclass, fields
from math import factorial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .packing import Forest, Leaf


class Condition(NamedTuple):
    """Everything that a leaf's path asks of one feature."""

    feature: int
    asked: int  # bits of the questions
    answers: int  # bits of the answers that lead to the leaf
    share: float  # of the training rows that go this way when the feature is not known


@dataclass(frozen=True, slots=True)
class LeafTables:
    """L leaves, each with up to D conditions; tables one after the other in `table`."""

    first_leaf: NDArray[np.int32]  # (T + 1,): leaves of tree t are first_leaf[t]:first_leaf[t+1]
    conditions: NDArray[np.int32]  # (L,) how many
    feature: NDArray[np.int32]  # (L, D)
    asked: NDArray[np.unsignedinteger]  # (L, D)
    answers: NDArray[np.unsignedinteger]  # (L, D)
    start: NDArray[np.int64]  # (L,) where the table of a leaf begins
    table: NDArray[np.float64]  # [start + pattern * conditions + condition]
    expected: float  # mean margin of the training rows

    @property
    def arrays(self) -> tuple[Any, ...]:
        """In the order in which the kernels take them."""
        return tuple(getattr(self, field.name) for field in fields(self))


def tabulate(forest: Forest) -> LeafTables:
    paths = [_conditions(leaf) for leaf in forest.leaves]
    players = np.array([len(path) for path in paths], np.int32)
    shape = (len(paths), max(forest.depth, 1))
    feature, shares = np.zeros(shape, np.int32), np.zeros(shape)
    asked, answers = np.zeros(shape, forest.word), np.zeros(shape, forest.word)
    for number, path in enumerate(paths):
        for place, condition in enumerate(path):
            feature[number, place], shares[number, place] = condition.feature, condition.share
            asked[number, place], answers[number, place] = condition.asked, condition.answers
    start = np.cumsum([0, *(2**players * players)])
    table = np.empty(start[-1])
    values = np.array([leaf.value for leaf in forest.leaves])
    for count in np.unique(players[players > 0]):
        alike = np.flatnonzero(players == count)
        tables = _tables(values[alike], shares[alike, :count])
        table[start[alike][:, None] + np.arange(tables.shape[1])] = tables
    trees = [leaf.tree for leaf in forest.leaves]
    return LeafTables(
        first_leaf=np.searchsorted(trees, np.arange(len(forest.leaf) + 1)).astype(np.int32),
        conditions=players,
        feature=feature,
        asked=asked,
        answers=answers,
        start=start[:-1],
        table=table,
        expected=float(forest.base) + sum(map(_expected, forest.leaves)),
    )


def _expected(leaf: Leaf) -> float:
    return leaf.value * float(np.prod([step.share for step in leaf.path]))


def _conditions(leaf: Leaf) -> list[Condition]:
    """The path by feature: a feature asked twice is one player of the game."""
    players: dict[int, Condition] = {}
    for step in leaf.path:
        known = players.get(step.feature, Condition(step.feature, 0, 0, 1.0))
        bit = 1 << step.node
        players[step.feature] = known._replace(
            asked=known.asked | bit,
            answers=known.answers | (bit if step.went_right else 0),
            share=known.share * step.share,
        )
    return list(players.values())


def _tables(values: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Contributions in leaves of equally many players, shape (leaves, patterns * players).

    Bit i of a pattern says that condition i is met. A coalition S of a leaf is worth
    value * prod(met_i for i in S) * prod(share_i for i not in S).
    """
    leaves, players = shares.shape
    met = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
    table = np.empty((leaves, 2**players, players))
    for player in range(players):
        others = np.arange(players) != player
        worth = _weighted_coalitions(met[:, others], shares[:, others])
        table[:, :, player] = (met[:, player] - shares[:, [player]]) * worth
    return (table * values[:, None, None]).reshape(leaves, -1)


def _weighted_coalitions(
    met: NDArray[np.int64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum over coalitions of the others of Shapley weight times worth, (leaves, patterns).

    The worths of all coalitions of one size are a coefficient of prod(share_i + met_i * y).
    """
    others = shares.shape[1]
    polynomial = np.ones((len(shares), len(met), 1))
    for other in range(others):
        grown = np.zeros((*polynomial.shape[:2], polynomial.shape[2] + 1))
        grown[:, :, :-1] += polynomial * shares[:, other, None, None]
        grown[:, :, 1:] += polynomial * met[:, other, None]
        polynomial = grown
    sizes = range(others + 1)
    weight = [factorial(s) * factorial(others - s) / factorial(others + 1) for s in sizes]
    return polynomial @ np.array(weight)
