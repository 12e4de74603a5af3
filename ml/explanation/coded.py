"""Tables with words as numbers, for methods that put values of one row beside those of another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class WrongMethod(ValueError):
    """A method that does not fit the model, or its rows."""


@dataclass(frozen=True)
class Coded:
    """Rows and background, words as codes; `decode` gives the words back.

    A code is a name and no quantity: it may be moved to another row, never averaged.
    """

    rows: NDArray[np.float64]
    background: NDArray[np.float64]
    columns: tuple[str, ...] | None  # None: arrays of numbers
    words: Mapping[str, pd.Index]

    @classmethod
    def of(cls, X: Any, background: Any) -> Self:
        """Raises WrongMethod for words outside a frame."""
        if not isinstance(X, pd.DataFrame) or not isinstance(background, pd.DataFrame):
            return cls(_numbers(X), _numbers(background), None, {})
        both = pd.concat([X, background[list(X)]], ignore_index=True)
        words = {}
        for name in both.select_dtypes(exclude=["number", "bool"]):
            values = both[name].astype(object)
            both[name], words[name] = pd.factorize(values, use_na_sentinel=False)
        numbers = both.to_numpy(float)
        return cls(numbers[: len(X)], numbers[len(X) :], tuple(both), words)

    def decode(self, numbers: NDArray[np.float64]) -> Any:
        """Rows as the model knows them."""
        if self.columns is None:
            return numbers
        frame = pd.DataFrame(numbers, columns=list(self.columns))
        for name, known in self.words.items():
            frame[name] = known.take(frame[name].astype(int))
        return frame


def _numbers(table: Any) -> NDArray[np.float64]:
    try:
        return np.asarray(table, float)
    except (TypeError, ValueError) as problem:
        raise WrongMethod("An array holds columns of numbers: give words in a frame.") from problem
