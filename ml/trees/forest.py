"""Trees of one output as flat arrays, whichever library grew them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree as a library stores it: arrays over its nodes, node 0 the root.

    A row goes right when its value >= `threshold`, and where `missing_right` says so when the
    value is missing.
    """

    left: NDArray[np.integer]  # number of the left child, negative at a leaf
    right: NDArray[np.integer]
    feature: NDArray[np.integer]
    threshold: NDArray[np.float32]
    missing_right: NDArray[np.bool_]
    value: NDArray[np.floating]  # what a leaf adds
    cover: NDArray[np.float64]  # training rows (or their weight) at a node


@dataclass(frozen=True, slots=True)
class Forest:
    """T trees over F features with N questions and L leaves in all.

    A child or root that is negative is a leaf: `~child` is its number. Leaves of a tree are
    numbered from left to right.
    """

    features: int
    base: float  # margin before the first tree
    root: NDArray[np.int64]  # (T,)
    first_leaf: NDArray[np.int64]  # (T + 1,): leaves of tree t are first_leaf[t]:first_leaf[t + 1]
    first_question: NDArray[np.int64]  # (T + 1,), in preorder
    feature: NDArray[np.int64]  # (N,)
    threshold: NDArray[np.float32]  # (N,)
    missing_right: NDArray[np.bool_]  # (N,)
    child: NDArray[np.int64]  # (N, 2)
    share: NDArray[np.float64]  # (N, 2) of the training rows at a question that go each way
    value: NDArray[np.floating]  # (L,) in the precision in which the library adds

    @classmethod
    def of(
        cls, trees: Iterable[Tree], *, features: int, base: float, precision: Any = np.float32
    ) -> "Forest":
        """Flatten; nodes that no row can reach are left out."""
        parts = _Parts()
        for tree in trees:
            parts.take(tree)
        return cls(
            features=features,
            base=base,
            root=np.array(parts.roots, np.int64),
            first_leaf=np.array(parts.first_leaf, np.int64),
            first_question=np.array(parts.first_question, np.int64),
            feature=np.concatenate([np.zeros(0, np.int64), *parts.feature]).astype(np.int64),
            threshold=np.concatenate([np.zeros(0), *parts.threshold]).astype(np.float32),
            missing_right=np.concatenate([np.zeros(0, bool), *parts.missing_right]).astype(bool),
            child=np.concatenate([np.zeros((0, 2), np.int64), *parts.child]),
            share=np.concatenate([np.zeros((0, 2)), *parts.share]),
            value=np.concatenate([np.zeros(0, precision), *parts.value]).astype(precision),
        )

    @property
    def most_leaves(self) -> int:
        """Leaves of the largest tree."""
        return int(np.diff(self.first_leaf).max(initial=1))


class _Parts:
    """Arrays of a forest while its trees are read one by one."""

    def __init__(self) -> None:
        self.roots: list[int] = []
        self.first_leaf = [0]
        self.first_question = [0]
        self.feature: list[NDArray] = []
        self.threshold: list[NDArray] = []
        self.missing_right: list[NDArray] = []
        self.child: list[NDArray] = []
        self.share: list[NDArray] = []
        self.value: list[NDArray] = []

    def take(self, tree: Tree) -> None:
        questions, leaves, names = _named(tree)
        child = names[np.stack([tree.left[questions], tree.right[questions]], axis=1)]
        start, first_leaf = self.first_question[-1], self.first_leaf[-1]
        child = np.where(child >= 0, child + start, child - first_leaf)
        self.roots.append(start if len(questions) else ~first_leaf)
        self.feature.append(tree.feature[questions])
        self.threshold.append(tree.threshold[questions])
        self.missing_right.append(tree.missing_right[questions])
        self.child.append(child.reshape(-1, 2))
        self.share.append(_shares(tree, questions))
        self.value.append(tree.value[leaves])
        self.first_question.append(start + len(questions))
        self.first_leaf.append(first_leaf + len(leaves))


def _named(tree: Tree) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Questions in preorder, leaves from left to right, and the new name of every node."""
    left, right = tree.left.tolist(), tree.right.tolist()
    questions, leaves, open_nodes = [], [], [0]
    while open_nodes:
        node = open_nodes.pop()
        if left[node] < 0:
            leaves.append(node)
        else:
            questions.append(node)
            open_nodes += (right[node], left[node])
    asked, ends = np.array(questions, np.int64), np.array(leaves, np.int64)
    names = np.zeros(len(left), np.int64)
    names[asked] = np.arange(len(asked))
    names[ends] = ~np.arange(len(ends))
    return asked, ends, names


def _shares(tree: Tree, questions: NDArray[np.int64]) -> NDArray[np.float64]:
    """A question that no training row reached sends half each way."""
    at = tree.cover[questions].astype(float)
    below = np.stack([tree.cover[tree.left[questions]], tree.cover[tree.right[questions]]], axis=1)
    known = at > 0
    return np.where(known[:, None], below / np.where(known, at, 1.0)[:, None], 0.5)
