"""All rules over all people at once, with the answers of the one-person evaluator.

A truth of many people is two columns of bits, "is true" and "is false"; where neither is set it
is unknown. Kleene's logic is then plain logic on bytes, eight people at a time: `and` is true
where all are true and false where one is false. Rules share their leaves, so a fact is compared
with a bound once, however many rules ask for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml.rules.evaluation import COMPARE, MIRRORED
from ml.rules.syntax import And, Call, Comparison, Expression, Leaf, Name, Not, Or

Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Truths:
    """One truth of many people: packed bits, shape (ceil(people / 8),) each."""

    true: Bits
    false: Bits

    @classmethod
    def of(cls, true: NDArray[np.bool_], false: NDArray[np.bool_]) -> "Truths":
        """From boolean columns; a person in neither is unknown."""
        return cls(np.packbits(true), np.packbits(false))

    def __invert__(self) -> "Truths":
        return Truths(self.false, self.true)

    def __and__(self, other: "Truths") -> "Truths":
        return Truths(self.true & other.true, self.false | other.false)

    def __or__(self, other: "Truths") -> "Truths":
        return Truths(self.true | other.true, self.false & other.false)

    @property
    def unknown(self) -> Bits:
        """Bits of those of whom neither is known; padding bits are set."""
        return ~(self.true | self.false)

    def unpacked(self, people: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Boolean columns (true, false) of that many people."""
        true, false = (np.unpackbits(bits, count=people) for bits in (self.true, self.false))
        return true.view(np.bool_), false.view(np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A number of many people, NaN where unknown.

    `below` and `above` mark values that are only limits ("<0.01", ">60"); `reached` those limits
    that may be the value itself ("<=", ">="). None where no value is a limit.
    """

    values: NDArray[np.float64]
    below: NDArray[np.bool_] | None = None
    above: NDArray[np.bool_] | None = None
    reached: NDArray[np.bool_] | None = None


class Population(Protocol):
    """Where the rules find the facts of many people; the columnar twin of `Environment`."""

    def __len__(self) -> int: ...
    def number(self, name: str) -> Numbers: ...
    def text_is(self, name: str, text: str) -> Truths: ...
    def truth(self, name: str) -> Truths: ...
    def has(self, code: str) -> Truths: ...
    def on(self, code: str) -> Truths: ...
    def allergy(self, code: str) -> Truths: ...
    def flag(self, code: str) -> Truths: ...
    def score(self, name: str) -> Numbers: ...
    def due(self, item: str, months: float) -> Truths: ...


class Rules:
    """Rules compiled to one list of steps in which no expression stands twice."""

    def __init__(self, rules: Sequence[Expression]):
        self._places: dict[str, int] = {}
        self._steps: list[tuple[Expression, tuple[int, ...]]] = []
        self._wanted = [self._placed(rule) for rule in rules]

    def __len__(self) -> int:
        return len(self._wanted)

    def evaluate(self, people: Population) -> list[Truths]:
        """What each rule says of everybody, in the order of the rules."""
        found = list(self.answers(people).values())
        return [found[place] for place in self._wanted]

    def answers(self, people: Population) -> dict[str, Truths]:
        """What every rule and every part of one says of everybody, by its text."""
        found: list[Truths] = []
        for expression, places in self._steps:
            found.append(_combined(expression, [found[place] for place in places], people))
        return dict(zip(self._places, found, strict=True))

    def _placed(self, expression: Expression) -> int:
        text = str(expression)
        if text not in self._places:
            places = tuple(self._placed(term) for term in _terms(expression))
            self._places[text] = len(self._steps)
            self._steps.append((expression, places))
        return self._places[text]


def compare(numbers: Numbers, operator: str, bound: float) -> Truths:
    """The columnar twin of `evaluation.compare`: limits are compared as far as they go."""
    with np.errstate(invalid="ignore"):
        true = COMPARE[operator](numbers.values, bound)
    false = ~true & ~np.isnan(numbers.values)
    if numbers.below is not None:
        true, false = _limited(numbers, numbers.below, operator, bound, 1, (true, false))
    if numbers.above is not None:
        true, false = _limited(numbers, numbers.above, MIRRORED[operator], bound, -1, (true, false))
    return Truths.of(true, false)


Columns = tuple[NDArray[np.bool_], NDArray[np.bool_]]


def _limited(
    numbers: Numbers,
    rows: NDArray[np.bool_],
    operator: str,
    bound: float,
    sign: int,
    whole: Columns,
) -> Columns:
    """Where only a limit is known: "over" is the mirror of "under" (sign -1)."""
    true, false = whole
    limit, bound = sign * numbers.values, sign * bound
    reached = np.zeros(len(rows), bool) if numbers.reached is None else numbers.reached
    with np.errstate(invalid="ignore"):
        up_to = limit <= bound
        below = np.where(reached, limit < bound, up_to)
    if operator in ("<", "<="):
        certain = below if operator == "<" else up_to
        return np.where(rows, certain, true), false & ~rows
    certain = up_to if operator == ">" else below
    return true & ~rows, np.where(rows, certain, false)


def _terms(expression: Expression) -> tuple[Expression, ...]:
    if isinstance(expression, And | Or):
        return expression.terms
    return (expression.term,) if isinstance(expression, Not) else ()


def _combined(expression: Expression, terms: Sequence[Truths], people: Population) -> Truths:
    if isinstance(expression, Not):
        return ~terms[0]
    if not isinstance(expression, And | Or):
        return _leaf(expression, people)
    result = terms[0]
    for term in terms[1:]:
        result = result & term if isinstance(expression, And) else result | term
    return result


def _leaf(leaf: Leaf, people: Population) -> Truths:
    if isinstance(leaf, Name):
        return people.truth(leaf.name)
    if isinstance(leaf, Call):
        return _call(leaf, people)
    return _comparison(leaf, people)


def _call(leaf: Call, people: Population) -> Truths:
    if leaf.months is not None:
        return people.due(leaf.code, leaf.months)
    ask: Mapping[str, Callable[[str], Truths]] = {
        "has": people.has,
        "on": people.on,
        "allergy": people.allergy,
        "flag": people.flag,
    }
    return ask[leaf.function](leaf.code)


def _comparison(leaf: Comparison, people: Population) -> Truths:
    left, bound = leaf.left, leaf.bound
    if isinstance(bound, str):
        return people.text_is(left.name, bound)  # type: ignore[union-attr]
    numbers = people.score(left.code) if isinstance(left, Call) else people.number(left.name)
    return compare(numbers, leaf.operator, bound)
