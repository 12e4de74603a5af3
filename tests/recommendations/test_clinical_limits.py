"""Whom a rule reaches and whom it leaves alone: emergencies, dialysis, pregnancy, last years.

Each rule has its person and somebody well, or just inside the limit, whom it does not reach.
"""

import pytest

from recommendations import catalogue, engine
from tests.recommendations.people import person

WELL = {
    "sex": "female", "age": 34, "pregnant": False, "breastfeeding": False, "smoker": False,
    "SBP": 112, "DBP": 70, "HR": 64, "RR": 14, "TEMP": 36.6, "SPO2": 98, "POTASSIUM": 4.2,
    "SODIUM": 140, "EGFR": 105, "UACR": 5, "BMI": 24, "LDL": 100, "HBA1C": 5.2,
}  # fmt: skip
EXPECTING = {"sex": "female", "age": 31, "breastfeeding": False, "SBP": 146, "DBP": 94}
DIALYSIS = {
    "age": 58, "has": ["dialysis", "ckd", "htn", "t2d"], "on": ["insulin"], "smoker": False,
    "SBP": 165, "DBP": 85, "EGFR": 6.7, "POTASSIUM": 5.6, "BMI": 33, "LDL": 120, "UACR": 900,
    "HBA1C": 7.4, "ALB": 3.2,
}  # fmt: skip
CANCER_SCREENING = {"S17", "S18", "S19"}
LATE = {"S02", "S03", "S04", "S07"}  # what they find matters in ten years


def weigh(**known):
    return engine.recommend(person(**known), catalogue.load())


def status(id_, **known):
    """Status of an item, or "" where it does not come up."""
    return next((item.status for item in weigh(**known).items if item.id == id_), "")


def offered(**known):
    return {item.id for item in weigh(**known).recommended}


@pytest.mark.parametrize(
    "value",
    [{"SBP": 90}, {"SBP": 220}, {"HR": 40}, {"HR": 131}, {"RR": 8}, {"RR": 25}, {"TEMP": 35.0},
     {"SPO2": 91}],
)  # fmt: skip
def test_one_red_value_of_news2_is_an_emergency(value):
    first = weigh(**WELL | value).items[0]
    assert (first.id, first.status, first.urgency) == ("F18", "recommended", "urgent")


@pytest.mark.parametrize(
    "value",
    [{}, {"SBP": 91}, {"SBP": 219}, {"HR": 41}, {"HR": 130}, {"RR": 9}, {"RR": 24}, {"TEMP": 35.1},
     {"SPO2": 92}],
)  # fmt: skip
def test_what_is_well_or_just_short_of_red_is_no_emergency(value):
    assert "F18" not in offered(**WELL | value)


def test_from_220_the_emergency_takes_the_place_of_a_recheck_within_days():
    assert status("F19", **WELL | {"SBP": 219}) == "recommended"
    assert status("F19", **WELL | {"SBP": 220}) == "blocked"


def test_while_something_is_urgent_lifestyle_and_screening_wait_and_say_for_what():
    found = weigh(age=67, has=["htn"], SBP=78, DBP=40, CREAT=3.2, EGFR=20, BMI=31, smoker=False)
    waiting = [item for item in found.recommended if item.waits_for]
    assert {item.category for item in waiting} == {"lifestyle", "screening"}
    assert {item.waits_for for item in waiting} == {("Emergency assessment",)}
    assert not {item.id for item in waiting} & {item.id for item in found.shown}
    assert found.shown[0].id == "F18"


def test_nothing_of_lifestyle_or_screening_is_lost_by_waiting():
    known = {"age": 67, "has": ["htn"], "BMI": 31, "smoker": False}
    calm, urgent = (weigh(**known, SBP=150, SPO2=spo2).recommended for spo2 in (97, 88))
    assert {item.id for item in calm} == {item.id for item in urgent} - {"F18"}


@pytest.mark.parametrize("known", [WELL, WELL | {"SBP": 150, "DBP": 92, "BMI": 33}])
def test_without_anything_urgent_nothing_waits(known):
    assert not any(item.waits_for for item in weigh(**known).items)


@pytest.mark.parametrize("drugs", [None, [], ["metformin"]])
def test_a_potassium_of_5_8_is_repeated_whatever_is_known_of_the_drugs(drugs):
    known = {"age": 67, "has": None, "allergy": None, "EGFR": 46, "POTASSIUM": 5.8}
    assert status("D27", **known, on=drugs) == "recommended"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"POTASSIUM": 5.4}, ""),
        ({"POTASSIUM": 6.0}, ""),  # D17
        ({"POTASSIUM": 5.6, "on": ["acei"]}, "blocked"),  # D16
        ({"POTASSIUM": 5.6, "has": ["dialysis"]}, "blocked"),
    ],
)
def test_a_potassium_that_is_lower_or_explained_is_not_repeated_within_days(known, expected):
    assert status("D27", **{"on": [], **known}) == expected


def test_protein_in_the_urine_and_high_pressure_in_pregnancy_are_seen_the_same_day():
    first = weigh(**EXPECTING, pregnant=True, gest_weeks=28, UACR=320).items[0]
    assert (first.id, first.status, first.urgency) == ("F21", "recommended", "urgent")


def test_where_nobody_has_asked_about_pregnancy_that_is_asked_first():
    found = weigh(**EXPECTING, UACR=320)
    assert found.check_first[0].id == "F21"
    assert "pregnan" in found.check_first[0].check_first[0].text.lower()


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"pregnant": True, "UACR": 50}, ""),
        ({"pregnant": True, "UACR": 320, "SBP": 128, "DBP": 78}, ""),
        ({"pregnant": True, "gest_weeks": 12, "UACR": 320}, "blocked"),
        ({"pregnant": False, "UACR": 320}, "blocked"),
        ({"pregnant": True, "UACR": 320, "SBP": 164}, "blocked"),  # F20 admits at once
        ({"sex": "male", "UACR": 320}, ""),
        ({"age": 61, "UACR": 320}, ""),
    ],
)
def test_without_pregnancy_pressure_or_protein_nobody_is_sent_for_pre_eclampsia(known, expected):
    assert status("F21", **{"gest_weeks": 28, **EXPECTING, **known}) == expected


def test_very_high_pressure_does_not_take_the_question_of_pregnancy_away():
    assert status("F21", **EXPECTING | {"SBP": 186}, UACR=320) == "check_first"


@pytest.mark.parametrize(("id_", "result"), [("O12", {"UACR": 50}), ("O19", {"EGFR": 55})])
def test_chronic_kidney_disease_is_not_confirmed_in_pregnancy(id_, result):
    assert status(id_, **EXPECTING, pregnant=True, gest_weeks=22, **result) == "blocked"
    assert status(id_, **EXPECTING, pregnant=False, **result) == "recommended"


NOT_ON_DIALYSIS = {"L02", "L06", "L15", "L19", "S08", "F01", "O13"}


def test_on_dialysis_diets_and_kidney_tests_of_others_are_left_out():
    assert offered(**DIALYSIS) & NOT_ON_DIALYSIS == set()


def test_on_dialysis_the_dietitian_stays():
    assert "F13" in offered(**DIALYSIS)


def test_the_same_person_with_kidneys_that_work_gets_them():
    known = DIALYSIS | {"has": ["ckd", "htn", "t2d"], "EGFR": 42, "POTASSIUM": 4.4}
    assert offered(**known) >= NOT_ON_DIALYSIS


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"POTASSIUM": 5.6, "EGFR": 46}, "blocked"),
        ({"POTASSIUM": 5.2, "EGFR": 24}, "blocked"),
        ({"POTASSIUM": 5.2, "EGFR": 46}, "recommended"),
        ({}, "recommended"),
    ],
)
def test_a_high_potassium_forbids_the_mediterranean_pattern(known, expected):
    assert status("L02", has=["htn"], **known) == expected


@pytest.mark.parametrize(
    "last_years", [{"has": ["metastatic_cancer"]}, {"flag": ["limited_life_expectancy"]}]
)
def test_with_a_short_life_expectancy_nobody_is_screened_for_later(last_years):
    found = offered(**WELL | {"age": 48, "BMI": 27} | last_years)
    assert found & (CANCER_SCREENING | LATE) == set()
    assert {"S24", "V01"} <= found  # what helps now stays


def test_a_well_person_of_that_age_is_screened():
    assert offered(**WELL | {"age": 48, "BMI": 27}) >= CANCER_SCREENING | LATE


@pytest.mark.parametrize(
    ("id_", "known"),
    [
        ("S05", {"age": 60, "on": ["statin"], "TG": 180}),
        ("S06", {"age": 60, "score": {"PREVENT_ASCVD_10Y": 0.06}}),
        ("S09", {"age": 60, "has": ["t2d"]}),
        ("S20", {"age": 60, "smoker": True, "pack_years": 30}),
        ("S21", {"age": 60}),
        ("S22", {"age": 68, "flag": ["ever_smoked"]}),
        ("S23", {"age": 70, "sex": "female"}),
        ("S36", {"age": 60, "has": ["cirrhosis"]}),
    ],
)
def test_nor_for_what_only_some_are_screened_for(id_, known):
    ill = known | {"has": [*known.get("has", []), "metastatic_cancer"]}
    assert (status(id_, **known), status(id_, **ill)) == ("recommended", "blocked")
