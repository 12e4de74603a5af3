"""Many small boosted models of one task, packed into five arrays.

Each refit saw a bootstrap resample of the people. The trees are complete (depth `DEPTH`), so
that a whole bundle is evaluated by a few array operations: first every distinct question
("is feature f below t?") is answered for every person, then each tree looks its answers up.

    feature      int16   (questions,)            column of X
    threshold    float32 (questions,)            go left when value < threshold
    left_if_nan  bool    (questions,)
    question     uint16  (refits, trees, 7)      question at each inner node, breadth first
    leaf         float16 (refits, trees, 8)      addition to the logit
    base         float32 (refits,)               logit of the base score
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

DEPTH = 3
INNER = 2**DEPTH - 1
LEAVES = 2**DEPTH
TREES = 50
PARAMETERS: Mapping[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": DEPTH,
    "max_bin": 32,
    "learning_rate": 0.15,
    "subsample": 1.0,  # the bootstrap itself is the sampling
    "colsample_bytree": 0.5,
    "min_child_weight": 5,
    "reg_lambda": 5,
    "verbosity": 0,
}
PEOPLE_AT_ONCE = 500

Question = tuple[int, float, bool]


@dataclass(frozen=True, slots=True)
class Refits:
    """Packed refits; see the module for the meaning and shape of each array."""

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left_if_nan: NDArray[np.bool_]
    question: NDArray[np.uint16]
    leaf: NDArray[np.float16]
    base: NDArray[np.float32]

    def margins(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Logit of each refit for each person, shape (people, refits)."""
        parts = [
            self._margins(X[start : start + PEOPLE_AT_ONCE])
            for start in range(0, len(X), PEOPLE_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(self.base)))

    def _margins(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        refits, trees, _ = self.question.shape
        position = self._leaf_positions(self._goes_right(X))
        flat = self.leaf.astype(np.float32).reshape(-1)
        offset = (np.arange(refits * trees, dtype=np.int32) * LEAVES)[:, None]
        additions = flat[position + offset].reshape(refits, trees, len(X))
        return (additions.sum(axis=1, dtype=float) + self.base[:, None]).T

    def _goes_right(self, X: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Answers, shape (questions, people): 1 when the person goes right."""
        columns = X.T[self.feature]
        unknown_goes_right = np.isnan(columns) & ~self.left_if_nan[:, None]
        return ((columns >= self.threshold[:, None]) | unknown_goes_right).astype(np.uint8)

    def _leaf_positions(self, right: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Leaf number of each tree and person, shape (refits * trees, people)."""
        nodes = self.question.reshape(-1, INNER)
        first = right[nodes[:, 0]]
        second = np.where(first, right[nodes[:, 2]], right[nodes[:, 1]])
        left_third = np.where(second, right[nodes[:, 4]], right[nodes[:, 3]])
        right_third = np.where(second, right[nodes[:, 6]], right[nodes[:, 5]])
        return 4 * first + 2 * second + np.where(first, right_third, left_third)

    def to_bytes(self) -> bytes:
        """A compressed NumPy archive without pickled objects; equal refits, equal bytes."""
        buffer = io.BytesIO()
        arrays = {name: getattr(self, name) for name in self.__slots__}
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            return cls(**{name: archive[name] for name in cls.__slots__})


def fit(
    X: NDArray[np.float32],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    person: NDArray[np.int64],
    *,
    monotone: Sequence[int],
    count: int,
    random_state: int,
    threads: int = 2,
) -> Refits:
    """Fit `count` models, each on people drawn with replacement.

    `person` numbers the person behind each row from 0: all rows of a person are drawn together.
    """
    import xgboost as xgb

    data = xgb.QuantileDMatrix(X, y, nthread=threads, max_bin=PARAMETERS["max_bin"])
    rng = np.random.default_rng(random_state)
    people = int(person.max()) + 1
    packer = _Packer()
    for number in range(count):
        drawn = rng.multinomial(people, np.full(people, 1 / people))
        data.set_weight(weight * drawn[person])
        base = float(np.average(y, weights=weight * drawn[person]))
        settings = {
            **PARAMETERS,
            "monotone_constraints": tuple(monotone),
            "base_score": base,
            "seed": random_state + number,
            "nthread": threads,
        }
        packer.add(xgb.train(settings, data, TREES), base)
    return packer.packed()


class _Packer:
    """Collects boosters as complete trees over one shared list of questions."""

    def __init__(self) -> None:
        self.numbers: dict[Question, int] = {(0, float("-inf"), True): 0}
        self.questions: list[list[list[int]]] = []
        self.leaves: list[list[list[float]]] = []
        self.bases: list[float] = []

    def add(self, booster: Any, base: float) -> None:
        model = json.loads(booster.save_raw("json"))
        trees = model["learner"]["gradient_booster"]["model"]["trees"]
        completed = [self._complete(tree) for tree in trees]
        self.questions.append([questions for questions, _ in completed])
        self.leaves.append([leaves for _, leaves in completed])
        self.bases.append(float(np.log(base / (1 - base))))

    def packed(self) -> Refits:
        features, thresholds, left_if_nan = zip(*self.numbers, strict=True)
        return Refits(
            np.array(features, np.int16),
            np.array(thresholds, np.float32),
            np.array(left_if_nan, np.bool_),
            np.array(self.questions, np.uint16),
            np.array(self.leaves, np.float16),
            np.array(self.bases, np.float32),
        )

    def _complete(self, tree: dict[str, Any]) -> tuple[list[int], list[float]]:
        """Questions breadth first and leaves of one tree; an early leaf fills its branch."""
        nodes, questions = [0], []
        for _ in range(DEPTH):
            questions += [self._question(tree, node) for node in nodes]
            nodes = [child for node in nodes for child in _children(tree, node)]
        return questions, [tree["split_conditions"][node] for node in nodes]

    def _question(self, tree: dict[str, Any], node: int) -> int:
        if tree["left_children"][node] == -1:
            return 0  # both branches hold the same leaf: any question will do
        asked = (
            tree["split_indices"][node],
            tree["split_conditions"][node],
            bool(tree["default_left"][node]),
        )
        return self.numbers.setdefault(asked, len(self.numbers))


def _children(tree: dict[str, Any], node: int) -> tuple[int, int]:
    left = tree["left_children"][node]
    return (node, node) if left == -1 else (left, tree["right_children"][node])
