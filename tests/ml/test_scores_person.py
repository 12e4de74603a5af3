"""Scores of a person: what is computed, what is refused and why."""

from dataclasses import replace
from datetime import date

import pytest

from ml.facts import Facts, Lifestyle, Measurement
from ml.scores import compute, person

DAY = date(2015, 6, 28)
VALUES = {
    "SBP": 148, "DBP": 88, "TC": 210, "HDL": 48, "TG": 150, "CREAT": 1.1, "WEIGHT": 80,
    "HEIGHT": 165, "AST": 30, "ALT": 28, "PLT": 220, "ALB": 4.1, "UACR": 45, "GLU_FAST": 108,
    "INS_FAST": 12, "WAIST": 95, "HBA1C": 5.9,
}  # fmt: skip


def measured(day=DAY, comparator="", **values):
    return {code: Measurement(code, v, "", day, comparator) for code, v in values.items()}


@pytest.fixture
def facts():
    return Facts(
        as_of=date(2015, 6, 30),
        sex="female",
        age=55,
        conditions=frozenset({"htn"}),
        medications=frozenset({"lisinopril", "acei"}),
        family_history=frozenset({"diabetes"}),
        lifestyle=Lifestyle(smoking="former", active_minutes_week=60, alcohol_drinks_week=3),
        measurements=measured(**VALUES),
    )


def test_prevent_is_the_equation_on_the_facts(facts):
    result = person.from_facts(facts)["PREVENT_ASCVD_10Y"]

    assert result.value == compute("PREVENT", result.inputs).values["ascvd_10y"]
    assert 0 < result.value < 1
    assert (result.source, result.as_of) == ("computed", DAY)
    assert (result.inputs["bp_treated"], result.inputs["smoker"]) == (True, False)


@pytest.mark.parametrize(
    ("unknown", "words"),
    [
        ({"conditions": None}, "diabetes status"),
        ({"medications": None}, "blood pressure treatment and statin treatment"),
        ({"lifestyle": Lifestyle()}, "smoking status"),
        ({"sex": None}, "sex"),
    ],
)
def test_what_was_never_asked_is_missing_and_not_no(facts, unknown, words):
    result = person.from_facts(replace(facts, **unknown))["PREVENT_ASCVD_10Y"]

    assert result.error == "missing_input"
    assert all(word in result.reason for word in words.split(" and "))


@pytest.mark.parametrize("condition", ["mi", "stroke_tia", "hfref", "unstable_angina"])
def test_no_first_event_risk_for_people_with_cardiovascular_disease(facts, condition):
    found = person.from_facts(replace(facts, conditions=frozenset({condition})))

    for name in ("PREVENT_CVD_10Y", "ASCVD_PCE", "FRAMINGHAM_CVD_10Y"):
        assert found[name].error == "not_applicable"
        assert found[name].reason == "Not for people with known cardiovascular disease"


@pytest.mark.parametrize("condition", ["dialysis", "kidney_transplant"])
def test_no_first_event_risk_where_the_kidneys_are_replaced(facts, condition):
    found = person.from_facts(replace(facts, conditions=frozenset({condition})))

    for name in ("PREVENT_CVD_10Y", "ASCVD_PCE", "FRAMINGHAM_CVD_10Y"):
        assert found[name].error == "not_applicable"
        assert found[name].reason == "Not for people on dialysis or with a kidney transplant"


def test_thirty_year_risk_is_not_applicable_from_60_on(facts):
    found = person.from_facts(replace(facts, age=60))

    assert found["PREVENT_ASCVD_30Y"].error == "not_applicable"
    assert found["PREVENT_ASCVD_30Y"].reason == "PREVENT has no such value at age 60"
    assert found["PREVENT_ASCVD_10Y"].error is None


def test_pregnancy_silences_scores_that_do_not_hold_in_it(facts):
    found = person.from_facts(replace(facts, age=35, pregnant=True))

    assert found["CKD_EPI_2021"].reason == "Not valid in pregnancy"
    assert found["PREVENT_CVD_10Y"].error == "not_applicable"


def test_pooled_cohort_reads_ethnicity(facts):
    black = person.from_facts(replace(facts, ethnicity="non_hispanic_black"))["ASCVD_PCE"]
    unknown = person.from_facts(facts)["ASCVD_PCE"]

    assert (black.inputs["race"], unknown.inputs["race"]) == ("black", "white")
    assert black.value > unknown.value


def test_kidney_failure_needs_reduced_filtration(facts):
    low = replace(facts, measurements=facts.measurements | measured(CREAT=2.2))

    healthy = replace(facts, measurements=facts.measurements | measured(CREAT=0.8))

    assert person.from_facts(healthy)["KFRE_5Y"].error == "out_of_range"
    assert 0 < person.from_facts(low)["KFRE_2Y"].value < person.from_facts(low)["KFRE_5Y"].value
    elsewhere = person.from_facts(low, kfre_region="non_north_america")["KFRE_5Y"].value
    assert elsewhere < person.from_facts(low)["KFRE_5Y"].value


def test_diabetes_tests_are_for_people_without_diabetes(facts):
    diabetic = replace(facts, conditions=frozenset({"t2d"}))

    assert person.from_facts(facts)["ADA_RISK_TEST"].values == {"points": 6, "high_risk": True}
    assert person.from_facts(diabetic)["ADA_RISK_TEST"].error == "not_applicable"


def test_findrisc_needs_what_only_the_person_can_tell(facts):
    told = replace(facts, flags=frozenset({"vegetables_daily"}))

    assert person.from_facts(facts)["FINDRISC"].reason == "Needs vegetables or fruit every day"
    cousin = replace(told, family_history=frozenset({"diabetes_second_degree"}))
    assert person.from_facts(cousin)["FINDRISC"].value == 15
    # 3 age + 1 BMI + 4 waist + 2 inactive + 2 tablets + 5 parent
    assert person.from_facts(told)["FINDRISC"].values == {"points": 17, "band": "high"}


@pytest.mark.parametrize(
    ("conditions", "points"),
    [({"afib"}, 1), ({"afib", "htn", "t2d"}, 3), ({"afib", "stroke_tia", "hfpef"}, 4)],
)
def test_stroke_points_of_atrial_fibrillation(facts, conditions, points):
    found = person.from_facts(replace(facts, conditions=frozenset(conditions)))

    assert found["CHA2DS2_VASC"].value == points


def test_stroke_points_are_not_for_people_in_sinus_rhythm(facts):
    result = person.from_facts(facts)["CHA2DS2_VASC"]

    assert (result.error, result.reason) == (
        "not_applicable",
        "For people with atrial fibrillation",
    )


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({}, 0),
        ({"medications": frozenset({"clopidogrel"})}, 1),
        ({"age": 70, "conditions": frozenset({"afib", "dialysis", "gi_bleed"})}, 3),
        ({"medications": frozenset({"warfarin"}), "flags": frozenset({"labile_inr"})}, 1),
        ({"flags": frozenset({"bleeding_history"})}, 1),
    ],
)
def test_bleeding_points_of_atrial_fibrillation(facts, change, points):
    fibrillating = replace(facts, conditions=frozenset({"afib"}))

    assert person.from_facts(replace(fibrillating, **change))["HAS_BLED"].value == points


def test_bleeding_points_wait_for_the_inr_of_people_on_warfarin(facts):
    on_warfarin = replace(
        facts, conditions=frozenset({"afib"}), medications=frozenset({"warfarin"})
    )

    assert person.from_facts(on_warfarin)["HAS_BLED"].reason == "Needs labile INR"


def test_meld_is_for_cirrhosis_without_anticoagulant(facts):
    liver = measured(TBIL=2.5, INR=1.4, SODIUM=134)
    cirrhotic = replace(
        facts,
        conditions=frozenset({"cirrhosis"}),
        measurements=facts.measurements | liver,
    )
    anticoagulated = replace(cirrhotic, medications=frozenset({"apixaban"}))

    assert person.from_facts(facts)["MELD_3_0"].reason == "For people with cirrhosis"
    assert person.from_facts(cirrhotic)["MELD_3_0"].value == 17
    assert "anticoagulant" in person.from_facts(anticoagulated)["MELD_3_0"].reason


@pytest.mark.parametrize(
    ("conditions", "points"),
    [
        (set(), 0),
        ({"mi", "hfref", "copd"}, 3),
        ({"t2d"}, 1),
        ({"t2d", "retinopathy"}, 2),
        ({"cancer_active", "lymphoma"}, 2),
        ({"cancer_active", "metastatic_cancer"}, 6),
        ({"decompensated_cirrhosis"}, 3),
    ],
)
def test_comorbidity_points_of_the_problem_list(facts, conditions, points):
    found = person.from_facts(replace(facts, conditions=frozenset(conditions)))

    assert found["CHARLSON"].value == points


def test_comorbidity_without_a_problem_list_is_unknown(facts):
    result = person.from_facts(replace(facts, conditions=None))["CHARLSON"]

    assert (result.error, result.reason) == ("missing_input", "Needs the list of conditions")


def test_lipids_of_different_days_are_not_mixed(facts):
    later = measured(day=date(2015, 6, 29), HDL=50)
    result = person.from_facts(replace(facts, measurements=facts.measurements | later))["NON_HDL"]

    assert result.error == "missing_input"
    assert result.reason == "Needs Cholesterol, total and HDL cholesterol of the same day"


def test_a_limit_is_no_value(facts):
    limit = measured(comparator="<", UACR=5)
    result = person.from_facts(replace(facts, measurements=facts.measurements | limit))["KFRE_5Y"]

    assert result.error == "missing_input"
    assert result.reason.endswith("Albumin/creatinine ratio, urine is only known as <5")


def test_insulin_resistance_is_not_for_insulin_users(facts):
    injecting = replace(facts, medications=frozenset({"insulin"}))

    assert person.from_facts(facts)["HOMA_IR"].value == pytest.approx(3.2)
    assert person.from_facts(injecting)["HOMA_IR"].error == "not_applicable"


def test_fibrosis_index_is_not_for_the_young(facts):
    assert person.from_facts(replace(facts, age=34))["FIB4"].reason == "Not valid under 35 years"


def test_early_warning_score_needs_fresh_and_complete_observations(facts):
    vitals = {"RR": 26, "SPO2": 94, "SBP": 95, "HR": 115, "TEMP": 38.5, "GCS": 15}
    fresh = replace(
        facts,
        flags=frozenset({"room_air"}),
        measurements=facts.measurements | measured(day=facts.as_of, **vitals),
    )
    stale = replace(fresh, as_of=date(2015, 7, 5))

    assert person.from_facts(fresh)["NEWS2"].values == {"points": 9, "band": "high"}
    assert person.from_facts(stale)["NEWS2"].reason == "Only for observations of the last day"
    assert person.from_facts(facts)["NEWS2"].error == "missing_input"


def test_european_risk_is_computed_when_a_region_is_named(facts):
    assert "SCORE2" not in person.from_facts(facts)
    assert 0 < person.from_facts(facts, score2_region="high")["SCORE2"].value < 1


def test_a_given_score_takes_precedence_and_says_so(facts):
    found = person.from_facts(replace(facts, scores={"PREVENT_ASCVD_10Y": 0.2, "STOPBANG": 4}))

    assert (found["PREVENT_ASCVD_10Y"].value, found["PREVENT_ASCVD_10Y"].source) == (0.2, "given")
    assert found["STOPBANG"].value == 4


def test_rules_read_the_numbers_that_were_found(facts):
    scores = person.rule_values(person.from_facts(facts))

    assert scores["ADA_RISK_TEST"] == 6
    assert scores["BMI"] == pytest.approx(29.38, abs=0.01)
    assert not {"KDIGO_STAGE", "FINDRISC"} & scores.keys()  # words, and refused


def test_knowing_nothing_computes_nothing():
    found = person.from_facts(Facts(as_of=DAY, sex=None, age=50))

    assert not [name for name, result in found.items() if result.error is None]
    assert all(result.reason for result in found.values())
