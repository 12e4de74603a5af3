from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ml import rules
from ml.facts import Facts, Lifestyle, Measurement
from tests.ml.rules.worlds import calls, trees, truth_names, worlds_of

TODAY = date(2026, 11, 22)
PERSON = Facts(
    as_of=TODAY,
    sex="female",
    age=61,
    conditions=frozenset({"t2d"}),
    medications=frozenset({"statin"}),
    lifestyle=Lifestyle(smoking="never"),
    done={"fit": 14},
    measurements={"SBP": Measurement("SBP", 152, "mm[Hg]", date(2026, 11, 1))},
    recorded={"condition:t2d": date(2019, 5, 4)},
)


def explained(rule, scores=None):
    return rules.explain(rules.parse(rule), rules.FactsEnvironment(PERSON, scores))


def sentences(rule, scores=None):
    return [rules.sentence(reason) for reason in explained(rule, scores)]


def test_a_true_rule_names_the_facts_that_made_it_true():
    rule = "SBP>=140 and (has('t2d') or has('ckd')) and not smoker"
    assert sentences(rule) == [
        "Systolic blood pressure 152 mmHg (≥ 140)",
        "Type 2 diabetes",
        "Not smoking",
    ]


def test_a_false_rule_names_the_facts_that_made_it_false():
    assert sentences("SBP>=140 and not has('t2d')") == ["Type 2 diabetes"]


def test_an_unknown_rule_names_only_what_is_missing():
    reasons = explained("SBP>=140 and EGFR<30 and not allergy('statin')")
    assert [rules.need(reason).text for reason in reasons] == [
        "Order eGFR (CKD-EPI 2021 creatinine)",
        "Complete the allergy list",
    ]


def test_a_reason_carries_value_unit_day_and_comparison():
    (reason,) = explained("SBP>=140")
    assert (reason.value, reason.unit, reason.collected) == (152, "mm[Hg]", date(2026, 11, 1))
    assert (reason.operator, reason.bound) == (">=", 140)


def test_a_condition_carries_the_day_since_when_it_is_known():
    assert explained("has('t2d')")[0].collected == date(2019, 5, 4)


def test_scores_due_items_and_numbers_of_the_person_read_as_sentences():
    rule = "score('PREVENT_ASCVD_10Y')>=0.05 and due('fit',12) and age>=50 and due('ldct',12)"
    assert sentences(rule, {"PREVENT_ASCVD_10Y": 0.081}) == [
        "10-year ASCVD risk (PREVENT) 8.1 % (≥ 5 %)",
        "Last stool test (FIT) 14 months ago (due after 12)",
        "Age 61 years (≥ 50)",
        "Low-dose chest CT: no date on record",
    ]


def test_each_missing_fact_says_what_to_do():
    rule = "DBP<90 and PHQ9>=10 and gest_weeks>=20 and score('FRAIL')>=1"
    assert [rules.need(reason).text for reason in explained(rule)] == [
        "Measure diastolic blood pressure",
        "Ask the questionnaire PHQ-9 total",
        "Ask: weeks of pregnancy",
        "Compute FRAIL score",
    ]


@given(st.data())
def test_the_reasons_of_a_rule_alone_decide_it(data):
    """Forgetting every fact that is not among the reasons leaves the answer as it was."""
    tree = data.draw(trees(st.one_of(calls(), truth_names())))
    known = data.draw(worlds_of(tree))
    answer = rules.evaluate(tree, known)
    reasons = rules.explain(tree, known)
    named = {reason.name for reason in reasons}
    others = {
        name
        for name in known.truths
        if not any(f"'{code}'" in name or code == name for code in named)
    }
    assert reasons
    assert answer is None or rules.evaluate(tree, known.forgetting(others)) is answer


@given(st.data())
def test_an_unknown_answer_names_only_unknown_facts(data):
    tree = data.draw(trees(st.one_of(calls(), truth_names())))
    known = data.draw(worlds_of(tree))
    if rules.evaluate(tree, known) is None:
        assert all(reason.truth is None for reason in rules.explain(tree, known))
