"""Runs a published equation over one person or a column of people, and refuses by the row.

An equation declares its inputs; this module reads them, names what is missing, refuses
what lies outside the published range (never clips) and only then does the arithmetic.
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from ml.scores.inputs import REQUIRED, Input, Together
from ml.scores.result import (
    INVALID_INPUT,
    MISSING_INPUT,
    OUT_OF_RANGE,
    UNKNOWN_INPUT,
    ScoreResult,
    listed,
    refusal,
)

# Callers describe a person once and ask many scores, so these two are never "unknown".
CONTEXT = frozenset({"age", "sex"})

SCORES: dict[str, "Score"] = {}


class UnknownScore(KeyError):
    def __init__(self, name: str):
        near = get_close_matches(str(name).upper(), SCORES)
        meant = f"; did you mean {listed(near, 'or')}?" if near else ""
        super().__init__(f"No published score is called {name!r}{meant}")


class Score:
    """One published equation with its inputs, valid range, units and paper.

    Calling it with the inputs by name or in order gives the bare value (a float, or an
    array for columns, NaN where refused; a dict when the score has several values).
    `compute` gives the full answer.
    """

    def __init__(self, equation: Callable[..., Mapping[str, Any]], name: str, **about: Any):
        self.equation = equation
        self.name = name
        self.__doc__ = equation.__doc__
        self.__name__ = equation.__name__
        self.inputs: tuple[Input, ...] = about["inputs"]
        self.either: tuple[tuple[str, ...], ...] = about["either"]
        self.together: tuple[Together, ...] = about["together"]
        self.unit: str = about["unit"]
        self.reference: str = about["reference"]
        self.notes: tuple[str, ...] = about["notes"]

    def __call__(self, *args: Any, **inputs: Any) -> Any:
        names = [spec.name for spec in self.inputs]
        inputs.update(zip(names, args, strict=False))
        result = self.compute(inputs)
        if len(result.values) == 1:
            return result.value
        return dict(result.values) if result.values else np.nan

    def compute(self, inputs: Mapping[str, Any]) -> ScoreResult:
        """Answer for scalars or columns of equal length (a mapping or a frame)."""
        if not hasattr(inputs, "keys"):
            return self._refuse(INVALID_INPUT, f"{self.name} needs its inputs by name")
        unknown = self._unknown(inputs)
        if unknown:
            names = listed(sorted(map(str, unknown)))
            return self._refuse(UNKNOWN_INPUT, f"{self.name} has no input called {names}")
        try:
            columns, size = self._columns(inputs)
        except ValueError as unreadable:
            return self._refuse(INVALID_INPUT, str(unreadable))
        refused, error, reason = self._judge(columns, 1 if size is None else size)
        if size is None:
            return self._one(columns, error[0], reason[0])
        return self._result(self._values(columns, refused), error, reason)

    def _unknown(self, inputs: Mapping[str, Any]) -> set[str]:
        return set(inputs) - {spec.name for spec in self.inputs} - CONTEXT

    def _columns(self, inputs: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], int | None]:
        """Every input as an array of one length; the length is None for one person."""
        parsed = {spec.name: _read(spec, inputs) for spec in self.inputs}
        if not any(array.ndim for array in parsed.values()):
            return {name: array.reshape(1) for name, array in parsed.items()}, None
        if any(array.ndim > 1 for array in parsed.values()):
            raise ValueError("Inputs must be single values or columns")
        lengths = {len(array) for array in parsed.values() if array.ndim}
        if len(lengths) > 1:
            raise ValueError(f"Columns must be of one length, not {listed(_sorted(lengths))} rows")
        shape = (lengths.pop(),)
        return {name: np.broadcast_to(array, shape) for name, array in parsed.items()}, shape[0]

    def _judge(self, columns: Mapping[str, np.ndarray], size: int):
        """Refused or not, error code and reason of each row, the gravest first."""
        error = np.full(size, None, dtype=object)
        reason = np.full(size, "", dtype=object)
        pending = np.ones(size, dtype=bool)
        for code, sentence, labels, flags in self._complaints(columns):
            if not flags.any():
                continue
            for rows, words in _by_combination(flags & pending, labels):
                error[rows] = code
                reason[rows] = f"{sentence} {listed(words)}"
            pending &= ~flags.any(axis=0)
        return ~pending, error, reason

    def _complaints(self, columns: Mapping[str, np.ndarray]):
        """(code, start of the sentence, labels, rows by label) in the order of gravity."""
        pairs = [(spec, columns[spec.name]) for spec in self.inputs]
        invalid = [(spec.expected, spec.invalid(column)) for spec, column in pairs]
        outside = [(spec.bounds, spec.out_of_range(c)) for spec, c in pairs if spec.low is not None]
        outside += [(rule.needs, _broken(rule, columns)) for rule in self.together]
        yield MISSING_INPUT, "Needs", *_split(self._absent(columns), columns)
        yield INVALID_INPUT, f"{self.name}:", *_split(invalid, columns)
        yield OUT_OF_RANGE, f"{self.name} needs", *_split(outside, columns)

    def _absent(self, columns: Mapping[str, np.ndarray]):
        # Where absence of the key means "no", an empty value still means "unknown".
        needed = [spec for spec in self.inputs if spec.default is not None]
        absent = [(spec.label, spec.missing(columns[spec.name])) for spec in needed]
        return absent + [self._absent_group(group, columns) for group in self.either]

    def _absent_group(self, group: tuple[str, ...], columns: Mapping[str, np.ndarray]):
        labels = [spec.label for spec in self.inputs if spec.name in group]
        absent = np.all([np.isnan(columns[name]) for name in group], axis=0)
        return listed(list(dict.fromkeys(labels)), "or"), absent

    def _values(self, columns: Mapping[str, np.ndarray], refused: np.ndarray):
        with np.errstate(all="ignore"):  # refused rows are computed too, and blanked below
            values = self.equation(**columns)
        return {name: _blank(np.asarray(value), refused) for name, value in values.items()}

    def _one(self, columns, error: str | None, reason: str) -> ScoreResult:
        if error:
            absent = [label for label, rows in self._absent(columns) if rows[0]]
            return self._refuse(error, reason, missing=tuple(dict.fromkeys(absent)))
        values = self._values(columns, np.zeros(1, dtype=bool))
        # A value that does not apply to this person (NaN) is left out.
        plain = {name: self._plain(v[0]) for name, v in values.items() if v[0] == v[0]}
        return self._result(plain, None, "")

    def _plain(self, value: Any) -> Any:
        """A Python number or word; points are whole."""
        plain = value.item()
        return int(plain) if self.unit == "points" and isinstance(plain, float) else plain

    def _result(self, values, error, reason) -> ScoreResult:
        return ScoreResult(
            self.name,
            values,
            error,
            reason,
            notes=self.notes,
            unit=self.unit,
            reference=self.reference,
        )

    def _refuse(self, error: str, reason: str, **more: Any) -> ScoreResult:
        return refusal(self.name, error, reason, unit=self.unit, reference=self.reference, **more)


def published(
    name: str,
    *inputs: Input,
    reference: str,
    unit: str = "",
    either: Sequence[tuple[str, ...]] = (),
    together: Sequence[Together] = (),
    notes: Sequence[str] = (),
) -> Callable[[Callable[..., Mapping[str, Any]]], Score]:
    """Register an equation under its name.

    `either` lists groups of which one is needed, `together` what inputs must not contradict.
    """

    def register(equation: Callable[..., Mapping[str, Any]]) -> Score:
        SCORES[name] = Score(
            equation,
            name,
            inputs=inputs,
            either=tuple(either),
            together=tuple(together),
            unit=unit,
            reference=reference,
            notes=tuple(notes),
        )
        return SCORES[name]

    return register


def compute(name: str, inputs: Mapping[str, Any]) -> ScoreResult:
    """Compute a published score by name, for one person or for columns of people."""
    if name not in SCORES:
        raise UnknownScore(name)
    return SCORES[name].compute(inputs)


def _read(spec: Input, inputs: Mapping[str, Any]) -> np.ndarray:
    absent = None if spec.default is REQUIRED else spec.default
    try:
        return spec.parse(inputs.get(spec.name, absent))
    except (TypeError, ValueError) as unreadable:
        raise ValueError(f"{spec.name}: {unreadable}") from unreadable


def _broken(rule: Together, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    with np.errstate(all="ignore"):  # unreadable values are infinite
        return rule.broken(*(columns[name] for name in rule.names))


def _sorted(lengths: set[int]) -> list[str]:
    return [str(length) for length in sorted(lengths)]


def _split(pairs: list[tuple[str, np.ndarray]], columns: Mapping[str, np.ndarray]):
    size = len(next(iter(columns.values())))
    flags = np.array([rows for _, rows in pairs], dtype=bool).reshape(len(pairs), size)
    return [label for label, _ in pairs], flags


def _by_combination(flags: np.ndarray, labels: list[str]):
    """Rows that share the same set of complaints, with the words of that set."""
    weights = 1 << np.arange(len(labels), dtype=np.int64)
    signature = weights @ flags
    for value in np.unique(signature[signature > 0]):
        words = [label for label, weight in zip(labels, weights, strict=True) if value & weight]
        yield signature == value, list(dict.fromkeys(words))


def _blank(value: np.ndarray, refused: np.ndarray) -> np.ndarray:
    if not refused.any():
        return value
    if value.dtype.kind in "if":
        return np.where(refused, np.nan, value)
    blanked = value.astype(object)
    blanked[refused] = None
    return blanked
