"""Read by a clinician's eye: nothing absurd at the top, nothing that contradicts itself."""

from types import SimpleNamespace

import pytest

from recommendations import catalogue, engine
from tests.recommendations.people import person


def order(**known):
    outcome = engine.recommend(person(**known), catalogue.load())
    return [item.id for item in outcome.recommended]


def test_a_smoker_is_offered_counselling_first():
    assert order(smoker=True, SBP=118, LDL=90)[0] == "L01"


def test_a_pregnant_smoker_is_offered_counselling_and_no_drug():
    known = {"sex": "female", "age": 28, "pregnant": True, "breastfeeding": False}
    offered = order(**known, smoker=True, gest_weeks=14)
    assert offered[0] == "L01"
    assert not {"M35", "M36", "M37"} & set(offered)


def test_prediabetes_begins_with_the_lifestyle_programme():
    offered = order(sex="male", age=48, HBA1C=6.1, BMI=33, SBP=118, EGFR=90)
    incretin = next(id_ for id_ in offered if id_ in {"M21", "M22"})
    assert offered.index("L22") < offered.index(incretin)


def test_after_a_myocardial_infarction_the_proven_treatments_lead():
    known = {"has": ["mi"], "flag": ["mi_within_12m"], "LDL": 130, "PLT": 230}
    assert {"F06", "M02", "M33", "M47"} <= set(order(**known, HR=78, SBP=126)[:5])


def test_iron_deficiency_anaemia_in_a_man_leads_to_its_cause():
    assert order(age=66, HGB=10.1, FERR=8, TSAT=7)[:3] == ["F08", "O10", "M27"]


def test_an_over_treated_older_person_is_de_intensified_first():
    known = {"has": ["t2d", "frailty"], "on": ["sulfonylurea"], "age": 82}
    assert order(**known, HBA1C=6.2, EGFR=40)[0] == "D04"


def test_low_risk_limits_are_not_advised_where_abstinence_is():
    offered = order(has=["cirrhosis"], alcohol_week=20)
    assert "L13" in offered
    assert "L12" not in offered


@pytest.mark.parametrize("condition", ["t1d", "prediabetes", "mi"])
def test_nobody_with_a_cardiometabolic_condition_is_told_that_all_is_well(condition):
    assert "E09" not in order(has=[condition], BMI=24, smoker=False)
    assert "E09" in order(has=[], BMI=24, smoker=False)


def test_type_1_diabetes_is_not_treated_with_metformin():
    assert "M19" not in order(has=["t1d"], on=["insulin"], HBA1C=8.8, EGFR=90)


def test_a_healthy_young_adult_gets_prevention_and_no_drug():
    offered = order(sex="female", age=25, pregnant=False, SBP=112, DBP=70, BMI=22, smoker=False)
    assert {"S01", "V01", "V09", "S19"} <= set(offered)
    assert not [id_ for id_ in offered if id_.startswith("M")]


def test_hemoglobin_usual_in_pregnancy_is_no_anaemia():
    known = {"sex": "female", "age": 33, "gest_weeks": 27, "breastfeeding": False}
    assert "O10" not in order(**known, pregnant=True, HGB=11.2)
    assert "O10" in order(**known, pregnant=True, HGB=10.8)
    assert "O10" in order(**known | {"gest_weeks": None}, pregnant=False, HGB=11.2)


def test_a_likely_diabetes_is_tested_for_before_anything_is_treated():
    likely = SimpleNamespace(task="undiagnosed_diabetes", risk=0.34, horizon_years=None, tier="T2")
    facts = person(age=54, SBP=148, DBP=91, BMI=36.8, LDL=131)
    outcome = engine.recommend(facts, catalogue.load(), {}, [likely])
    assert outcome.recommended[0].id == "S07"


def test_after_an_infarction_untreated_ldl_leads_where_no_statin_is_tolerated():
    known = {"has": ["mi", "htn", "statin_intolerance"], "on": ["beta_blocker", "acei"]}
    assert order(**known, LDL=172, SBP=131)[0] == "M03"
