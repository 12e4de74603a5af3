"""The set-wise rules say of everybody what the one-person evaluator says."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import rules
from ml.facts import Facts, Lifestyle, Measurement
from ml.rules import population, setwise

DAY = date(2026, 6, 1)
CODES = ("t2d", "t1d", "mi", "ckd", "htn", "asthma")
DRUGS = ("simvastatin", "statin", "acei", "warfarin", "apixaban")
NUMBERS = ("EGFR", "LDL", "SBP", "age", "n_drugs", "birth_year", "pack_years", "ACTIVE_MIN")
SCORES = ("PREVENT_ASCVD_10Y", "FIB4")
ITEMS = ("fit", "bp_check", "creatinine", "frail", "prevent_risk")
BOUNDS = (0.0, 0.05, 1.0, 20.0, 30.0, 60.0, 130.0, 1970.0)
OPERATORS = ("<", "<=", ">", ">=", "==")

lists = st.one_of(st.none(), st.frozensets(st.sampled_from(CODES)))
drugs = st.one_of(st.none(), st.frozensets(st.sampled_from(DRUGS)))
maybe = st.one_of(st.none(), st.booleans())


@st.composite
def people(draw):
    """Somebody of whom anything may be unknown, and any value a mere limit."""
    measurements = {
        code: Measurement(
            code,
            draw(st.sampled_from(BOUNDS)),
            "",
            draw(st.one_of(st.none(), st.just(DAY - timedelta(days=40)))),
            draw(st.sampled_from(["", "<", "<=", ">", ">="])),
        )
        for code in draw(st.sets(st.sampled_from(["EGFR", "LDL", "SBP", "CREAT"])))
    }
    return Facts(
        as_of=DAY,
        sex=draw(st.sampled_from([None, "male", "female"])),
        age=draw(st.sampled_from([8, 20, 30, 56, 60])),
        pregnant=draw(maybe),
        breastfeeding=draw(maybe),
        conditions=draw(lists),
        medications=draw(drugs),
        allergies=draw(drugs),
        flags=draw(st.frozensets(st.sampled_from(["frail", "fall"]))),
        lifestyle=Lifestyle(
            smoking=draw(st.sampled_from([None, "never", "former", "current"])),
            active_minutes_week=draw(st.sampled_from([None, 20.0, 60.0])),
        ),
        done=draw(st.dictionaries(st.sampled_from(ITEMS), st.sampled_from([0.0, 5.0, 12.0, 40.0]))),
        scores=draw(st.dictionaries(st.sampled_from(SCORES), st.sampled_from([0.01, 0.05, 1.0]))),
        measurements=measurements,
    )


leaves = st.one_of(
    st.sampled_from(["pregnant", "breastfeeding", "smoker", "sex=='male'", "sex=='female'"]),
    st.builds("{}{}{}".format, st.sampled_from(NUMBERS), st.sampled_from(OPERATORS),
              st.sampled_from(BOUNDS)),
    st.builds("score('{}'){}{}".format, st.sampled_from(SCORES), st.sampled_from(OPERATORS),
              st.sampled_from(BOUNDS)),
    st.builds("has('{}')".format, st.sampled_from([*CODES, "ascvd", "diabetes"])),
    st.builds("on('{}')".format, st.sampled_from([*DRUGS, "doac"])),
    st.builds("allergy('{}')".format, st.sampled_from(DRUGS)),
    st.builds("flag('{}')".format, st.sampled_from(["frail", "fall", "ever_smoked", "htn"])),
    st.builds("due('{}',{})".format, st.sampled_from(ITEMS), st.sampled_from([1, 12, 36])),
)  # fmt: skip
texts = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
    ),
    max_leaves=8,
)


def columns_of(environments):
    return population.of(environments, numbers=NUMBERS, scores=SCORES, items=ITEMS)


def said(truths, count):
    """True, False or None for each person."""
    true, false = truths.unpacked(count)
    return [True if t else False if f else None for t, f in zip(true, false, strict=True)]


@settings(max_examples=150, deadline=None)
@given(st.lists(texts, min_size=1, max_size=5), st.lists(people(), min_size=1, max_size=11))
def test_any_rules_over_any_people_agree_with_one_person_at_a_time(rule_texts, everybody):
    trees = [rules.parse(text) for text in rule_texts]
    environments = [rules.FactsEnvironment(facts) for facts in everybody]
    found = setwise.Rules(trees).evaluate(columns_of(environments))
    for tree, truths in zip(trees, found, strict=True):
        expected = [rules.evaluate(tree, env) for env in environments]
        assert said(truths, len(everybody)) == expected, str(tree)


def test_an_expression_that_stands_in_many_rules_is_one_step():
    trees = [rules.parse(t) for t in ("EGFR<30 and smoker", "smoker or EGFR<30", "not smoker")]
    assert len(setwise.Rules(trees)._steps) == 5


def test_what_no_column_holds_is_unknown_and_never_recommends():
    nobody = population.of(
        [rules.FactsEnvironment(Facts(as_of=DAY, sex=None, age=40))],
        numbers=(), scores=(), items=(),
    )  # fmt: skip
    for text in ("EGFR<30", "score('FIB4')>1", "sex=='male'", "has('t2d')", "smoker"):
        (truths,) = setwise.Rules([rules.parse(text)]).evaluate(nobody)
        assert said(truths, 1) == [None], text


def test_what_was_never_done_is_due():
    nobody = population.of(
        [rules.FactsEnvironment(Facts(as_of=DAY, sex=None, age=40))] * 2,
        numbers=(), scores=(), items=(),
    )  # fmt: skip
    (truths,) = setwise.Rules([rules.parse("due('fit',12)")]).evaluate(nobody)
    assert said(truths, 2) == [True, True]


def test_padding_bits_of_the_last_byte_are_nobody():
    truths = setwise.Truths.of(np.ones(3, bool), np.zeros(3, bool))
    assert said(~truths, 3) == [False, False, False]
