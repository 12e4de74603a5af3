"""What a clinician mended on reading lists of hand-written patients, each by its patient."""

import pytest

from recommendations import catalogue, engine, wording
from recommendations.catalogue.entries import Change
from tests.recommendations.people import person

FALLS, HIGH_INR = "D25", "D26"
WOMAN = {"sex": "female", "pregnant": False, "breastfeeding": False}
HYPOTHYROID = WOMAN | {"age": 47, "TSH": 45, "FT4": 0.4, "LDL": 195, "TC": 285, "HDL": 55,
                       "SBP": 132, "DBP": 84, "BMI": 29, "EGFR": 82, "smoker": False}  # fmt: skip
FALLING = WOMAN | {"age": 84, "has": ["frailty", "falls_history", "t2d"], "HBA1C": 6.4, "EGFR": 44,
                   "SBP": 112, "BMI": 21, "n_drugs": 12, "smoker": False}  # fmt: skip


def weigh(**known):
    return engine.recommend(person(**known), catalogue.load())


def ids(items):
    return [item.id for item in items]


def named(id_):
    return catalogue.load().by_id[id_]


def test_overt_hypothyroidism_goes_before_the_lipids_that_it_raises():
    found = weigh(**HYPOTHYROID)
    assert found.shown[0].id == "M30"
    assert {"M02", "F17"} <= set(ids(found.blocked))


@pytest.mark.parametrize("more", [{"TSH": 12, "FT4": 1.1}, {"has": ["mi"]}])
def test_a_statin_waits_neither_for_a_milder_thyroid_nor_after_a_heart_attack(more):
    assert "M02" in ids(weigh(**HYPOTHYROID | more).recommended)


def test_an_unknown_thyroid_holds_no_statin_up():
    known = {name: value for name, value in HYPOTHYROID.items() if name not in ("TSH", "FT4")}
    assert {"M02", "F17"} <= set(ids(weigh(**known).recommended))


def test_drugs_that_make_her_fall_are_tapered_first():
    shown = ids(weigh(**FALLING, on=["benzodiazepine", "metformin"]).shown)
    assert FALLS in shown


def test_without_falls_or_such_a_drug_nothing_is_tapered():
    assert FALLS not in ids(weigh(**FALLING, on=["metformin"]).recommended)
    steady = FALLING | {"has": ["t2d"]}
    assert FALLS not in ids(weigh(**steady, on=["benzodiazepine"]).recommended)


def test_no_sglt2_inhibitor_for_the_frail_whose_pressure_falls_on_standing():
    blocked = weigh(**FALLING, flag=["orthostatic_hypotension"]).blocked
    assert "M17" in ids(blocked)
    assert "M17" in ids(weigh(**FALLING).recommended)


@pytest.mark.parametrize(("inr", "is_offered"), [(4.5, False), (4.8, True), (9, True)])
def test_a_high_inr_on_warfarin_is_dealt_with_today(inr, is_offered):
    found = weigh(age=72, has=["afib", "mechanical_valve"], on=["warfarin"], INR=inr)
    assert (found.recommended[0].id == HIGH_INR) is is_offered


def test_an_inr_without_warfarin_asks_for_nothing():
    assert HIGH_INR not in ids(weigh(has=["cirrhosis"], INR=5.1).recommended)


def test_aspirin_with_a_mechanical_valve_is_not_called_primary_prevention():
    assert "D12" not in ids(weigh(age=72, has=["mechanical_valve"], on=["aspirin"]).recommended)
    assert "D12" in ids(weigh(age=72, on=["aspirin"]).recommended)


def test_in_reduced_ejection_fraction_arni_goes_before_an_ace_inhibitor():
    known = {"age": 71, "has": ["hfref", "htn"], "SBP": 146, "DBP": 88, "EGFR": 60}
    found = weigh(**known, POTASSIUM=4.4)
    assert "M15" in ids(found.recommended)
    assert {"M08", "M09"} <= set(ids(found.blocked))


def test_where_arni_is_not_feasible_the_arb_stays():
    known = {"age": 71, "has": ["hfref", "htn", "angioedema"], "SBP": 146, "DBP": 88, "EGFR": 60}
    found = weigh(**known, POTASSIUM=4.4)
    assert "M09" in ids(found.recommended)


def test_above_75_the_statin_of_primary_prevention_is_a_moderate_one():
    known = WOMAN | {"age": 77, "has": ["htn"], "SBP": 158, "DBP": 84, "TC": 220, "HDL": 44,
                     "LDL": 130, "BMI": 28, "EGFR": 72, "smoker": False}  # fmt: skip
    scores = {"PREVENT_ASCVD_10Y": 0.16, "PREVENT_CVD_10Y": 0.28}
    found = engine.recommend(person(**known), catalogue.load(), scores)
    assert "M01" in ids(found.recommended)
    assert "M02" not in ids(found.items)


def test_very_high_triglycerides_put_the_pancreas_first():
    known = {"age": 44, "has": ["t2d"], "on": ["metformin"], "TG": 1480, "HBA1C": 9.9, "BMI": 33,
             "SBP": 136, "EGFR": 90, "smoker": False}  # fmt: skip
    assert {"L17", "M07"} <= set(ids(weigh(**known).recommended[:4]))


@pytest.mark.parametrize("known", [{"HBA1C": 12.4}, {"GLU_FAST": 140}, {"SBP": 150}, {"LDL": 170}])
def test_nobody_with_such_a_result_is_said_to_have_no_risk_factors(known):
    person_ = {"age": 30, "BMI": 22, "smoker": False, "SBP": 118}
    assert "E09" in ids(weigh(**person_).recommended)
    assert "E09" not in ids(weigh(**person_ | known).recommended)


def test_pregnancy_has_its_hepatitis_b_test_and_no_lipids():
    found = ids(weigh(sex="female", age=30, pregnant=True, gest_weeks=10).recommended)
    assert "S12" in found
    assert not {"S02", "S04"} & set(found)


def test_heavy_drinkers_are_not_told_to_stop_all_at_once():
    abstinence = named("L13")
    assert "do not stop all at once" in abstinence.patient_text
    assert "withdrawal" in abstinence.clinician_text


def test_surgery_against_weight_is_not_named_in_frailty():
    heavy = {"age": 70, "has": ["t2d"], "BMI": 36}
    assert "F09" in ids(weigh(**heavy).recommended)
    assert "F09" in ids(weigh(**heavy | {"has": ["t2d", "frailty"]}).blocked)


def test_what_was_only_observed_is_not_said_of_trials():
    found = weigh(age=70, on=["nsaid"], EGFR=48)
    stop = next(item for item in found.recommended if item.id == "D02")
    assert stop.in_trials == ()


def test_outcomes_of_trials_are_named_in_words():
    change = Change("hf_hosp", "rr", 0.68, 0.78, "HR", 24)
    said = wording.change_text(change)
    assert said == "Relative risk of admission for heart failure: 0.68 to 0.78 over 24 months (HR)"
    outcomes = {
        change.feature
        for item in catalogue.load().interventions
        for change in item.changes
        if change.op == "rr"
    }
    codes = {name for name in outcomes if "_" in wording.outcome_name(name)}
    assert codes == set()


def test_social_needs_are_not_shown_beside_the_chance_of_diabetes():
    assert "diabetes" not in named("D10").target_risks


AFTER_MI = {"age": 56, "has": ["mi"], "flag": ["mi_within_12m"], "LDL": 151, "EGFR": 82,
            "PLT": 230, "SBP": 124, "smoker": False}  # fmt: skip


def test_after_a_heart_attack_the_second_antiplatelet_drug_is_shown():
    assert "M47" in ids(weigh(**AFTER_MI, on=["aspirin", "beta_blocker"]).shown)


@pytest.mark.parametrize(
    ("drugs", "status"), [(["aspirin", "ticagrelor"], None), (["aspirin", "apixaban"], "blocked")]
)
def test_it_is_not_doubled_nor_put_on_an_anticoagulant(drugs, status):
    statuses = {item.id: item.status for item in weigh(**AFTER_MI, on=drugs).items}
    assert statuses.get("M47") == status


def test_its_bleeding_is_told():
    found = next(item for item in weigh(**AFTER_MI, on=["aspirin"]).items if item.id == "M47")
    assert [harm.name for harm in found.harms] == ["major bleeding"]


def test_what_opioid_treatment_does_is_not_told_of_alcohol():
    def changes(**known):
        found = weigh(**known).recommended
        return next(item.would_change for item in found if item.id == "F12")

    assert {effect.feature for effect in changes(AUDITC=9)} == {""}
    assert {effect.feature for effect in changes(has=["opioid_use_disorder"])} == {"mortality"}


def test_iron_deficiency_in_heart_failure_is_not_at_the_end_of_the_list():
    known = {"age": 71, "has": ["hfref"], "FERR": 70, "TSAT": 15, "SBP": 128, "EGFR": 62}
    found = ids(weigh(**known).recommended)
    assert found.index("M28") < len(found) / 2
