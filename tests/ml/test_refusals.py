"""When a served risk says nothing, and what its number is read with."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from ml import persistence, refusals, serving
from ml.datasets import nhanes
from ml.features import person
from ml.features.limits import contradictions
from ml.studies import registry, served
from ml.types import Abstention, Assessment
from tests.ml.people import ARTIFACTS, DAY, measured, somebody, stranger, survey, unsettled

TASKS = list(registry.STUDIES)
DEATHS = ["death_10y", "cvd_death_10y"]
LISTS = {"conditions": frozenset(), "medications": frozenset()}
SEPSIS = {"SBP": 78, "DBP": 40, "WBC": 28, "CRP": 320, "ALB": 2.0}


@pytest.fixture(scope="module")
def models():
    return {task: serving.load(ARTIFACTS / task) for task in TASKS}


def ranged(task, **ranges):
    """The committed model with ranges of the training people in its manifest."""
    artifact = persistence.load(ARTIFACTS / task)
    numbers = {**artifact.manifest["serving"], "ranges": ranges}
    return serving.RiskModel(replace(artifact, manifest={**artifact.manifest, "serving": numbers}))


def undated(facts):
    bare = {code: replace(each, collected=None) for code, each in facts.measurements.items()}
    return replace(facts, measurements=bare)


@pytest.mark.parametrize("task", DEATHS)
@pytest.mark.parametrize(
    "facts",
    [
        somebody(conditions=frozenset({"dialysis"})),
        somebody(conditions=frozenset({"kidney_transplant"})),
        somebody(values={"CREAT": 8.5}),
        stranger(measurements=measured(EGFR=16.5, SBP=140, BMI=30), **LISTS),
    ],
    ids=["dialysis", "transplant", "creatinine", "reported rate"],
)
def test_no_death_is_foretold_where_the_kidneys_have_failed(models, task, facts):
    found = models[task].assess(facts)

    assert found.reason_code == "kidney_failure"
    assert "taught this model" in found.reason


@pytest.mark.parametrize("task", DEATHS)
def test_weak_kidneys_that_the_model_has_seen_get_a_number(models, task):
    assert isinstance(models[task].assess(somebody(values={"CREAT": 2.0})), Assessment)


def test_a_transplanted_kidney_is_a_known_kidney_disease(models):
    found = models["ckd"].assess(unsettled("ckd", conditions=frozenset({"kidney_transplant"})))

    assert found.reason_code == "already_known"


@pytest.mark.parametrize(
    ("task", "values", "said"),
    [
        ("undiagnosed_diabetes", {"HBA1C": 12.0}, "Hemoglobin A1c 12 % (30-Jun-2015)"),
        ("undiagnosed_diabetes", {"HBA1C": 5.4}, "Hemoglobin A1c 5.4 % (30-Jun-2015)"),
        ("undiagnosed_diabetes", {"GLU_FAST": 300}, "Glucose, fasting 300 mg/dL"),
        ("undiagnosed_diabetes", {"GLU": 450}, "Glucose 450 mg/dL"),
        ("ckd", {"CREAT": 2.6, "UACR": 800}, "Albumin/creatinine ratio, urine 800 mg/g"),
        ("ckd", {"CREAT": 2.6}, "eGFR (CKD-EPI 2021) 20.7 mL/min/1.73 m²"),
        ("ckd", {"UACR": 800}, "Albumin/creatinine ratio, urine 800 mg/g"),
    ],
)
def test_what_was_measured_within_a_year_is_not_foretold(models, task, values, said):
    facts = unsettled(task)
    known = {**facts.measurements, **measured(**values)}

    found = models[task].assess(replace(facts, measurements=known))

    assert found.reason_code == "already_measured"
    assert said in found.reason
    assert len(found.reason) <= 300  # as the table of predictions has it


@pytest.mark.parametrize(
    ("task", "values"),
    [
        ("undiagnosed_diabetes", {"GLU": 140}),
        ("ckd", {"CREAT": 0.8}),
        ("ckd", {"UACR": 5}),
    ],
)
def test_a_result_that_leaves_the_question_open_leaves_the_number(models, task, values):
    facts = unsettled(task, without={"GLU"})
    known = {**facts.measurements, **measured(**values)}

    assert isinstance(models[task].assess(replace(facts, measurements=known)), Assessment)


@pytest.mark.parametrize(("task", "code"), [("undiagnosed_diabetes", "HBA1C"), ("ckd", "UACR")])
@pytest.mark.parametrize("days", [None, 400])
def test_an_answer_of_an_unknown_or_a_former_day_warns(models, task, code, days):
    """A caller who tells no day gets the number with the value to be read beside it."""
    facts = somebody(values={"HBA1C": 11.5, "UACR": 800})
    facts = undated(facts) if days is None else replace(facts, as_of=DAY + timedelta(days=days))

    found = models[task].assess(facts)

    name = {"HBA1C": "Hemoglobin A1c 11.5 %", "UACR": "urine 800 mg/g"}[code]
    assert any(name in each and "Read it rather" in each for each in found.warnings)


def test_a_drug_for_diabetes_without_diabetes_is_a_question_for_the_list(models):
    model = models["undiagnosed_diabetes"]
    who = unsettled("undiagnosed_diabetes", medications=frozenset({"insulin"}))

    assert model.assess(who).reason_code == "already_treated"
    heart = replace(who, medications=frozenset({"sglt2i"}))  # given for heart failure as well
    assert isinstance(model.assess(heart), Assessment)


@pytest.mark.parametrize("task", TASKS)
def test_values_of_an_acute_illness_get_no_number(models, task):
    found = models[task].assess(unsettled(task, values=SEPSIS))

    assert found.reason_code == "acute_illness"
    assert "C-reactive protein 320 mg/L" in found.reason


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("value", [{"SBP": 88, "DBP": 55}, {"CRP": 52}, {"WBC": 2.2}])
def test_one_sign_of_acute_illness_warns(models, task, value):
    found = models[task].assess(unsettled(task, values=value))

    assert any("stable state" in each for each in found.warnings)


@pytest.mark.parametrize(
    ("values", "gone"),
    [
        ({"SBP": 80, "DBP": 120}, {"sbp", "dbp", "pulse_pressure"}),
        ({"BMI": 22, "WEIGHT": 150, "HEIGHT": 160}, {"bmi", "weight", "height"}),
        (
            {"TC": 120, "LDL": 300, "HDL": 180},
            {"total_cholesterol", "ldl", "hdl", "non_hdl", "triglycerides"},
        ),
    ],
    ids=["pressure", "body", "lipids"],
)
@pytest.mark.parametrize("task", TASKS)
def test_values_that_contradict_each_other_are_unknown_and_said(models, task, values, gone):
    found = models[task].assess(unsettled(task, values=values))

    assert {name for name in gone if found.inputs[name] is None} == gone
    assert any("contradict each other: check them" in each for each in found.warnings)


@pytest.mark.parametrize(
    "values",
    [
        {"SBP": 121, "DBP": 120},
        {"BMI": 27.5, "WEIGHT": 84, "HEIGHT": 170.6},
        {"TC": 200, "LDL": 160, "HDL": 55},
    ],
)
def test_values_within_rounding_and_method_do_not_contradict(values):
    assert contradictions(somebody(values=values)) == ()


def test_values_of_different_days_do_not_contradict():
    facts = somebody(values={"SBP": 80, "DBP": 120})
    earlier = replace(facts.measurements["DBP"], collected=DAY - timedelta(days=9))

    known = {**facts.measurements, "DBP": earlier}

    assert contradictions(replace(facts, measurements=known)) == ()


def test_a_value_outside_those_of_the_training_people_is_named_with_its_limit():
    model = ranged("death_10y", sbp=[64.0, 240.0], egfr=[17.0, 160.0], potassium=[2.5, 6.0])

    high = model.assess(somebody(values={"SBP": 260, "DBP": 140}))
    low = model.assess(somebody(values={"POTASSIUM": 2.1}))

    assert (high.reason_code, low.reason_code) == ("outside_training_range",) * 2
    assert high.reason == (
        "Systolic blood pressure 260 mmHg lies outside what the model has seen (up to 240)."
    )
    assert low.reason == "Potassium 2.1 mmol/L lies outside what the model has seen (from 2.5)."
    assert isinstance(model.assess(somebody(without={"SBP", "POTASSIUM"})), Assessment)


def test_an_artefact_without_ranges_takes_every_value():
    features = [person.get("sbp"), person.get("age")]

    found = refusals.Ranges.of(features, {}).reason(np.array([260, 95], np.float32))

    assert found is None


@pytest.mark.parametrize("task", TASKS)
def test_the_survey_that_judges_a_model_gets_a_number_for_everybody_of_its_cohort(task):
    """It has HbA1c, creatinine and sick people, since these define or are the outcome."""
    frame = survey(40, seed=5)
    frame["diq070_pills"] = 1
    frame.loc[:9, ["creatinine_mg_dl", "sbp_mmhg", "crp_mg_dl"]] = [9.0, 70.0, 20.0]
    model = ranged(task, waist=[80.0, 90.0])
    cohort = registry.get(task).outcome(frame).notna()
    assert cohort.sum() > 30

    told = served.predict(model, frame[cohort])

    assert told["risk"].notna().all()
    alone = model.assess_many(nhanes.to_facts(frame[cohort]))
    assert any(isinstance(each, Abstention) for each in alone)


@pytest.mark.parametrize("illness", ["metastatic_cancer", "cirrhosis", "childpugh_c"])
def test_serious_illness_that_no_input_stands_for_is_said(models, illness):
    who = somebody(conditions=frozenset({illness}))

    death, heart = (models[task].assess(who).warnings for task in DEATHS)

    assert any("does not read" in each and "the risk is higher" in each for each in death)
    assert any("does not read" in each and "higher" not in each for each in heart)


@pytest.mark.parametrize(
    ("told", "asks"),
    [
        ({"pregnant": None, "age": 31}, True),
        ({"pregnant": False, "age": 31}, False),
        ({"pregnant": None, "age": 58}, False),
        ({"pregnant": None, "age": 31, "sex": "male"}, False),
    ],
)
def test_an_unasked_pregnancy_is_asked_for(models, told, asks):
    found = models["cvd_death_10y"].assess(somebody(**told))

    assert any("Ask about pregnancy" in each for each in found.warnings) is asks


@pytest.mark.parametrize("task", TASKS)
def test_severe_pressure_comes_before_the_advice_of_a_tier(models, task):
    severe, usual = (
        models[task].assess(unsettled(task, values={"SBP": value, "DBP": 100}))
        for value in (190, 150)
    )

    assert severe.advice == "Systolic blood pressure 190 mmHg: see to it before this figure."
    assert "see to it" not in usual.advice


@pytest.mark.parametrize("task", DEATHS)
def test_a_reason_shows_the_age_of_the_record(models, task):
    found = models[task].assess(somebody(age=95))

    (age,) = [each for each in found.contributions if each.feature == "age"]
    assert (age.value, found.inputs["age"]) == (95, 85)
    assert any("Ages over 85 are treated as 85." in each for each in found.warnings)
