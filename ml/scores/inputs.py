"""Inputs of a published score: their names, units, valid range and what absence means."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from ml.scores.result import listed

REQUIRED = object()
UNREADABLE = np.inf
BOOLEANS = (bool, np.bool_)


@dataclass(frozen=True)
class Input:
    """One input of an equation.

    `default` is REQUIRED (absence refuses the score), None (optional: the equation sees
    NaN) or the value that absence of the key means. A key that is present and empty
    (None, NaN) is always unknown, never the default.
    """

    name: str
    kind: str  # "number", "flag" or "choice"
    label: str  # in words, for refusals
    default: Any = REQUIRED
    low: float | None = None
    high: float | None = None
    open_low: bool = False  # the lower limit itself is out of range
    open_high: bool = False
    choices: tuple[str, ...] = ()
    whole: bool = False  # a count

    def parse(self, given: Any) -> np.ndarray:
        """The input as a float array, or as an array of words for a choice."""
        if self.kind == "choice":
            return _words(given)
        return _numbers(given, flags=self.kind == "flag")

    def missing(self, parsed: np.ndarray) -> np.ndarray:
        return parsed == "" if self.kind == "choice" else np.isnan(parsed)

    def invalid(self, parsed: np.ndarray) -> np.ndarray:
        """Where a value is present but is none of those the input can take."""
        if self.kind == "choice":
            return ~np.isin(parsed, ("", *self.choices))
        if self.kind == "flag":
            return ~(np.isnan(parsed) | (parsed == 0) | (parsed == 1))
        return np.isinf(parsed) | (self.whole & (parsed != np.round(parsed)) & ~np.isnan(parsed))

    def out_of_range(self, parsed: np.ndarray) -> np.ndarray:
        """Where a number lies outside its range, which always has a lower limit."""
        outside = (parsed <= self.low) if self.open_low else (parsed < self.low)
        if self.high is not None:
            outside |= (parsed >= self.high) if self.open_high else (parsed > self.high)
        return outside

    @cached_property
    def bounds(self) -> str:
        """The valid range in words, such as `age 30 to 79`; every range has a lower limit."""
        low = f"{self.label} {'above ' if self.open_low else ''}{self.low:g}"
        if self.high is None:
            return low if self.open_low else f"{low} or more"
        if self.open_high:
            return f"{low} {'and' if self.open_low else 'or more and'} below {self.high:g}"
        return f"{low} {'to at most' if self.open_low else 'to'} {self.high:g}"

    @cached_property
    def expected(self) -> str:
        """What the input can be, in words."""
        if self.kind == "choice":
            return f"{self.name} must be {listed(self.choices, 'or')}"
        if self.kind == "flag":
            return f"{self.name} must be yes or no (true or false, 1 or 0)"
        return f"{self.name} must be {'a whole' if self.whole else 'a finite'} number"


@dataclass(frozen=True)
class Together:
    """What several inputs must fulfil together; where one is unknown, nothing is asked."""

    names: tuple[str, ...]
    broken: Callable[..., np.ndarray]  # rows that contradict themselves, from the named inputs
    needs: str  # in words, for refusals


def agreeing(first: str, second: str, factor: float) -> Together:
    """One quantity in two units: `first` is `factor` times `second`, within a fifth."""
    return Together(
        (first, second),
        lambda one, other: np.abs(one - factor * other) > 0.2 * np.maximum(one, factor * other),
        f"{first} and {second} that agree",
    )


def number(name: str, label: str, low=None, high=None, *, above=None, below=None, default=REQUIRED):
    """A measured number; `low` and `high` belong to the valid range, `above`, `below` do not."""
    return Input(
        name,
        "number",
        label,
        default,
        above if low is None else low,
        below if high is None else high,
        open_low=low is None,
        open_high=high is None,
    )


def count(name: str, label: str, low: int = 0, high: int | None = None):
    """How often or how many: a whole number."""
    return Input(name, "number", label, low=low, high=high, whole=True)


def positive(name: str, label: str, high=None, *, below=None, default=REQUIRED):
    """A measured number that cannot be zero."""
    return number(name, label, None, high, above=0, below=below, default=default)


def flag(name: str, label: str, default=REQUIRED):
    """Yes or no."""
    return Input(name, "flag", label, default)


def choice(name: str, label: str, choices: tuple[str, ...], default=REQUIRED):
    return Input(name, "choice", label, default, choices=choices)


SEX = choice("sex", "sex", ("female", "male"))


def _array(given: Any) -> np.ndarray:
    # In a list with one word numpy would make words of the numbers, too.
    return np.asarray(given, dtype=object if isinstance(given, (list, tuple)) else None)


def _numbers(given: Any, *, flags: bool) -> np.ndarray:
    """Floats; what cannot be read as a number is infinite, which no input may be."""
    array = _array(given)
    if array.dtype.kind in ("fiub" if flags else "fiu"):
        return array.astype(float)
    values = [np.nan if _is_na(value) else _number(value, flags) for value in _plain(array)]
    return np.array(values, dtype=float).reshape(array.shape)


def _number(value: Any, flags: bool) -> float:
    # float("61") would read a word as a measurement, float(True) an answer as one.
    readable = isinstance(value, (Real, Decimal)) and (flags or not isinstance(value, BOOLEANS))
    try:
        return float(value) if readable else UNREADABLE
    except OverflowError:  # a whole number longer than any float
        return UNREADABLE


def _plain(array: np.ndarray) -> list[Any]:
    return array.astype(object).ravel().tolist()


def _words(given: Any) -> np.ndarray:
    array = _array(given)
    if array.dtype.kind == "U":
        return array
    words = ["" if _is_na(value) else str(value) for value in _plain(array)]
    return np.array(words, dtype=str).reshape(array.shape)


def _is_na(value: Any) -> bool:
    # NaN is the only float unequal to itself; pd.NA answers neither way, hence its type name,
    # and a signalling NaN of the decimals raises.
    if isinstance(value, Decimal):
        return value.is_nan()
    return value is None or type(value).__name__ == "NAType" or bool(value != value)
