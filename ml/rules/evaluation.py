"""What a rule says of one person: True, False, or None where a missing fact decides.

Three-valued logic after Kleene: `False and unknown` is False, `True or unknown` is True,
everything else that touches an unknown is unknown.
"""

import operator as op
from collections.abc import Callable
from datetime import date
from typing import NamedTuple, Protocol

from ml.rules.syntax import And, Call, Comparison, Expression, Name, Not, Or

Truth = bool | None
COMPARE = {">=": op.ge, "<=": op.le, ">": op.gt, "<": op.lt, "==": op.eq}
MIRRORED = {">=": "<=", "<=": ">=", ">": "<", "<": ">", "==": "=="}


class Quantity(NamedTuple):
    """A number with its unit, its day, and "<" or ">" when only a limit is known."""

    value: float
    unit: str = ""
    collected: date | None = None
    comparator: str = ""


class Environment(Protocol):
    """Where a rule finds its facts. None means unknown."""

    def number(self, name: str) -> Quantity | None: ...
    def text(self, name: str) -> str | None: ...
    def truth(self, name: str) -> Truth: ...
    def has(self, code: str) -> Truth: ...
    def on(self, code: str) -> Truth: ...
    def allergy(self, code: str) -> Truth: ...
    def flag(self, code: str) -> Truth: ...
    def score(self, name: str) -> Quantity | None: ...
    def due(self, item: str, months: float) -> Truth: ...
    def months_since(self, item: str) -> float | None: ...
    def since(self, kind: str, code: str) -> date | None: ...
    def source(self, kind: str, code: str) -> str: ...


def evaluate(tree: Expression, env: Environment) -> Truth:
    """True, False or None (unknown) for this person."""
    return _EVALUATE[type(tree)](tree, env)


def compare(quantity: Quantity | None, operator: str, bound: float) -> Truth:
    """Compare a number; a limit such as "<0.01" is compared as far as it goes.

    >>> compare(Quantity(0.01, comparator="<"), "<", 0.1)
    True
    >>> compare(Quantity(60, comparator=">"), "<", 90) is None
    True
    """
    if quantity is None:
        return None
    if quantity.comparator:
        return _compare_limit(quantity, operator, bound)
    return bool(COMPARE[operator](quantity.value, bound))


def _compare_limit(quantity: Quantity, operator: str, bound: float) -> Truth:
    """A value known only to lie under (or over) a limit; "over" is the mirror of "under"."""
    limit = quantity.value
    if quantity.comparator.startswith(">"):
        limit, bound, operator = -limit, -bound, MIRRORED[operator]
    all_below = limit < bound or (limit == bound and len(quantity.comparator) == 1)
    all_up_to = limit <= bound
    if operator in ("<", "<="):
        return True if (all_below if operator == "<" else all_up_to) else None
    return False if (all_up_to if operator == ">" else all_below) else None


def _not(tree: Not, env: Environment) -> Truth:
    inner = evaluate(tree.term, env)
    return None if inner is None else not inner


def _and(tree: And, env: Environment) -> Truth:
    result: Truth = True
    for term in tree.terms:
        value = _EVALUATE[type(term)](term, env)
        if value is False:
            return False
        if value is None:
            result = None
    return result


def _or(tree: Or, env: Environment) -> Truth:
    result: Truth = False
    for term in tree.terms:
        value = _EVALUATE[type(term)](term, env)
        if value is True:
            return True
        if value is None:
            result = None
    return result


def _name(tree: Name, env: Environment) -> Truth:
    return env.truth(tree.name)


def _call(tree: Call, env: Environment) -> Truth:
    if tree.months is not None:
        return env.due(tree.code, tree.months)
    answer: Truth = getattr(env, tree.function)(tree.code)
    return answer


def _comparison(tree: Comparison, env: Environment) -> Truth:
    if isinstance(tree.bound, str):
        text = env.text(tree.left.name)  # type: ignore[union-attr]
        return None if text is None else text == tree.bound
    left = tree.left
    quantity = env.score(left.code) if isinstance(left, Call) else env.number(left.name)
    return compare(quantity, tree.operator, tree.bound)


_EVALUATE: dict[type, Callable[..., Truth]] = {
    Not: _not,
    And: _and,
    Or: _or,
    Name: _name,
    Call: _call,
    Comparison: _comparison,
}
