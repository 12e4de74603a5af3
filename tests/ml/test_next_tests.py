"""The next best test: of what is missing or too old, what would settle an open decision."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from scipy.special import expit, logit

from ml import serving
from ml.facts import Facts, Measurement
from ml.features import person
from ml.models.knowledge import Knowledge, columns_of
from ml.studies import registry
from ml.studies.inputs import NEXT_TESTS, SETTLED_BY
from ml.uncertainty import ageing
from ml.uncertainty.next_tests import StudyTests, is_settled
from tests.ml.people import ARTIFACTS, somebody, stranger, unsettled

TODAY = date(2026, 3, 1)
CUT = registry.get("cvd_death_10y").tiers[1].low
UNITS = {"UACR": "mg/g", "HGB": "g/dL", "CREAT": "mg/dL", "HBA1C": "%"}
KNOWN = {"UACR": 12.0, "HGB": 13.5, "CREAT": 0.9}


def facts(months=0, *, without=(), **more):
    """A woman of 60 with three measurements, each so many months old."""
    day = TODAY - timedelta(days=round(months * ageing.DAYS_PER_MONTH))
    measured = {
        code: Measurement(code, value, UNITS[code], day)
        for code, value in (KNOWN | more).items()
        if code not in without
    }
    return Facts(as_of=TODAY, sex="female", age=60, measurements=measured)


@pytest.fixture
def tests():
    """A study that reads three groups; the urine tells most of it."""
    features = [person.get(name) for name in ("age", "male", "uacr", "haemoglobin", "egfr")]
    known = Knowledge(
        columns_of(features),
        variance={"urine": 0.5, "blood_count": 0.05, "kidney": 0.02},
        gain={"urine": 0.3, "blood_count": 0.1, "kidney": 0.01},
    )
    return StudyTests(registry.get("cvd_death_10y"), features, known, least_gain=0.04)


def decision(tests, who, risk, half=0.1):
    """The open decision of a risk with an interval of so many logits on either side."""
    row = np.array([f.read(who) for f in tests.features], dtype=np.float32)
    told = tuple(float(expit(logit(risk) + step)) for step in (0, -half, half))
    return tests.open_decision(who, row, told, tests.of_inputs(who, row, float(logit(risk))))


def test_a_missing_measurement_that_may_change_the_tier_is_named_first(tests):
    found = decision(tests, facts(without={"UACR", "HGB"}), CUT * 1.1, half=1)

    first, second = found.tests
    assert (first.code, first.months_old) == ("UACR", None)
    assert first.changes_tier > second.changes_tier > 0
    assert first.value > second.value > 0
    assert found.low < found.cut == CUT < found.high


def test_what_is_known_and_fresh_is_not_asked_for_again(tests):
    found = decision(tests, facts(without={"HGB"}), CUT)

    assert [test.code for test in found.tests] == ["HGB"]


def test_an_interval_within_one_tier_asks_for_nothing(tests):
    assert decision(tests, facts(), CUT * 1.5) is None
    assert decision(tests, facts(without={"UACR"}), CUT * 1.5) is None


def test_a_value_that_is_too_old_is_asked_for_again_with_its_age(tests):
    found = decision(tests, facts(months=40), CUT * 1.05)

    first = found.tests[0]
    assert (first.code, first.months_old) == ("UACR", 40)
    assert first.label.endswith("again")


def test_old_values_open_a_decision_that_fresh_ones_had_closed(tests):
    assert decision(tests, facts(months=1), CUT * 1.4) is None

    found = decision(tests, facts(months=60), CUT * 1.4)

    assert found.low < CUT < found.high


def test_a_value_within_its_validity_leaves_nothing_open():
    assert [ageing.lost(months, 12) for months in (0, 11.9, 12)] == [0, 0, 0]
    assert 0 < ageing.lost(12.5, 12) < 0.05
    assert ageing.lost(24, 12) == 0.5
    assert ageing.lost(240, 12) < 1


def test_the_older_of_two_values_is_worth_more(tests):
    young, old = (decision(tests, facts(months=months), CUT) for months in (20, 60))

    assert old.tests[0].changes_tier > young.tests[0].changes_tier


def test_every_measured_group_says_how_long_it_holds():
    asked = {"ethnicity", "conditions", "medications", "family", "smoking", "health"}

    assert set(ageing.valid_months()) == set(NEXT_TESTS) - asked


def test_a_risk_that_abstains_names_the_groups_that_would_bring_a_number(tests):
    found = tests.ending_refusal()

    assert found.risk is None
    assert [(test.group, test.changes_tier) for test in found.tests] == [
        ("urine", 1), ("blood_count", 1), ("kidney", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("task", registry.STUDIES)
def test_a_served_model_that_abstains_for_want_of_inputs_says_what_to_measure(task):
    model = serving.load(ARTIFACTS / task)
    refused = model.assess(stranger())

    assert refused.open_decision.tests[0].changes_tier == 1
    assert model.open_decision(stranger(), None) == refused.open_decision


def test_what_no_test_can_change_asks_for_none():
    model = serving.load(ARTIFACTS / "ckd")
    known = somebody(conditions=frozenset({"ckd"}))

    assert model.assess(known).open_decision is None
    assert model.open_decision(known, None) is None


@pytest.mark.parametrize("task", registry.STUDIES)
def test_a_stored_risk_leaves_open_what_it_left_open_when_it_was_made(task):
    model = serving.load(ARTIFACTS / task)
    for age in (30, 50, 70):
        who = unsettled(task, age=age, without={"HGB", "GGT", "UACR"})
        said = model.assess(who)
        again = model.open_decision(who, (said.risk, said.low, said.high))
        first, second = ([each.tests[:1], each.cut] if each else None
                         for each in (said.open_decision, again))  # fmt: skip
        assert (first is None) == (second is None)
        if first:
            assert first[0][0].code == second[0][0].code


def test_hba1c_decides_the_risk_of_unknown_diabetes_until_it_is_known():
    model = serving.load(ARTIFACTS / "undiagnosed_diabetes")
    heavy = somebody(values={"BMI": 36, "WEIGHT": 105, "WAIST": 118}, age=62,
                     without={"HBA1C", "HGB"})  # fmt: skip

    found = model.assess(heavy).open_decision
    assert (found.tests[0].code, found.tests[0].settles) == ("HBA1C", True)

    measured = dict(heavy.measurements) | {
        "HBA1C": Measurement("HBA1C", 5.6, "%", heavy.as_of - timedelta(days=30))
    }
    known = model.assess(replace(heavy, measurements=measured))
    assert (known.reason_code, known.open_decision) == ("already_measured", None)


def test_the_test_that_settles_a_risk_is_the_next_one_wherever_a_tier_asks_for_something():
    model = serving.load(ARTIFACTS / "undiagnosed_diabetes")

    found = [model.assess(somebody(age=age, without={"HBA1C", "GGT", "HGB"}))
             for age in range(20, 90, 5)]  # fmt: skip

    assert {each.next_test for each in found if each.tier != "T0"} == {"HBA1C"}
    decided = [each for each in found if each.open_decision]
    assert decided
    assert all(each.next_test == each.open_decision.tests[0].code for each in decided
               if each.tier != "T0")  # fmt: skip


def test_nobody_is_asked_to_measure_a_part_of_the_blood_count():
    model = serving.load(ARTIFACTS / "cvd_death_10y")
    half = somebody(without={"RBC", "MCV", "LYMPH_PCT", "NEUT_PCT", "RDW"})

    found = model.assess(half)

    labels = {test.group: test.label for test in found.next_tests}
    assert labels["blood_count"] == "Take a full blood count"
    assert (found.next_test, found.next_test_label) == ("RBC", "Take a full blood count")


@pytest.mark.parametrize(("days", "settled"), [(None, True), (300, True), (400, False)])
def test_a_test_settles_the_question_for_a_year(days, settled):
    collected = None if days is None else TODAY - timedelta(days=days)
    who = replace(facts(), measurements={"HBA1C": Measurement("HBA1C", 5.6, "%", collected)})

    assert is_settled("undiagnosed_diabetes", who) is settled


def test_kidney_disease_is_settled_by_blood_and_urine_together():
    assert is_settled("ckd", facts())
    assert not is_settled("ckd", facts(without={"UACR"}))
    assert set(SETTLED_BY) <= set(registry.STUDIES)


def test_a_group_is_named_by_what_its_study_reads():
    """Creatinine defines kidney disease: there the group is read as urea nitrogen."""
    model = serving.load(ARTIFACTS / "ckd")

    codes = {test.group: test.code for test in model.assess(stranger()).open_decision.tests}

    assert codes["kidney"] == "BUN"
