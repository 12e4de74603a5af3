"""The clinical rules that a review asked for, each by the patient it was asked for."""

import pytest

from recommendations import catalogue, engine
from tests.recommendations.people import person

EXPECTING = {"sex": "female", "age": 30, "pregnant": True, "breastfeeding": False}
MANY_THINGS = {
    "has": ["t2d", "ckd", "htn", "hfref"], "EGFR": 38, "HBA1C": 8.8, "SBP": 158, "DBP": 90,
    "LDL": 120, "UACR": 350, "BMI": 33, "age": 68,
}  # fmt: skip


def weigh(**known):
    return engine.recommend(person(**known), catalogue.load())


def item(outcome, id_):
    return next(item for item in outcome.items if item.id == id_)


def offered(**known):
    return [each.id for each in weigh(**known).recommended]


RAISING = ["acei", "arb", "arni", "mra", "ns_mra", "potassium_sparing_diuretic", "trimethoprim"]


@pytest.mark.parametrize("drug", RAISING)
def test_potassium_of_6_on_a_drug_that_raises_it_comes_first(drug):
    first = weigh(**MANY_THINGS, on=[drug, "metformin"], POTASSIUM=6.0).shown[0]
    assert (first.id, first.urgency) == ("D15", "urgent")
    assert {fact.code for fact in first.reasons} == {"POTASSIUM", drug}


@pytest.mark.parametrize(
    ("potassium", "expected"), [(5.4, set()), (5.5, {"D16"}), (5.9, {"D16"}), (6.0, {"D15"})]
)
def test_the_height_of_potassium_decides_how_soon(potassium, expected):
    assert {"D15", "D16", "D17"} & set(offered(on=["acei"], POTASSIUM=potassium)) == expected


def test_a_raised_potassium_is_never_folded_behind_other_things():
    found = weigh(**MANY_THINGS, on=["acei", "mra", "metformin"], POTASSIUM=5.7)
    assert "D16" in {each.id for each in found.shown}


@pytest.mark.parametrize("drugs", [None, [], ["metformin"]])
def test_a_potassium_of_6_is_repeated_today_whatever_is_known_of_the_drugs(drugs):
    assert offered(on=drugs, POTASSIUM=6.1)[0] == "D17"


@pytest.mark.parametrize("conditions", [[], ["ckd"], ["hfref", "t2d", "ckd"]])
def test_an_emergency_goes_before_the_review_of_its_drug(conditions):
    assert offered(has=conditions, on=["acei"], POTASSIUM=6.7)[:2] == ["F18", "D15"]


@pytest.mark.parametrize("pressure", [{"SBP": 140}, {"DBP": 90}, {"SBP": 159, "DBP": 109}])
def test_high_blood_pressure_in_pregnancy_is_assessed_first(pressure):
    shown = weigh(**EXPECTING, gest_weeks=26, smoker=True, BMI=34, **pressure).shown
    assert shown[0].id == "D18"


@pytest.mark.parametrize("pressure", [{"SBP": 160, "DBP": 92}, {"SBP": 150, "DBP": 110}])
def test_severe_blood_pressure_in_pregnancy_is_admitted_the_same_day(pressure):
    first = weigh(**EXPECTING, gest_weeks=26, **pressure).items[0]
    assert (first.id, first.urgency, first.status) == ("F20", "urgent", "recommended")


def test_in_pregnancy_a_recheck_within_a_week_is_not_offered_beside_admission():
    recheck = item(weigh(**EXPECTING, gest_weeks=26, SBP=186, DBP=112), "F19")
    assert (recheck.status, recheck.blocked_by[0].better) == ("blocked", "F20")


def test_outside_pregnancy_the_recheck_stays():
    found = offered(**EXPECTING | {"pregnant": False}, SBP=186, DBP=112)
    assert "F19" in found
    assert not {"F20", "D18"} & set(found)


def test_blood_pressure_drugs_of_other_people_are_blocked_in_pregnancy():
    known = {"SBP": 152, "DBP": 96, "POTASSIUM": 4.2, "SODIUM": 139, "EGFR": 100, "has": ["htn"]}
    found = weigh(**EXPECTING, gest_weeks=20, **known)
    statuses = {each.id: each.status for each in found.items}
    assert {statuses[id_] for id_ in ("M08", "M09", "M10", "M11", "M12")} == {"blocked"}


def test_a_thiazide_is_not_begun_when_a_pregnancy_is_planned():
    known = {"SBP": 150, "SODIUM": 139, "POTASSIUM": 4.2, "EGFR": 90, "has": ["htn"]}
    planned = weigh(**EXPECTING | {"pregnant": False}, **known, flag=["pregnancy_planned"])
    assert item(planned, "M11").blocked_by[0].rule == "M11.exclusion"


def test_one_low_egfr_is_to_be_confirmed_and_never_called_ckd():
    confirm = item(weigh(EGFR=52), "O19")
    assert (confirm.status, confirm.name) == (
        "recommended",
        "Confirm chronic kidney disease, then record it",
    )


@pytest.mark.parametrize("known", [{"EGFR": 52, "has": ["ckd"]}, {"EGFR": 60}])
def test_known_or_absent_ckd_needs_no_confirmation(known):
    assert "O19" not in offered(**known)


@pytest.mark.parametrize(
    ("known", "first"),
    [
        ({"HBA1C": 6.5}, "D21"),
        ({"HBA1C": 9.8}, "D21"),
        ({"GLU_FAST": 126}, "D21"),
        ({"HBA1C": 9.8, "GLU_FAST": 190}, "D20"),
        ({"HBA1C": 10.2}, "D19"),
        ({"GLU": 320, "HBA1C": 9.8}, "D19"),
    ],
)
def test_results_of_diabetes_without_the_diagnosis_come_first(known, first):
    others = {"SBP": 152, "DBP": 94, "LDL": 165, "BMI": 33, "smoker": True, "EGFR": 85}
    found = weigh(**known, **others)
    assert found.shown[0].id == first
    assert "S07" not in {each.id for each in found.recommended}


@pytest.mark.parametrize("known", [{"HBA1C": 9.8, "has": ["t2d"]}, {"HBA1C": 6.4}])
def test_known_or_absent_diabetes_needs_no_confirmation(known):
    assert not {"D19", "D20", "D21"} & set(offered(**known))


@pytest.mark.parametrize("known", [{"PHQ9": 14}, {"has": ["depression"]}, {"has": ["bipolar"]}])
def test_nobody_is_screened_for_a_depression_that_is_known(known):
    assert "S24" not in offered(**known)
    assert "S24" in offered()


@pytest.mark.parametrize(
    ("drug", "ldl", "is_added"),
    [
        ("high_intensity_statin", 70, True),
        ("statin", 89, False),
        ("statin", 90, True),
    ],
)
def test_the_statin_is_raised_before_ezetimibe_is_added(drug, ldl, is_added):
    order = offered(has=["cad"], on=[drug, "aspirin"], LDL=ldl)
    assert ("M03" in order) == is_added
    if drug == "statin":
        assert "M03" not in order[: order.index("M02")]


def test_no_statin_is_begun_above_85_years_without_disease_of_the_arteries():
    old = {"age": 86, "LDL": 195, "allergy": [], "on": []}
    assert not {"M01", "M02"} & set(offered(**old))
    assert "M02" in offered(**old, has=["cad"])


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"on": ["nitrate", "pde5i"]}, "D22"),
        ({"on": ["apixaban"], "has": ["mechanical_valve"]}, "D22"),
        ({"on": ["azathioprine_6mp", "allopurinol"]}, "D22"),
        ({"on": ["ccb_nondhp"], "has": ["hfref"]}, "D23"),
        ({"on": ["oral_contraceptive"], "has": ["migraine_aura"]}, "D23"),
        ({"on": ["clopidogrel", "omeprazole"]}, "D24"),
        ({"on": ["lithium", "thiazide"]}, "D24"),
    ],
)
def test_drugs_that_are_taken_and_should_not_be_lead_the_list_with_both_named(known, expected):
    first = weigh(**known).shown[0]
    assert first.id == expected
    named = {fact.code for fact in first.reasons}
    assert set(known["on"]) <= named | {"apixaban"}


def test_drugs_that_go_together_raise_no_alarm():
    usual = ["metformin", "acei", "ccb_dhp", "high_intensity_statin", "aspirin", "levothyroxine"]
    assert not {"D22", "D23", "D24"} & set(offered(on=usual, has=["t2d", "htn", "hypothyroid"]))


def test_albuminuria_is_confirmed_in_one_line_with_a_low_egfr():
    assert "O12" in offered(UACR=45, EGFR=80)
    both = weigh(UACR=45, EGFR=52)
    assert item(both, "O19").status == "recommended"
    assert item(both, "O12").blocked_by[0].better == "O19"


def test_the_single_pill_and_a_thiazide_are_one_recommendation():
    known = {"SBP": 165, "DBP": 99, "POTASSIUM": 4, "SODIUM": 139, "EGFR": 80}
    found = weigh(**known)
    assert item(found, "M12").status == "recommended"
    assert item(found, "M11").blocked_by[-1].better == "M12"


def test_a_thiazide_takes_the_step_where_a_calcium_channel_blocker_is_no_choice():
    known = {"has": ["htn"], "on": ["acei"], "SBP": 150, "POTASSIUM": 4, "SODIUM": 139, "EGFR": 80}
    assert "M11" in offered(**known, allergy=["ccb_dhp"])


@pytest.mark.parametrize(
    ("known", "is_referred"),
    [
        ({"NTPROBNP": 130, "flag": ["dyspnoea"]}, True),
        ({"NTPROBNP": 130}, False),
        ({"NTPROBNP": 130, "flag": ["dyspnoea"], "has": ["hf"]}, False),
        ({"NTPROBNP": 400, "flag": ["dyspnoea"], "has": ["hf"]}, True),
        ({"flag": ["advanced_hf"], "has": ["hf"]}, True),
    ],
)
def test_suspected_and_advanced_heart_failure_see_cardiology(known, is_referred):
    assert ("F05" in offered(**known)) == is_referred


def test_surgery_for_obesity_with_diabetes_does_not_wait_for_a_high_hba1c():
    assert "F09" in offered(BMI=31, has=["t2d"], HBA1C=6.4)
    assert "F09" not in offered(BMI=31, HBA1C=5.4)


def test_known_familial_hypercholesterolaemia_leads_to_its_relatives():
    assert "F17" in offered(LDL=120, has=["familial_hypercholesterolaemia"])


@pytest.mark.parametrize(("bmi", "is_indicated"), [(28, True), (26, False)])
def test_tirzepatide_counts_diabetes_from_a_bmi_of_27(bmi, is_indicated):
    found = {each.id for each in weigh(BMI=bmi, has=["t2d"], HBA1C=6.8).items}
    assert ("M21" in found) == is_indicated


@pytest.mark.parametrize("known", [{"age": 16}, {"has": ["eating_disorder"]}])
def test_tirzepatide_keeps_to_its_label(known):
    assert "M21.exclusion" in {
        block.rule for block in item(weigh(BMI=35, **known), "M21").blocked_by
    }


@pytest.mark.parametrize(
    ("known", "status"),
    [({}, "recommended"), ({"NTPROBNP": 900}, "blocked"), ({"NTPROBNP": 80}, "recommended")],
)
def test_pioglitazone_waits_for_no_ntprobnp_and_stops_at_a_raised_one(known, status):
    assert item(weigh(has=["t2d", "mash"], HBA1C=8, **known), "M24").status == status


def test_pioglitazone_is_not_offered_to_who_takes_it():
    assert "M24" not in offered(has=["t2d", "mash"], HBA1C=8, on=["tzd"])


def test_sick_day_advice_reaches_diuretics_and_known_ckd():
    assert "E04" in offered(EGFR=80, on=["loop_diuretic"])
    assert "E04" in offered(EGFR=80, has=["ckd"])
    assert "E04" not in offered(EGFR=95, on=["loop_diuretic"])


@pytest.mark.parametrize(("sex", "is_tested"), [("male", True), ("female", False)])
def test_b12_on_metformin_is_measured_in_a_man_with_hemoglobin_12_5(sex, is_tested):
    assert ("O09" in offered(sex=sex, on=["metformin"], HGB=12.5)) == is_tested


@pytest.mark.parametrize(
    ("known", "is_tested"),
    [
        ({"has": ["t2d", "htn"], "age": 52}, True),
        ({"has": ["t2d"], "age": 52}, False),
        ({"has": ["t2d", "htn", "pad"], "age": 52}, False),
        ({"flag": ["claudication"]}, True),
    ],
)
def test_the_ankle_is_measured_in_diabetes_from_50_with_a_further_risk(known, is_tested):
    assert ("S37" in offered(**known)) == is_tested


@pytest.mark.parametrize(("weeks", "is_begun"), [(11, False), (12, True), (28, True), (29, False)])
def test_aspirin_against_pre_eclampsia_begins_between_12_and_28_weeks(weeks, is_begun):
    assert ("M44" in offered(**EXPECTING, gest_weeks=weeks, has=["t1d"])) == is_begun


@pytest.mark.parametrize("id_", ["L03", "L04"])
def test_nobody_needs_a_blood_test_before_advice_on_vegetables_and_salt(id_):
    advice = item(weigh(SBP=126, DBP=82), id_)
    assert advice.status == "recommended"
    assert [caution.severity for caution in advice.cautions] == ["unchecked"]


@pytest.mark.parametrize("known", [{"has": ["ckd"]}, {"on": ["mra"]}])
def test_who_may_have_a_high_potassium_is_tested_before_eating_more_of_it(known):
    checks = item(weigh(SBP=126, **known), "L03").check_first
    assert {check.code for check in checks} == {"EGFR", "POTASSIUM"}


@pytest.mark.parametrize(
    ("id_", "known"),
    [("L03", {"EGFR": 24}), ("L03", {"POTASSIUM": 5.3}), ("L04", {"SODIUM": 128})],
)
def test_a_known_result_still_forbids_the_diet(id_, known):
    assert item(weigh(SBP=126, **known), id_).blocked_by[0].rule == f"{id_}.exclusion"


@pytest.mark.parametrize("condition", ["antiphospholipid_triple", "cad", "decompensated_cirrhosis"])
def test_estrogen_is_contraindicated_as_its_label_says(condition):
    row = next(row for row in catalogue.load().interactions if row.id == "X138")
    env = engine.rules.FactsEnvironment(person(has=[condition]))
    assert engine.rules.evaluate(row.trigger, env) is True


UNKNOWN = ["Brandname 5 mg", "Herbal mixture", "Nostrum", "Zzz"]


def test_a_drug_that_cannot_be_classified_is_not_read_as_none():
    statin = item(weigh(LDL=200, on=UNKNOWN), "M02")
    (caution,) = [each for each in statin.cautions if each.rule == "unclassified"]
    assert caution.text == (
        "Takes drugs we cannot classify: Brandname 5 mg, Herbal mixture, Nostrum and 1 more"
    )
    assert caution.action == "Check interactions by hand"


def test_a_drug_with_a_class_needs_no_check_by_hand():
    statin = item(weigh(LDL=200, on=["metformin"]), "M01")
    assert "unclassified" not in {caution.rule for caution in statin.cautions}


def test_unclassified_drugs_are_no_matter_where_no_drug_is_offered():
    assert item(weigh(LDL=200, on=UNKNOWN), "L14").cautions == ()
