"""A model of trees at the speed of the machine."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from . import scoring, shapley
from .forest import Forest
from .reading import read

ROWS_WORTH_A_THREAD = 2048
ROWS_WORTH_BLOCKS = 64


class CompiledTrees:
    """Margins and exact contributions of one model of trees.

    The kernels are compiled when they are first called (seconds) and kept on disk for the next
    process (`ml.trees.jit`); `warm` makes that moment a chosen one.
    """

    def __init__(self, forest: Forest, *, threads: int = 1):
        self.forest = forest
        self.threads = threads

    @classmethod
    def of(cls, model: Any, *, threads: int = 1) -> Self:
        """From a fitted model of XGBoost, LightGBM or scikit-learn. Raises NotReadable."""
        return cls(read(model), threads=threads)

    @cached_property
    def scoring_tables(self) -> scoring.ScoringTables | None:
        return scoring.tabulate(self.forest)

    @cached_property
    def walk(self) -> shapley.Walk:
        return shapley.tabulate(self.forest)

    @property
    def expected(self) -> float:
        """Mean margin of the training rows: what contributions start from."""
        return self.walk.expected

    def warm(self) -> Self:
        """Compile the kernels for one row and for many."""
        for rows in (1, ROWS_WORTH_BLOCKS):
            self.contributions(np.zeros((rows, self.forest.features), np.float32))
        return self

    def margins(self, X: NDArray[np.float32]) -> NDArray[np.floating]:
        """What the trees add up to, shape (rows,): of XGBoost, the same bits as its margin."""
        from . import kernels_margin as kernels

        X, forest = self._rows(X), self.forest
        base = forest.value.dtype.type(forest.base)
        out = np.empty(len(X), forest.value.dtype)
        tables = self.scoring_tables if len(X) >= ROWS_WORTH_BLOCKS else None
        if tables is None:
            arrays = (forest.root, forest.feature, forest.threshold, forest.missing_right)
            self._in_threads(kernels.by_walks, X, (forest.value, base, *arrays, forest.child, out))
            return out
        word = np.empty(0, tables.word)  # carries a type into the kernel
        sizes = (forest.value, forest.first_leaf, base, word, tables.slots)
        self._in_threads(kernels.by_blocks, X, (*sizes, *tables.arrays, out))
        return out

    def contributions(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Path-dependent TreeSHAP, shape (rows, features + 1); the last is the base value.

        A row adds up to its margin: what the margin's own single-precision sum lost in rounding
        (about 1e-6) is spread evenly over the contributions that are not zero.
        """
        return self.explained(X)[1]

    def explained(self, X: NDArray[np.float32]) -> tuple[NDArray[np.floating], NDArray[np.float64]]:
        """`margins` and `contributions` for little more than the price of the second."""
        from . import kernels_shap as kernels

        X = self._rows(X)
        margins, arrays = self.margins(X), self.walk.arrays
        out = np.empty((len(X), self.forest.features + 1))
        if len(X) == 1:
            kernels.of_one(X[0], float(margins[0]), *arrays, out[0])
        else:
            self._in_threads(kernels.contributions, X, (margins.astype(float), *arrays, out))
        return margins, out

    def _rows(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        if X.ndim != 2 or X.shape[1] != self.forest.features:
            raise ValueError(f"Rows of {self.forest.features} features, not of shape {X.shape}.")
        return np.ascontiguousarray(X, np.float32)

    def _in_threads(
        self, kernel: Callable[..., None], X: NDArray[np.float32], arrays: tuple[Any, ...]
    ) -> None:
        """Split the rows; the kernels release the GIL and write to rows of their own."""
        threads = max(1, min(self.threads, len(X) // ROWS_WORTH_A_THREAD))
        if threads == 1:
            kernel(X, 0, len(X), *arrays)
            return
        cuts = np.linspace(0, len(X), threads + 1).astype(int)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: kernel(X, *part, *arrays), pairwise(cuts)))
