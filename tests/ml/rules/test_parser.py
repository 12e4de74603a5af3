import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import rules
from ml.rules import And, Call, Comparison, Name, Not, Or
from ml.rules.parser import MAX_DEPTH, MAX_LENGTH
from tests.ml.rules.worlds import any_trees


def test_and_binds_tighter_than_or():
    smoker, pregnant, breastfeeding = Name("smoker"), Name("pregnant"), Name("breastfeeding")
    tree = rules.parse("smoker or pregnant and breastfeeding")
    assert tree == Or((smoker, And((pregnant, breastfeeding))))


def test_not_binds_tighter_than_and():
    tree = rules.parse("not smoker and pregnant")
    assert tree == And((Not(Name("smoker")), Name("pregnant")))


def test_not_negates_a_whole_comparison():
    tree = rules.parse("not EGFR<30")
    assert tree == Not(Comparison(Name("EGFR"), "<", 30.0))


def test_brackets_come_before_everything():
    tree = rules.parse("(smoker or pregnant) and not (smoker and pregnant)")
    both = (Name("smoker"), Name("pregnant"))
    assert tree == And((Or(both), Not(And(both))))


def test_a_chain_of_one_connective_is_one_node():
    assert rules.parse("smoker and (pregnant and breastfeeding)") == rules.parse(
        "smoker and pregnant and breastfeeding"
    )


@pytest.mark.parametrize(
    ("rule", "tree"),
    [
        ("has('t2d')", Call("has", "t2d")),
        ("due('fit', 12)", Call("due", "fit", 12.0)),
        ("score('KFRE_5Y')>=0.03", Comparison(Call("score", "KFRE_5Y"), ">=", 0.03)),
        ("sex=='female'", Comparison(Name("sex"), "==", "female")),
        ("CO2>-1.5e1", Comparison(Name("CO2"), ">", -15.0)),
    ],
)
def test_every_kind_of_leaf_is_read(rule, tree):
    assert rules.parse(rule) == tree


@pytest.mark.parametrize(
    ("rule", "said", "position"),
    [
        ("30<EGFR<60", "Expected a fact", 0),
        ("EGFR<30<60", "Only one comparison at a time", 7),
        ("EGFR", "«EGFR» is a number", 4),
        ("score('FRAIL')", "is a number", 14),
        ("has(t2d)", "a code in single quotes", 4),
        ("has('t2d'", "Expected «)»", 9),
        ("due('fit')", "Expected «,»", 9),
        ("due('fit',-1)", "cannot be negative", 12),
        ("smoker and", "found «the end»", 10),
        ("(smoker", "Expected «)»", 7),
        ("smoker pregnant", "Expected «and», «or» or the end", 7),
        ("egfr<30", "«egfr» is no known fact", 0),
        ("sex=='x'", "«sex» is female or male", 5),
        ("sex>='male'", "only be compared by «==»", 5),
        ("__import__('os').system('ls')", "«.» has no meaning here", 16),
        ("EGFR<30; smoker", "«;» has no meaning here", 7),
        ("", "Expected a fact", 0),
    ],
)
def test_a_faulty_rule_is_refused_with_a_sentence_and_a_place(rule, said, position):
    with pytest.raises(rules.UnreadableRule, match="at character") as refusal:
        rules.parse(rule)
    assert said in str(refusal.value)
    assert refusal.value.position == position


def test_an_unknown_analyte_is_refused_when_the_known_ones_are_given():
    known = frozenset({"EGFR"})
    assert str(rules.parse("EGFR<30", known)) == "EGFR<30"
    with pytest.raises(rules.UnreadableRule, match="«EGFRR» is no known fact"):
        rules.parse("EGFRR<30", known)


def test_a_rule_beyond_the_length_limit_is_refused():
    rule = " or ".join(["smoker"] * MAX_LENGTH)
    with pytest.raises(rules.UnreadableRule, match="longer than"):
        rules.parse(rule)


@pytest.mark.parametrize("opening", ["not ", "("])
def test_a_rule_beyond_the_depth_limit_is_refused(opening):
    with pytest.raises(rules.UnreadableRule, match="levels inside one another"):
        rules.parse(opening * (MAX_DEPTH + 1) + "smoker")


@given(any_trees())
def test_a_printed_tree_reads_back_as_itself(tree):
    assert rules.parse(str(tree)) == tree


@given(st.text(alphabet="hason()'t2d<>=andor.not 13EGFR,;#\\\n\0é", max_size=60))
def test_any_text_is_either_read_or_refused(text):
    with contextlib.suppress(rules.UnreadableRule):
        tree = rules.parse(text)
        assert rules.parse(str(tree)) == tree
