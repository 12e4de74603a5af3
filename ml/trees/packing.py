"""Trees of a booster as arrays: complete trees of one depth, and the paths to their leaves."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from xgboost import Booster

DEEPEST = 6  # 63 questions a tree: their answers fit one 64-bit word
OBJECTIVES = {"binary:logistic", "reg:logistic", "reg:squarederror", "reg:tweedie"}


class TooDeep(ValueError):
    """Trees too deep to be packed; let the library that made them do it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One question on the way to a leaf."""

    node: int  # place in the complete tree, breadth first
    feature: int
    went_right: bool
    share: float  # of the training rows at this node that went on this way


@dataclass(frozen=True, slots=True)
class Leaf:
    tree: int
    value: float
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Forest:
    """T complete trees of depth D over F features; shapes below.

    `column` names the copy of a feature to compare: 0..F-1 for questions where a missing value
    goes left, F..2F-1 where it goes right. A row goes right when its value >= `threshold`.
    """

    features: int
    depth: int
    base: np.float32  # margin before the first tree
    column: NDArray[np.int32]  # (T, 2**D - 1); -1 under an early leaf
    threshold: NDArray[np.float32]  # (T, 2**D - 1)
    leaf: NDArray[np.float32]  # (T, 2**D)
    leaves: tuple[Leaf, ...]  # the leaves the booster has, in the order of the trees

    @property
    def word(self) -> type[np.unsignedinteger]:
        """What holds the answers to one tree's questions; a narrow word is twice as fast."""
        return np.uint32 if self.depth <= 5 else np.uint64


def pack(booster: "Booster") -> Forest:
    """The booster as it is saved: saving rounds the base score to seven digits.

    Raises TooDeep, or ValueError for a booster of another kind than one-output trees.
    """
    learner = json.loads(booster.save_raw("json"))["learner"]
    trees = _trees(learner)
    depth = max((_depth(tree, 0) for tree in trees), default=0)
    if depth > DEEPEST:
        raise TooDeep(f"Trees of depth {depth}; the deepest that can be packed is {DEEPEST}.")
    parameters = learner["learner_model_param"]
    forest = Forest(
        features=int(parameters["num_feature"]),
        depth=depth,
        base=_base_margin(learner),
        column=np.full((len(trees), 2**depth - 1), -1, np.int32),
        threshold=np.zeros((len(trees), 2**depth - 1), np.float32),
        leaf=np.zeros((len(trees), 2**depth), np.float32),
        leaves=tuple(leaf for number, tree in enumerate(trees) for leaf in _leaves(tree, number)),
    )
    for number, tree in enumerate(trees):
        _fill(forest, tree, number, node=0, place=0)
    return forest


def _trees(learner: dict[str, Any]) -> list[dict[str, Any]]:
    booster = learner["gradient_booster"]
    if booster["name"] != "gbtree" or learner["objective"]["name"] not in OBJECTIVES:
        raise ValueError(f"Not one-output trees: {learner['objective']['name']}.")
    trees = booster["model"]["trees"]
    if any(any(tree["split_type"]) for tree in trees):
        raise ValueError("Splits by categories cannot be packed; encode them as numbers.")
    return trees


def _base_margin(learner: dict[str, Any]) -> np.float32:
    """The base score on the scale that the trees add to, in single precision as XGBoost does."""
    score = np.float32(learner["learner_model_param"]["base_score"].strip("[]"))
    if "logistic" in learner["objective"]["name"]:
        return np.float32(-math.log(np.float32(1) / score - np.float32(1)))
    if learner["objective"]["name"] == "reg:tweedie":
        return np.float32(math.log(score))
    return score


def _depth(tree: dict[str, Any], node: int) -> int:
    if (left := tree["left_children"][node]) < 0:
        return 0
    return 1 + max(_depth(tree, left), _depth(tree, tree["right_children"][node]))


def _fill(forest: Forest, tree: dict[str, Any], number: int, *, node: int, place: int) -> None:
    """Copy a node and what hangs on it; an early leaf fills everything below its place."""
    left = tree["left_children"][node]
    if left < 0:
        forest.leaf[number, _last_row(forest.depth, place)] = tree["split_conditions"][node]
        return
    goes_right = 0 if tree["default_left"][node] else forest.features
    forest.column[number, place] = tree["split_indices"][node] + goes_right
    forest.threshold[number, place] = tree["split_conditions"][node]
    _fill(forest, tree, number, node=left, place=2 * place + 1)
    _fill(forest, tree, number, node=tree["right_children"][node], place=2 * place + 2)


def _last_row(depth: int, place: int) -> slice:
    """The leaves of the complete tree that lie under a place."""
    first = last = place
    while first < 2**depth - 1:
        first, last = 2 * first + 1, 2 * last + 2
    return slice(first - (2**depth - 1), last - (2**depth - 1) + 1)


def _leaves(
    tree: dict[str, Any], number: int, node: int = 0, place: int = 0, path: tuple[Step, ...] = ()
) -> Iterator[Leaf]:
    left, right = tree["left_children"][node], tree["right_children"][node]
    if left < 0:
        yield Leaf(number, tree["split_conditions"][node], path)
        return
    cover = tree["sum_hessian"]
    for child, went_right in ((left, False), (right, True)):
        share = cover[child] / cover[node] if cover[node] else 0.0
        step = Step(place, tree["split_indices"][node], went_right, share)
        yield from _leaves(tree, number, child, 2 * place + 1 + went_right, (*path, step))
