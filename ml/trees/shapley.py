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
"""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .forest import Forest

ENTER, DOWN_LEFT, DOWN_RIGHT, UP_TWO_LEAVES, UP, UP_LEFT_LEAF, UP_RIGHT_LEAF = range(7)
NOTHING = 2**62  # below a leaf


class Earlier(NamedTuple):
    """A question on the path, with all answers so far about its feature."""

    node: int
    depth: int
    side: int  # the way the path took
    share: float  # of the training rows with these answers


class Visit(NamedTuple):
    """A question as the walk meets it."""

    node: int
    depth: int
    side: int  # of its parent
    weight: float  # share of the training rows that come here
    path: dict[int, "Earlier"]  # feature -> the last question about it


@dataclass(frozen=True, slots=True)
class Walk:
    """The walk through a forest of N questions, Q points of quadrature.

    `factors` of a question, a state and a point are six numbers, left and right of each:
    `down`, by which the product of the path is multiplied on its way to a side; `gain`, by which
    what came up from a side is multiplied to be added over leaves (a lone leaf: the path's
    product times the leaf's own factor and value); `toll`, by which it is multiplied to be a
    contribution. Of a question with two leaves, left holds the sum of both and right nothing.
    """

    program: NDArray[np.uint64]  # (steps, 2): what to do, with which question
    depth: NDArray[np.uint64]
    column: NDArray[np.uint64]  # feature, or F + feature where missing values go right
    threshold: NDArray[np.float32]
    feature: NDArray[np.uint64]
    earlier: NDArray[np.uint64]  # depth of the path's earlier question about this feature
    earlier_side: NDArray[np.float64]  # the side of it on which this question lies
    repeated: NDArray[np.bool_]  # whether there is an earlier one
    out: NDArray[np.uint64]  # slot for the sums over leaves
    first: NDArray[np.uint64]  # (T + 1,): questions of tree t are first[t]:first[t + 1]
    below: NDArray[np.uint64]  # (questions, 2): number of the question on a side, or NOTHING
    earlier_node: NDArray[np.uint64]  # number of the earlier question, its own if there is none
    factors: NDArray[np.float64]  # (questions, states, points, 6)
    deepest: int
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
        self.program: list[tuple[int, int]] = []
        self.place = np.zeros((size, 2), np.int64)  # depth, side
        self.earlier = np.zeros((size, 3), np.int64)  # question, depth, side
        self.shares = np.ones((size, 3))  # of the earlier answers, left and right with them
        self.repeated = np.zeros(size, bool)
        self.expected = forest.base
        self.players = 1

    def take(self, root: int) -> None:
        if root < 0:
            self.expected += self.value[~root]
            return
        stack: list[Visit | tuple[int, int]] = [Visit(root, 0, 0, 1.0, {})]
        while stack:
            item = stack.pop()
            if isinstance(item, Visit):
                stack += self._plan(item)
            else:
                self.program.append(item)

    def _plan(self, at: Visit) -> list[Visit | tuple[int, int]]:
        """What is to be done at a question, last things first."""
        node, feature = at.node, self.feature[at.node]
        earlier, depth, side, share = at.path.get(feature, Earlier(node, 0, 0, 1.0))
        self.place[node] = at.depth, at.side
        self.earlier[node] = earlier, depth, side
        self.repeated[node] = feature in at.path
        self.players = max(self.players, len(at.path) + (feature not in at.path))
        self.shares[node] = share, share * self.share[node][0], share * self.share[node][1]
        left, right = self.child[node]
        self.program.append((ENTER, node))
        todo: list[Visit | tuple[int, int]] = [(_way_up(left, right), node)]
        for way, child in ((0, left), (1, right)):  # the right side is walked first
            weight = at.weight * self.share[node][way]
            if child < 0:
                self.expected += self.value[~child] * weight
                continue
            here = Earlier(node, at.depth, way, float(self.shares[node, 1 + way]))
            todo.append(Visit(child, at.depth + 1, way, weight, at.path | {feature: here}))
            todo.append((DOWN_RIGHT if way else DOWN_LEFT, node))
        return todo


def _way_up(left: int, right: int) -> int:
    if left < 0 and right < 0:
        return UP_TWO_LEAVES
    return UP_LEFT_LEAF if left < 0 else UP_RIGHT_LEAF if right < 0 else UP


def tabulate(forest: Forest) -> Walk:
    route = _Route(forest)
    for root in forest.root.tolist():
        route.take(root)
    return Walk(
        program=np.array(route.program, np.uint64).reshape(-1, 2),
        depth=route.place[:, 0].astype(np.uint64),
        column=(forest.feature + forest.features * forest.missing_right).astype(np.uint64),
        threshold=forest.threshold,
        feature=forest.feature.astype(np.uint64),
        earlier=route.earlier[:, 1].astype(np.uint64),
        earlier_side=route.earlier[:, 2].astype(float),
        repeated=route.repeated,
        out=(2 * route.place[:, 0] + route.place[:, 1]).astype(np.uint64),
        first=forest.first_question.astype(np.uint64),
        below=np.where(forest.child < 0, NOTHING, forest.child).astype(np.uint64),
        earlier_node=route.earlier[:, 0].astype(np.uint64),
        factors=_factors(forest, route),
        deepest=int(route.place[:, 0].max(initial=0)),
        expected=float(route.expected),
    )


def _factors(forest: Forest, route: _Route) -> NDArray[np.float64]:
    point, weight = np.polynomial.legendre.leggauss((route.players + 1) // 2)
    y, weight = (point + 1) / 2, weight / 2
    before, after = route.shares[:, :1, None], route.shares[:, 1:, None]
    factor_before = y + (1 - y) * before
    ratio = np.divide(after, before, out=np.zeros_like(after), where=before > 0)
    met = (y + (1 - y) * after) / factor_before
    unmet = (1 - y) * after / factor_before
    toll_before = weight * (1 - before) / factor_before
    toll_met = weight * (1 - after) / (y + (1 - y) * after) - toll_before
    toll_unmet = 0 * after - weight / (1 - y) - toll_before
    down = _by_state(met, unmet, ratio + 0 * y)
    toll = _by_state(toll_met, toll_unmet, 0 * met)
    gain, toll = _with_leaves(forest, down, toll)
    sided = np.stack([down, gain, toll])  # (kind, question, side, state, point)
    return np.ascontiguousarray(np.moveaxis(sided, [1, 3, 4, 0, 2], range(5))).reshape(
        *sided.shape[1:2], *sided.shape[3:], 6
    )


def _by_state(
    met: NDArray[np.float64], unmet: NDArray[np.float64], ruled_out: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(question, side, state, point) from (question, side, point): going left meets the left."""
    gone_left = np.stack([met[:, 0], unmet[:, 1]], axis=1)
    gone_right = np.stack([unmet[:, 0], met[:, 1]], axis=1)
    return np.stack([gone_left, gone_right, ruled_out], axis=2)


def _with_leaves(
    forest: Forest, down: NDArray[np.float64], toll: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Leaves have no walk of their own: their value is in the factors of the question above."""
    leaf = forest.child < 0
    value = np.where(leaf, forest.value[np.where(leaf, ~forest.child, 0)].astype(float), 1.0)
    at_leaf = leaf[:, :, None, None]
    gain = np.where(at_leaf, down * value[:, :, None, None], 1.0)
    toll = np.where(at_leaf, toll * gain, toll)
    both = leaf.all(axis=1)
    for factors in (gain, toll):
        factors[both, 0] = factors[both].sum(axis=1)
        factors[both, 1] = 0.0
    return gain, toll
