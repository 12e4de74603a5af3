"""A booster at the speed of the machine."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from .packing import Forest, pack
from .shapley import LeafTables, tabulate

if TYPE_CHECKING:
    from xgboost import Booster

ROWS_WORTH_A_THREAD = 2048


class CompiledTrees:
    """Margins and exact contributions of one booster of trees."""

    def __init__(self, forest: Forest, *, threads: int = 1):
        self.forest = forest
        self.threads = threads
        self._tables: LeafTables | None = None
        self._word = np.empty(0, forest.word)  # carries a type into the kernels

    @classmethod
    def of(cls, booster: "Booster", *, threads: int = 1) -> Self:
        """Raises TooDeep for trees deeper than six, ValueError for other boosters."""
        return cls(pack(booster), threads=threads)

    @property
    def tables(self) -> LeafTables:
        if self._tables is None:
            self._tables = tabulate(self.forest)
        return self._tables

    def margins(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the trees add up to, shape (rows,): the same bits as XGBoost's margin."""
        from . import kernels

        X, forest = self._rows(X), self.forest
        out = np.empty(len(X), np.float32)
        trees = (forest.column, forest.threshold, forest.leaf)
        self._in_threads(kernels.margins, X, (*trees, forest.depth, forest.base, out))
        return out

    def contributions(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Path-dependent TreeSHAP, shape (rows, features + 1); the last is the base value.

        A row adds up to its margin but for the rounding of the margin's own float32 sum.
        """
        from . import kernels

        X, forest = self._rows(X), self.forest
        out = np.empty((len(X), forest.features + 1))
        arrays = (forest.column, forest.threshold, *self.tables.arrays)
        if len(X) == 1:
            kernels.contributions_of_one(X[0], self._word, *arrays, out[0])
        else:
            self._in_threads(kernels.contributions, X, (*arrays, out))
        return out

    def _rows(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        if X.ndim != 2 or X.shape[1] != self.forest.features:
            raise ValueError(f"Rows of {self.forest.features} features, not of shape {X.shape}.")
        return np.ascontiguousarray(X, np.float32)

    def _in_threads(
        self, kernel: Callable[..., None], X: NDArray[np.float32], arrays: tuple[Any, ...]
    ) -> None:
        """Split the rows; the kernels release the GIL and write to rows of their own."""
        threads = max(1, min(self.threads, len(X) // ROWS_WORTH_A_THREAD))
        cuts = np.linspace(0, len(X), threads + 1).astype(int)
        if threads == 1:
            kernel(X, 0, len(X), self._word, *arrays)
            return
        with ThreadPoolExecutor(threads) as pool:
            parts = pairwise(cuts)
            list(pool.map(lambda part: kernel(X, *part, self._word, *arrays), parts))
