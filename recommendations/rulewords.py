"""A rule of the catalogue in words, for those who do not read its grammar."""

from __future__ import annotations

from ml import rules
from ml.rules.labels import lowered
from ml.rules.syntax import And, Call, Comparison, Expression, Name, Not, Or, written

OPERATORS = {">=": "≥ ", "<=": "≤ ", ">": "> ", "<": "< ", "==": ""}
TRUTHS = {"pregnant": "pregnant", "breastfeeding": "breastfeeding", "smoker": "smokes"}


def spoken(tree: Expression) -> str:
    """The whole rule as one sentence part.

    >>> spoken(rules.parse("not on('statin') and (LDL>=160 or has('t2d'))"))
    'does not take statin and (LDL cholesterol ≥ 160 or has type 2 diabetes)'
    """
    if isinstance(tree, And):
        return " and ".join(_bracketed(term) for term in tree.terms)
    if isinstance(tree, Or):
        return " or ".join(_bracketed(term) for term in tree.terms)
    if isinstance(tree, Not):
        return _negated(tree.term)
    return _leaf(tree)


def said(rule: str | None) -> str:
    """The text of a rule in words; as it stands where it cannot be read."""
    if not rule:
        return ""
    try:
        words = spoken(rules.parse(rule))
    except rules.UnreadableRule:
        return rule
    return words[:1].upper() + words[1:]


def _bracketed(term: Expression) -> str:
    return f"({spoken(term)})" if isinstance(term, And | Or) else spoken(term)


def _negated(term: Expression) -> str:
    if isinstance(term, Call) and term.function in NOT:
        return NOT[term.function].format(_label(term))
    if isinstance(term, Name):
        return f"not {TRUTHS.get(term.name, term.name)}"
    return f"not ({spoken(term)})"


HAS = {"has": "has {}", "on": "takes {}", "allergy": "is allergic to {}", "flag": "{}"}
NOT = {"has": "does not have {}", "on": "does not take {}", "allergy": "is not allergic to {}",
       "flag": "no {}"}  # fmt: skip
KINDS = {"has": "condition", "on": "medication", "allergy": "allergy", "flag": "flag",
         "due": "done"}  # fmt: skip


def _leaf(leaf: Name | Call | Comparison) -> str:
    if isinstance(leaf, Comparison):
        name = leaf.left.code if isinstance(leaf.left, Call) else leaf.left.name
        bound = leaf.bound if isinstance(leaf.bound, str) else written(leaf.bound)
        return f"{lowered(rules.readable(name))} {OPERATORS[leaf.operator]}{bound}"
    if isinstance(leaf, Name):
        return TRUTHS.get(leaf.name, leaf.name)
    if leaf.function == "due":
        return _due(leaf)
    return HAS[leaf.function].format(_label(leaf))


def _due(leaf: Call) -> str:
    months = leaf.months or 0
    if not months:
        return f"{_label(leaf)} was never done"
    return f"{_label(leaf)} not done for {written(months)} months"


def _label(leaf: Call) -> str:
    return rules.label(leaf.code, KINDS[leaf.function])
