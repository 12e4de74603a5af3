"""The expression tree of a rule: frozen nodes that print as the rule they came from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Operator = Literal[">=", "<=", ">", "<", "=="]
FUNCTIONS = ("has", "on", "allergy", "flag", "score", "due")
TRUTH_NAMES = frozenset({"pregnant", "breastfeeding", "smoker"})
TEXT_VALUES = {"sex": frozenset({"male", "female"})}
PERSON_NUMBERS = frozenset(
    {
        "age",
        "gest_weeks",
        "pack_years",
        "quit_years",
        "alcohol_week",
        "birth_year",
        "n_drugs",
        "FIB4",
    }
)


@dataclass(frozen=True)
class Name:
    """A fact that is true or false in itself, such as `pregnant`; or the left of a comparison."""

    name: str

    def __str__(self):
        return self.name


@dataclass(frozen=True)
class Call:
    """One of the six questions to the record, such as `has('t2d')` or `due('fit', 12)`."""

    function: str
    code: str
    months: float | None = None  # only of due()

    def __str__(self):
        months = "" if self.months is None else f",{written(self.months)}"
        return f"{self.function}('{self.code}'{months})"


@dataclass(frozen=True)
class Comparison:
    """A number, score or text against a bound: `EGFR<30`, `sex=='male'`."""

    left: Name | Call
    operator: Operator
    bound: float | str

    def __str__(self):
        bound = f"'{self.bound}'" if isinstance(self.bound, str) else written(self.bound)
        return f"{self.left}{self.operator}{bound}"


@dataclass(frozen=True)
class Not:
    term: "Expression"

    def __str__(self):
        return f"not {_bracketed(self.term, And, Or)}"


@dataclass(frozen=True)
class And:
    terms: tuple["Expression", ...]

    def __str__(self):
        return " and ".join(_bracketed(term, Or) for term in self.terms)


@dataclass(frozen=True)
class Or:
    terms: tuple["Expression", ...]

    def __str__(self):
        return " or ".join(str(term) for term in self.terms)


Leaf = Name | Call | Comparison
Expression = Leaf | Not | And | Or


def joined(kind: type[And] | type[Or], terms: list[Expression]) -> Expression:
    """One node for a chain of the same connective: `a and (b and c)` has three terms."""
    flat: list[Expression] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, kind) else [term])
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def leaves(tree: Expression) -> Iterator[Leaf]:
    """Every leaf from left to right; a comparison is one leaf."""
    if isinstance(tree, Not):
        yield from leaves(tree.term)
    elif isinstance(tree, And | Or):
        for term in tree.terms:
            yield from leaves(term)
    else:
        yield tree


def written(number: float) -> str:
    """A number as a person writes it: 30, not 30.0; exact all the same."""
    return repr(number).removesuffix(".0")


def _bracketed(term: Expression, *looser: type) -> str:
    return f"({term})" if isinstance(term, looser) else str(term)
