import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import rules
from ml.rules import Quantity
from ml.rules.evaluation import compare
from ml.rules.syntax import leaves
from tests.ml.rules.worlds import World, calls, key, trees, truth_names, worlds_of

VALUES = [True, False, None]
TRUTH_TREES = trees(st.one_of(calls(), truth_names()))


def world(**truths):
    return World({name: truth for name, truth in truths.items() if truth is not None})


@pytest.mark.parametrize("left", VALUES)
@pytest.mark.parametrize("right", VALUES)
def test_and_is_false_by_one_false_and_unknown_by_one_unknown(left, right):
    expected = False if False in (left, right) else None if None in (left, right) else True
    facts = world(smoker=left, pregnant=right)
    assert rules.evaluate(rules.parse("smoker and pregnant"), facts) is expected


@pytest.mark.parametrize("left", VALUES)
@pytest.mark.parametrize("right", VALUES)
def test_or_is_true_by_one_true_and_unknown_by_one_unknown(left, right):
    expected = True if True in (left, right) else None if None in (left, right) else False
    facts = world(smoker=left, pregnant=right)
    assert rules.evaluate(rules.parse("smoker or pregnant"), facts) is expected


@pytest.mark.parametrize(("inner", "expected"), [(True, False), (False, True), (None, None)])
def test_not_leaves_the_unknown_unknown(inner, expected):
    assert rules.evaluate(rules.parse("not smoker"), world(smoker=inner)) is expected


@given(st.data())
def test_forgetting_a_fact_never_turns_an_answer_into_its_opposite(data):
    tree = data.draw(TRUTH_TREES)
    known = data.draw(worlds_of(tree))
    names = [key(leaf) for leaf in leaves(tree)]
    fewer = known.forgetting(data.draw(st.sets(st.sampled_from(names))))
    assert rules.evaluate(tree, fewer) in (rules.evaluate(tree, known), None)


@given(st.data())
def test_what_is_not_recommended_is_not_recommended_with_less_known(data):
    tree = data.draw(TRUTH_TREES)
    known = data.draw(worlds_of(tree))
    names = [key(leaf) for leaf in leaves(tree)]
    fewer = known.forgetting(data.draw(st.sets(st.sampled_from(names))))
    if rules.evaluate(tree, known) is not True:
        assert rules.evaluate(tree, fewer) is not True


@given(st.data())
def test_a_rule_over_known_facts_is_as_python_would_have_it(data):
    tree = data.draw(trees(truth_names()))
    truths = {name: data.draw(st.booleans()) for name in ("smoker", "pregnant", "breastfeeding")}
    assert rules.evaluate(tree, World(truths)) is two_valued(tree, truths)


def two_valued(tree, truths):
    if isinstance(tree, rules.Not):
        return not two_valued(tree.term, truths)
    if isinstance(tree, rules.And):
        return all(two_valued(term, truths) for term in tree.terms)
    if isinstance(tree, rules.Or):
        return any(two_valued(term, truths) for term in tree.terms)
    return truths[tree.name]


LIMITS = [
    ("<", 5, "<", 5, True), ("<", 5, "<=", 5, True), ("<", 5, ">=", 5, False),
    ("<", 5, ">", 5, False), ("<", 5, "==", 5, False), ("<", 5, "<", 4, None),
    ("<=", 5, "<", 5, None), ("<=", 5, "<=", 5, True), ("<=", 5, ">", 5, False),
    ("<=", 5, "==", 5, None), (">", 60, ">=", 60, True), (">", 60, "<", 30, False),
    (">", 60, "<", 90, None), (">", 60, ">", 60, True), (">=", 60, ">", 60, None),
    (">=", 60, ">=", 60, True), (">=", 60, "<", 60, False), (">", 60, "==", 60, False),
]  # fmt: skip


@pytest.mark.parametrize(("sign", "limit", "operator", "bound", "expected"), LIMITS)
def test_a_result_known_only_as_a_limit_is_compared_as_far_as_it_goes(
    sign, limit, operator, bound, expected
):
    assert compare(Quantity(limit, comparator=sign), operator, bound) is expected


@given(
    st.sampled_from(["<", "<=", ">", ">="]),
    st.integers(-3, 3),
    st.sampled_from(["<", "<=", ">", ">=", "=="]),
    st.integers(-3, 3),
    st.floats(-5, 5),
)
def test_a_limit_never_contradicts_a_value_that_it_allows(sign, limit, operator, bound, value):
    if compare(Quantity(value), sign, limit):
        stated = compare(Quantity(limit, comparator=sign), operator, bound)
        assert stated in (None, compare(Quantity(value), operator, bound))


def test_a_missing_number_is_unknown():
    assert compare(None, "<", 30) is None
