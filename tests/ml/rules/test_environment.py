from datetime import date

import pytest

from ml import rules
from ml.facts import Facts, Lifestyle, Measurement

TODAY = date(2026, 11, 22)


def says(rule, computed=None, **known):
    """The answer of a rule for a woman of 40 of whom only `known` is known."""
    facts = Facts(**({"as_of": TODAY, "sex": "female", "age": 40} | known))
    return rules.evaluate(rules.parse(rule), rules.FactsEnvironment(facts, computed))


def measured(code, value, collected=None, comparator=""):
    return {"measurements": {code: Measurement(code, value, "u", collected, comparator)}}


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        ("has('t2d')", "conditions"),
        ("on('statin')", "medications"),
        ("allergy('statin')", "allergies"),
    ],
)
def test_a_list_never_asked_for_is_unknown_and_an_empty_one_is_closed(rule, given):
    assert says(rule) is None
    assert says(rule, **{given: frozenset()}) is False


def test_a_flag_that_nobody_set_is_false():
    assert says("flag('chest_pain_acute')") is False
    assert says("flag('chest_pain_acute')", flags=frozenset({"chest_pain_acute"})) is True


@pytest.mark.parametrize(
    ("given", "implied"),
    [("mi", "ascvd"), ("hfpef", "hf"), ("mash", "masld"), ("childpugh_c", "cirrhosis"),
     ("t2d", "diabetes"), ("resistant_htn", "htn"), ("dialysis", "ckd")],
)  # fmt: skip
def test_a_condition_implies_the_broader_one(given, implied):
    assert says(f"has('{implied}')", conditions=frozenset({given})) is True
    assert says(f"has('{given}')", conditions=frozenset({implied})) is False


@pytest.mark.parametrize(
    ("given", "implied"),
    [("high_intensity_statin", "statin"), ("apixaban", "doac"), ("clopidogrel", "p2y12")],
)
def test_a_drug_implies_its_class(given, implied):
    assert says(f"on('{implied}')", medications=frozenset({given})) is True


def test_an_allergy_to_one_drug_is_an_allergy_to_its_class():
    assert says("allergy('statin')", allergies=frozenset({"simvastatin"})) is True


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"sex": "male"}, False),
        ({"age": 56}, False),
        ({"age": 55}, None),
        ({"age": 9}, False),
        ({"sex": None}, None),
        ({"pregnant": True}, True),
        ({"pregnant": False}, False),
    ],
)
def test_pregnancy_is_only_unknown_for_those_who_may_bear_children(known, expected):
    assert says("pregnant", **known) is expected


@pytest.mark.parametrize(
    ("smoking", "expected"), [("current", True), ("former", False), ("never", False), (None, None)]
)
def test_only_who_smokes_now_is_a_smoker(smoking, expected):
    assert says("smoker", lifestyle=Lifestyle(smoking=smoking)) is expected


def test_who_smoked_is_flagged_as_having_smoked():
    assert says("flag('ever_smoked')", lifestyle=Lifestyle(smoking="former")) is True


def test_who_never_smoked_has_no_pack_years():
    assert says("pack_years>=20", lifestyle=Lifestyle(smoking="never")) is False
    assert says("pack_years>=20", lifestyle=Lifestyle(smoking="former")) is None


def test_a_drug_listed_with_its_class_counts_once():
    drugs = frozenset({"atorvastatin", "statin", "acei", "unheard_of"})
    assert says("n_drugs==3", medications=drugs) is True
    assert says("n_drugs>=1") is None


def test_the_year_of_birth_follows_from_the_age():
    assert says("birth_year==1986") is True
    assert says("birth_year==1985", birth_date=date(1985, 12, 31)) is True


def test_activity_told_serves_where_none_was_measured():
    told = Lifestyle(active_minutes_week=60)
    assert says("ACTIVE_MIN<150", lifestyle=told) is True
    assert says("ACTIVE_MIN<150", lifestyle=told, **measured("ACTIVE_MIN", 200)) is False


def test_a_given_score_goes_before_a_computed_one():
    assert says("score('LACE')>=10", {"LACE": 3.0}, scores={"LACE": 12.0}) is True
    assert says("score('LACE')>=10", {"LACE": None}) is None


def test_fib4_is_a_number_from_a_result_or_a_score():
    assert says("FIB4>2.67", **measured("FIB4", 3.1)) is True
    assert says("FIB4>2.67", {"FIB4": 1.0}) is False


def test_a_result_that_is_no_number_is_unknown():
    assert says("EGFR<30", **measured("EGFR", float("nan"))) is None


def test_a_limit_of_the_laboratory_is_understood():
    assert says("TSH<0.1", **measured("TSH", 0.01, comparator="<")) is True


@pytest.mark.parametrize(("months", "expected"), [(119, False), (120, True), (400, True)])
def test_something_is_due_again_after_its_months(months, expected):
    assert says("due('colonoscopy',120)", done={"colonoscopy": months}) is expected


def test_something_never_done_is_due():
    assert says("due('colonoscopy',120)") is True


def test_a_dated_result_shows_that_its_test_was_done():
    recent = measured("LDL", 100, date(2026, 10, 1))
    assert says("due('lipid_panel',12)", **recent) is False
    assert says("due('lipid_panel',1)", **recent) is True


def test_a_result_without_a_day_leaves_its_test_due():
    assert says("due('lipid_panel',12)", **measured("LDL", 100)) is True


def test_the_latest_evidence_of_a_test_counts():
    known = measured("HBA1C", 6.0, date(2026, 11, 1)) | {"done": {"hba1c": 40}}
    assert says("due('hba1c_or_fpg',36)", **known) is False


def test_a_risk_computed_now_is_not_due_and_a_given_one_is():
    assert says("due('prevent_risk',60)", {"PREVENT_CVD_10Y": 0.1}) is False
    given = {"scores": {"PREVENT_CVD_10Y": 0.1}}
    assert says("due('prevent_risk',60)", {"PREVENT_CVD_10Y": 0.1}, **given) is True


def test_a_proposed_drug_counts_as_taken_and_leaves_the_person_as_is():
    env = rules.FactsEnvironment(Facts(TODAY, "male", 60, medications=frozenset()))
    other = env.taking_also(frozenset({"apixaban"}))
    assert (env.on("doac"), other.on("doac"), other.on("statin")) == (False, True, False)
