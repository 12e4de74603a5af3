"""Random rules and random worlds to try them in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from hypothesis import strategies as st

from ml.rules import And, Call, Comparison, Expression, Name, Not, Or, Quantity, Truth
from ml.rules.syntax import joined, leaves

CODES = ["t2d", "htn", "ckd", "statin", "iv_iron"]
OPERATORS = [">=", "<=", "<", ">", "=="]
BOUNDS = st.one_of(
    st.integers(-5, 300).map(float), st.floats(allow_nan=False, allow_infinity=False)
)


@dataclass(frozen=True)
class World:
    """Truth of each leaf by its text; what is not in it is unknown."""

    truths: Mapping[str, bool]

    def number(self, name: str) -> Quantity | None:
        return None

    def text(self, name: str) -> str | None:
        return None

    def truth(self, name: str) -> Truth:
        return self.truths.get(name)

    def score(self, name: str) -> Quantity | None:
        return None

    def has(self, code: str) -> Truth:
        return self.truths.get(f"has('{code}')")

    def on(self, code: str) -> Truth:
        return self.truths.get(f"on('{code}')")

    def allergy(self, code: str) -> Truth:
        return self.truths.get(f"allergy('{code}')")

    def flag(self, code: str) -> Truth:
        return self.truths.get(f"flag('{code}')")

    def due(self, item: str, months: float) -> Truth:
        return self.truths.get(f"due('{item}')")

    def months_since(self, item: str) -> float | None:
        return None

    def since(self, kind: str, code: str) -> date | None:
        return None

    def source(self, kind: str, code: str) -> str:
        return ""

    def forgetting(self, names: set[str]) -> "World":
        return replace(self, truths={k: v for k, v in self.truths.items() if k not in names})


def calls() -> st.SearchStrategy[Call]:
    listed = st.builds(Call, st.sampled_from(["has", "on", "allergy", "flag"]), codes())
    return st.one_of(
        listed, st.builds(Call, st.just("due"), codes(), st.integers(0, 1200).map(float))
    )


def codes() -> st.SearchStrategy[str]:
    return st.sampled_from(CODES)


def comparisons() -> st.SearchStrategy[Comparison]:
    names = st.sampled_from(["EGFR", "age", "HBA1C", "n_drugs", "B12"]).map(Name)
    scores = st.sampled_from(["FRAIL", "PREVENT_CVD_10Y"]).map(lambda code: Call("score", code))
    numbers = st.builds(Comparison, st.one_of(names, scores), st.sampled_from(OPERATORS), BOUNDS)
    sexes = st.builds(
        Comparison, st.just(Name("sex")), st.just("=="), st.sampled_from(["male", "female"])
    )
    return st.one_of(numbers, sexes)


def truth_names() -> st.SearchStrategy[Name]:
    return st.sampled_from(["pregnant", "smoker", "breastfeeding"]).map(Name)


def trees(leaf: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Trees as the parser builds them: a chain of one connective is one node."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=4).map(lambda terms: joined(And, terms)),
            st.lists(inner, min_size=2, max_size=4).map(lambda terms: joined(Or, terms)),
        ),
        max_leaves=12,
    )


def any_trees() -> st.SearchStrategy[Expression]:
    return trees(st.one_of(calls(), comparisons(), truth_names()))


def worlds_of(tree: Expression) -> st.SearchStrategy[World]:
    """Worlds in which every listed or named fact of the tree is known or unknown."""
    names = sorted({key(leaf) for leaf in leaves(tree)})
    truths = {name: st.sampled_from([True, False, None]) for name in names}
    return st.fixed_dictionaries(truths).map(
        lambda known: World({k: v for k, v in known.items() if v is not None})
    )


def key(leaf: Expression) -> str:
    """How a world names a leaf: due() without its months."""
    if isinstance(leaf, Call) and leaf.function == "due":
        return f"due('{leaf.code}')"
    return str(leaf)
