"""Which facts made a rule true, false or unknown, read off its tree."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ml.rules.evaluation import Environment, Truth, evaluate
from ml.rules.syntax import And, Call, Comparison, Expression, Leaf, Name, Not, Or

Kind = Literal["number", "person", "score", "condition", "medication", "allergy", "flag", "done"]
KINDS: dict[str, Kind] = {
    "has": "condition",
    "on": "medication",
    "allergy": "allergy",
    "flag": "flag",
    "due": "done",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One leaf of a rule as it stands for this person."""

    kind: Kind
    name: str  # code of the fact, such as "EGFR" or "t2d"
    truth: Truth  # of the leaf itself; None when the fact is unknown
    value: float | str | None = None  # for kind "done": months since, None when never
    unit: str = ""
    # Day of the result, of the answer, when it was last done, or since when a condition is known.
    collected: date | None = None
    operator: str = ""
    bound: float | str | None = None  # what it is compared with; months for kind "done"
    comparator: str = ""  # "<" when the laboratory gave only a limit
    source: str = ""  # who said so, such as "lab file"; empty where it is not known

    @property
    def is_absence(self) -> bool:
        """True when it only says that something is not there: "not taking a statin"."""
        listed = self.kind in ("condition", "medication", "allergy", "flag")
        return self.truth is False and (listed or self.operator == "")


def explain(tree: Expression, env: Environment) -> tuple[Reason, ...]:
    """The leaves that decide the rule as it stands.

    Of a true rule the facts that made it true, of a false one those that made it false, of
    an unknown one the facts that are missing. Each fact once, in the order of the rule.
    """
    seen: dict[Leaf, Reason] = {}
    for leaf in _deciding(tree, env):
        if leaf not in seen:
            seen[leaf] = reason(leaf, env)
    return tuple(seen.values())


def _deciding(tree: Expression, env: Environment) -> Iterator[Leaf]:
    if isinstance(tree, Not):
        yield from _deciding(tree.term, env)
    elif isinstance(tree, And | Or):
        result = evaluate(tree, env)
        # All terms of a true "and" hold together; of a false one only the false terms count.
        for term in tree.terms:
            if evaluate(term, env) is result:
                yield from _deciding(term, env)
    else:
        yield tree


def reason(leaf: Leaf, env: Environment) -> Reason:
    """One leaf with the value, unit and day it was judged by."""
    truth = evaluate(leaf, env) if not isinstance(leaf, Name) else env.truth(leaf.name)
    if isinstance(leaf, Name):
        return Reason("person", leaf.name, truth, **_told(env, "person", leaf.name))
    if isinstance(leaf, Call):
        return _listed(leaf, truth, env)
    return _compared(leaf, truth, env)


def _listed(leaf: Call, truth: Truth, env: Environment) -> Reason:
    kind = KINDS[leaf.function]
    if leaf.months is not None:
        return Reason(
            kind, leaf.code, truth, env.months_since(leaf.code), "mo", operator=">=",
            bound=leaf.months, **_told(env, kind, leaf.code),
        )  # fmt: skip
    return Reason(kind, leaf.code, truth, **_told(env, kind, leaf.code))


def _told(env: Environment, kind: Kind, name: str) -> dict[str, Any]:
    return {"collected": env.since(kind, name), "source": env.source(kind, name)}


def _compared(leaf: Comparison, truth: Truth, env: Environment) -> Reason:
    left, operator, bound = leaf.left, leaf.operator, leaf.bound
    if isinstance(bound, str):
        name = str(left)
        return Reason("person", name, truth, env.text(name), operator=operator, bound=bound)
    is_score = isinstance(left, Call)
    name = left.code if is_score else left.name
    found = env.score(name) if is_score else env.number(name)
    kind: Kind = "score" if is_score else "number" if name.isupper() else "person"
    if found is None:
        return Reason(kind, name, truth, operator=operator, bound=bound)
    told = _told(env, kind, name)
    return Reason(
        kind, name, truth, found.value, found.unit, operator=operator, bound=bound,
        comparator=found.comparator, **told,
    )  # fmt: skip
