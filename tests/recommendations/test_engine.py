import json

import pytest

from ml.types import Abstention, Assessment
from recommendations import catalogue, engine
from recommendations.outcome import ASK_CLINICIAN, as_dict
from tests.recommendations.people import TODAY, person

DIABETES = {"has": ["t2d"], "HBA1C": 8.0, "BMI": 29}


def weigh(scores=None, assessments=(), **known):
    return engine.recommend(person(**known), catalogue.load(), scores, assessments)


def item(outcome, id_):
    return next(item for item in outcome.items if item.id == id_)


def assessed(task, risk, tier):
    return Assessment(
        task, "1", "d", 10, risk, risk / 2, min(2 * risk, 1), tier, "", "", 0.1, (), (), "", "", 0.0
    )


def test_metformin_without_a_kidney_result_asks_for_it_first():
    metformin = item(weigh(**DIABETES), "M19")
    assert metformin.status == "check_first"
    assert [check.text for check in metformin.check_first] == [
        "Order eGFR (CKD-EPI 2021 creatinine)"
    ]


@pytest.mark.parametrize(("egfr", "status"), [(80, "recommended"), (29, "blocked")])
def test_the_kidney_result_decides_on_metformin(egfr, status):
    assert item(weigh(**DIABETES, EGFR=egfr), "M19").status == status


def test_a_blocked_item_names_rule_source_and_fact():
    blocks = item(weigh(**DIABETES, EGFR=25), "M19").blocked_by
    assert [(block.rule, bool(block.source)) for block in blocks] == [
        ("M19.exclusion", True),
        ("X001", True),
    ]
    assert blocks[0].facts[0].value == 25


def test_a_major_interaction_warns_clinicians_only_and_pushes_the_item_down():
    weak, well = (item(weigh(**DIABETES, EGFR=egfr), "M19") for egfr in (40, 50))
    assert (weak.status, weak.clinician_only, well.clinician_only) == ("recommended", True, False)
    assert weak.score == pytest.approx(well.score - 0.15, abs=0.05)


def test_a_missing_result_of_an_interaction_alone_stays_visible_as_unchecked():
    cautions = item(weigh(**DIABETES, EGFR=80), "M19").cautions
    assert [(caution.severity, caution.rule) for caution in cautions] == [("unchecked", "X003")]
    assert cautions[0].action == "Order lactate"


def test_a_drug_is_checked_first_when_nobody_asked_for_the_allergies():
    fibrate = item(weigh(TG=600, EGFR=80, allergy=None), "M07")
    assert [check.code for check in fibrate.check_first] == ["allergy_list"]


def test_a_drug_is_checked_first_when_nobody_asked_for_the_medicines():
    fibrate = item(weigh(TG=600, EGFR=80, on=None), "M07")
    assert [check.code for check in fibrate.check_first] == ["medication_list"]


def test_an_allergy_to_the_class_blocks_even_where_no_rule_says_so():
    known = {"has": ["htn"], "SBP": 160, "DBP": 95, "EGFR": 80, "POTASSIUM": 4.2}
    pill = item(weigh(**known, allergy=["ccb_dhp"]), "M12")
    assert (pill.status, pill.blocked_by[0].rule) == ("blocked", "allergy")


def test_an_unknown_pregnancy_is_asked_for_before_a_statin():
    known = {"age": 45, "sex": "female", "LDL": 200, "breastfeeding": False}
    assert item(weigh(**known), "M02").status == "check_first"
    assert [check.text for check in item(weigh(**known), "M02").check_first] == [
        "Ask: pregnancy status"
    ]
    assert item(weigh(**known, pregnant=False), "M02").status == "recommended"


def test_a_man_is_not_asked_for_pregnancy():
    assert item(weigh(age=45, LDL=200), "M02").status == "recommended"


@pytest.mark.parametrize(
    ("better", "alternatives", "known"),
    [
        ("M02", {"M01"}, {"LDL": 200}),
        ("M20", {"M21", "M22"}, {"has": ["t2d", "masld"], "HBA1C": 8, "BMI": 34, "EGFR": 80}),
        ("M12", {"M08", "M10"}, {"SBP": 165, "DBP": 99, "POTASSIUM": 4, "EGFR": 80}),
    ],
)
def test_of_alternatives_one_is_recommended(better, alternatives, known):
    found = weigh(**known)
    assert item(found, better).status == "recommended"
    assert {item(found, other).blocked_by[-1].rule for other in alternatives} == {"group"}


def test_an_alternative_takes_the_place_of_one_that_is_not_safe():
    known = {"has": ["htn", "angioedema"], "SBP": 160, "DBP": 95, "POTASSIUM": 4.2}
    found = weigh(**known)
    assert item(found, "M08").status == "blocked"
    assert item(found, "M09").status == "recommended"
    assert [caution.rule for caution in item(found, "M09").cautions] == ["X020"]


def test_items_of_one_list_are_never_contraindicated_together():
    known = {"SBP": 165, "DBP": 99, "POTASSIUM": 4.0, "EGFR": 80, "LDL": 90}
    receptor_blocker = item(weigh(**known), "M09")
    assert receptor_blocker.status == "blocked"
    assert (
        "Not together with Two-drug single-pill combination"
        in receptor_blocker.blocked_by[0].reason
    )


def test_items_that_need_care_together_say_so():
    known = {"has": ["afib", "mi"], "age": 76, "PLT": 200, "EGFR": 70, "HR": 70, "SBP": 130}
    found = weigh(**known, score={"CHA2DS2_VASC": 5})
    pair = {
        caution.rule: caution.with_item
        for x in ("M32", "M33")
        for caution in item(found, x).cautions
    }
    assert pair["X100"] in {"M32", "M33"}


def test_vaccines_of_one_kind_are_no_duplicates():
    recommended = {item.id for item in weigh(age=30, birth_year=1996).recommended}
    assert {"V10", "V11"} <= recommended


def test_a_drug_that_is_taken_already_is_a_matter_of_dose():
    cautions = item(weigh(PHQ9=18, on=["ssri"], SODIUM=140), "M38").cautions
    assert "duplicate" in {caution.severity for caution in cautions}


def test_what_is_urgent_comes_first_whatever_its_score():
    found = weigh(has=["t2d", "ckd", "htn"], on=["acei"], POTASSIUM=6.7, EGFR=28, HBA1C=9, SBP=170)
    assert found.items[0].id == "F18"
    assert found.shown[0].urgency == "urgent"


def test_three_are_shown_and_nothing_is_dropped():
    found = weigh(**DIABETES, EGFR=80)
    assert len(found.shown) == 3
    assert len(found.items) == len(found.recommended) + len(found.check_first) + len(found.blocked)
    assert [each.rank for each in found.items] == list(range(1, len(found.items) + 1))


def test_the_same_facts_give_the_same_list():
    assert weigh(**DIABETES) == weigh(**DIABETES)


def test_a_decision_of_a_clinician_is_never_an_order_to_the_patient():
    for each in weigh(**DIABETES, EGFR=80).items:
        assert (ASK_CLINICIAN in each.patient_text) == each.needs_clinician


def test_a_higher_predicted_risk_raises_what_acts_on_it():
    known = {"age": 60, "LDL": 150, "SBP": 128, "DBP": 76}
    low = weigh(assessments=[assessed("cvd_death_10y", 0.01, "T0")], **known)
    high = weigh(assessments=[assessed("cvd_death_10y", 0.15, "T2")], **known)
    assert item(high, "L14").score > item(low, "L14").score


def test_an_effect_stands_beside_the_risk_it_acts_on():
    found = weigh(assessments=[assessed("cvd_death_10y", 0.15, "T2")], LDL=150)
    effect = item(found, "L14").would_change[0]
    assert effect.text == "LDL cholesterol −15 to −5 % by 2 months"
    assert (effect.target, effect.task, effect.risk, effect.tier) == (
        "cvd",
        "cvd_death_10y",
        0.15,
        "T2",
    )


def test_a_published_score_stands_for_its_risk():
    effect = item(weigh(scores={"PREVENT_ASCVD_10Y": 0.08}, LDL=150, age=60), "M01").would_change[0]
    assert (effect.task, effect.tier) == ("PREVENT_ASCVD_10Y", "T2")


def test_an_abstaining_model_is_passed_over():
    refusal = Abstention("ckd", "diagnosed", "Known already")
    assert weigh(assessments=[refusal], **DIABETES) == weigh(**DIABETES)


def test_an_item_without_trials_says_so():
    assert item(weigh(), "S24").would_change[0].text == "No quantified effect"


def test_a_person_of_whom_only_age_and_sex_are_known_gets_prevention_and_no_drug():
    known = {"has": None, "on": None, "allergy": None, "age": 50, "sex": "female"}
    found = weigh(**known)
    assert {"S11", "S24", "S25", "S26"} <= {each.id for each in found.recommended}
    assert not any(each.category == "medication" for each in found.recommended)
    assert {check.code for check in item(found, "V01").check_first} == {"allergy_list"}


def test_the_outcome_is_plain_json():
    found = weigh(**DIABETES, EGFR=80, collected=TODAY)
    read_back = json.loads(json.dumps(as_dict(found)))
    assert [each["id"] for each in read_back["items"]] == [each.id for each in found.items]


def test_every_component_of_the_score_is_shown():
    components = weigh(**DIABETES, EGFR=80).items[0].components
    assert set(components) == {
            "urgent", "benefit", "risk", "content", "evidence", "burden", "caution", "expected",
            "preference", "habit",
        }  # fmt: skip


def test_the_shares_add_up_to_the_score():
    for each in weigh(**DIABETES, EGFR=80).items:
        assert sum(each.shares.values()) == pytest.approx(each.score)


def test_reasons_carry_the_day_of_the_result():
    (reason,) = item(weigh(collected=TODAY, TG=600, EGFR=80), "M07").reasons
    assert (reason.code, reason.value, reason.unit, reason.collected) == ("TG", 600, "mg/dL", TODAY)
