"""Path-dependent TreeSHAP by quadrature: exact for trees of any depth, without tables of paths.

A leaf is a game among the features on its path (Lundberg et al. 2020,
doi:10.1038/s42256-019-0138-9): a coalition is worth value * prod(met_i, i in it) * prod(share_i,
i not in it), where `met` says whether the row goes the leaf's way at the questions about i and
`share` which part of the training rows does. With the multilinear extension of a game
(Owen 1972, doi:10.1287/mnsc.18.5.64) the Shapley value is an integral over y in 0..1,

    phi_i = value * (met_i - share_i) * integral of prod(met_j * y + share_j * (1 - y), j != i)

of a polynomial of degree m - 1 for m features: Gauss and Legendre's rule with (m + 1) // 2 points
is exact, so depth 4 needs two points and depth 8 four. At each point the products of all leaves
share the factors of their common path: one walk down the tree multiplies them, the way back up
adds over leaves, and every question costs the same few multiplications.

A question asked of a feature that the path has already asked replaces the factor of the earlier
one. At a question a row is in one of three states: it goes left (0), right (1), or its earlier
answer about this feature has already ruled this branch out (2).

Half the questions of a tree lead to two leaves. These `ends` need no walk of their own: what they
add and what their feature gets are the path's product times a number each, known beforehand. The
other questions are `forks`.
"""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .forest import Forest

Floats = NDArray[np.float64]


class Earlier(NamedTuple):
    """A question on the path, with all answers so far about its feature."""

    node: int
    side: int  # the way the path took
    share: float  # of the training rows with these answers


class Visit(NamedTuple):
    """A question as the walk meets it."""

    node: int
    weight: float  # share of the training rows that come here
    path: dict[int, Earlier]  # feature -> the last question about it


@dataclass(frozen=True, slots=True)
class Walk:
    """The walk through a forest of T trees, Q points of quadrature.

    Questions are numbered tree by tree, in a tree forks before ends, and those above before those
    below. While a tree is walked each of its questions has a place, its number within the tree:
    for the product of its path on the way down, for the sum over its leaves on the way up. After
    them come places for leaves beside a fork.
    """

    first: NDArray[np.uint64]  # (T + 1,): questions of tree t are first[t]:first[t + 1]
    first_fork: NDArray[np.uint64]  # (T + 1,): and of these so many are forks
    feature: NDArray[np.uint64]
    threshold: NDArray[np.float32]
    missing_right: NDArray[np.bool_]
    first_again: NDArray[np.uint64]  # (T + 1,)
    again: NDArray[np.uint64]  # (R, 3): question, earlier one of its feature, side of that it is on
    below: NDArray[np.uint64]  # (forks, 2): the places of both sides
    row: NDArray[np.uint64]  # (N, 2): of forks or ends when left (right is next), when ruled out
    forks: Floats  # (rows, Q, 4): factor of each side, then what the sum of each gives the feature
    ends: Floats  # (rows, Q, 2): what the product gives the sum, and the feature
    places: int
    points: tuple[float, ...]  # of the quadrature: a tuple, for its length is known to the compiler
    expected: float  # mean margin of the training rows

    @property
    def arrays(self) -> tuple[Any, ...]:
        """In the order in which the kernels take them."""
        return tuple(getattr(self, field.name) for field in fields(self))


class _Route:
    """What the walk meets, question by question."""

    def __init__(self, forest: Forest):
        size = len(forest.feature)
        self.child = forest.child.tolist()
        self.share = forest.share.tolist()
        self.feature = forest.feature.tolist()
        self.value = forest.value.tolist()
        self.shares = np.ones((size, 3))  # of the earlier answers, left and right with them
        self.again: dict[int, Earlier] = {}
        self.expected = forest.base
        self.players = 1
        for root in forest.root.tolist():
            self._take(root)

    def _take(self, root: int) -> None:
        if root < 0:
            self.expected += self.value[~root]
            return
        stack = [Visit(root, 1.0, {})]
        while stack:
            stack += self._below(stack.pop())

    def _below(self, at: Visit) -> list[Visit]:
        node, feature = at.node, self.feature[at.node]
        share = 1.0
        if feature in at.path:
            self.again[node] = at.path[feature]
            share = at.path[feature].share
        self.players = max(self.players, len(at.path) + (feature not in at.path))
        self.shares[node] = share, share * self.share[node][0], share * self.share[node][1]
        visits = []
        for way, child in enumerate(self.child[node]):
            weight = at.weight * self.share[node][way]
            if child < 0:
                self.expected += self.value[~child] * weight
                continue
            here = Earlier(node, way, float(self.shares[node, 1 + way]))
            visits.append(Visit(child, weight, at.path | {feature: here}))
        return visits


def tabulate(forest: Forest) -> Walk:
    route = _Route(forest)
    end = (forest.child < 0).all(axis=1)
    tree = np.repeat(np.arange(len(forest.root)), np.diff(forest.first_question))
    order = np.lexsort((np.arange(len(end)), end, tree))
    number = np.argsort(order)
    first_fork = np.cumsum(np.append(0, ~end))[forest.first_question]
    again = sorted((number[node], number[at.node], at.side) for node, at in route.again.items())
    repeats = np.array(again, np.uint64).reshape(-1, 3)
    asked_forks, asked_ends = order[~end[order]], order[end[order]]
    below = _places(forest, number, asked_forks, tree)
    points, forks, ends = _factors(forest, route)
    ruled = np.isin(order, list(route.again))
    forks, fork_row = _rows(forks[asked_forks], ruled[~end[order]])
    ends, end_row = _rows(ends[asked_ends], ruled[end[order]])
    row = np.empty((len(order), 2), np.uint64)
    row[~end[order]], row[end[order]] = fork_row, end_row
    return Walk(
        first=forest.first_question.astype(np.uint64),
        first_fork=first_fork.astype(np.uint64),
        feature=forest.feature[order].astype(np.uint64),
        threshold=forest.threshold[order],
        missing_right=forest.missing_right[order],
        first_again=np.searchsorted(repeats[:, 0], forest.first_question).astype(np.uint64),
        again=repeats,
        below=below.astype(np.uint64),
        row=row,
        forks=forks,
        ends=ends,
        places=int(below.max(initial=0)) + 1,
        points=points,
        expected=float(route.expected),
    )


def _places(
    forest: Forest, number: NDArray[np.int64], forks: NDArray[np.int64], tree: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Places of both sides of the forks."""
    child, home = forest.child[forks], tree[forks]
    leaf = child < 0
    within = number[np.where(leaf, 0, child)] - forest.first_question[home][:, None]
    beside = np.cumsum(np.append(0, leaf.any(axis=1)))  # leaves beside earlier forks
    beside = beside[:-1] - beside[np.searchsorted(home, home)]  # of the same tree
    questions = np.diff(forest.first_question)[home]
    return np.where(leaf, (questions + beside)[:, None], within)


def _factors(forest: Forest, route: _Route) -> tuple[tuple[float, ...], Floats, Floats]:
    """The points of the quadrature, and every question's numbers as a fork and as an end."""
    point, weight = np.polynomial.legendre.leggauss((route.players + 1) // 2)
    # Linear algebra behind them may differ in the last bit between machines: not after this.
    y, weight = (point.round(15) + 1) / 2, weight.round(15) / 2
    before, after = route.shares[:, :1, None], route.shares[:, 1:, None]
    factor_before = y + (1 - y) * before
    ratio = np.divide(after, before, out=np.zeros_like(after), where=before > 0)
    met = (y + (1 - y) * after) / factor_before
    unmet = (1 - y) * after / factor_before
    toll_before = weight * (1 - before) / factor_before
    toll_met = weight * (1 - after) / (y + (1 - y) * after) - toll_before
    toll_unmet = 0 * after - weight / (1 - y) - toll_before
    down = _by_state(met, unmet, ratio + 0 * y) * _values(forest)
    toll = _by_state(toll_met, toll_unmet, 0 * met)
    forks = np.stack([down[:, 0], down[:, 1], toll[:, 0], toll[:, 1]], axis=-1)
    ends = np.stack([down.sum(axis=1), (down * toll).sum(axis=1)], axis=-1)
    return tuple(y.tolist()), forks, ends


def _rows(numbers: Floats, ruled: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.int64]]:
    """(question, state, ...) as rows without the third state of questions that have none."""
    left = 2 * np.arange(len(numbers))
    out = np.where(ruled, 2 * len(numbers) + np.cumsum(ruled) - 1, left)
    two = numbers[:, :2].reshape(-1, *numbers.shape[2:])
    return np.concatenate([two, numbers[ruled, 2]]), np.stack([left, out], axis=1)


def _by_state(met: Floats, unmet: Floats, ruled_out: Floats) -> Floats:
    """(question, side, state, point) from (question, side, point): going left meets the left."""
    gone_left = np.stack([met[:, 0], unmet[:, 1]], axis=1)
    gone_right = np.stack([unmet[:, 0], met[:, 1]], axis=1)
    return np.stack([gone_left, gone_right, ruled_out], axis=2)


def _values(forest: Forest) -> Floats:
    """What the factor of a side is multiplied by, (question, side, 1, 1): a leaf's own value."""
    leaf = forest.child < 0
    value = np.where(leaf, forest.value[np.where(leaf, ~forest.child, 0)].astype(float), 1.0)
    return value[:, :, None, None]
