"""Whole patients: what stands among the three shown, and what may not stand above it.

Each names the guideline that says so. The order is ours to answer for: a guideline says what is
indicated and how strongly, seldom what comes first.
"""

from dataclasses import dataclass

import pytest

from ml.scores import person as published
from ml.scores.derived import derived
from recommendations import catalogue, engine
from tests.recommendations.people import person

WOMAN = {"sex": "female", "pregnant": False, "breastfeeding": False}


@dataclass(frozen=True)
class Patient:
    known: dict
    guideline: str
    shown: set[str]  # among the three
    first: str = ""
    not_above: tuple[set[str], set[str]] = (set(), set())  # none of the first above the second
    not_shown: frozenset[str] = frozenset()


PATIENTS = {
    "heart failure with diabetes and kidney disease": Patient(
        {"age": 68, "has": ["hfref", "t2d", "ckd", "htn"], "LVEF": 32, "HBA1C": 7.6, "EGFR": 48,
         "on": ["acei", "beta_blocker", "furosemide", "statin"], "UACR": 180, "POTASSIUM": 4.4,
         "SODIUM": 139, "SBP": 128, "DBP": 74, "HR": 72, "LDL": 88, "TC": 160, "HDL": 42,
         "BMI": 30, "ALT": 55, "AST": 74, "PLT": 140},
        "AHA/ACC/HFSA 2022: SGLT2 inhibitor and MRA class 1 in HFrEF, whatever the HbA1c",
        {"M17", "M16"}, "M17", ({"M19", "L23", "F03", "F06", "F09", "L02"}, {"M17", "M16"}),
    ),
    "heart failure, nothing begun": Patient(
        {"age": 62, "has": ["hfref"], "LVEF": 30, "SBP": 124, "HR": 82, "EGFR": 75,
         "POTASSIUM": 4.3, "LDL": 100, "HGB": 14, "FERR": 60, "TSAT": 15},
        "AHA/ACC/HFSA 2022: the four pillars lower death; rehabilitation and vaccines beside them",
        {"M14", "M16", "M17"}, "", ({"F06", "E05", "V01", "V04"}, {"M14", "M16", "M17"}),
    ),
    "a smoker after a heart attack": Patient(
        {"age": 58, "has": ["mi"], "flag": ["mi_within_12m"], "smoker": True, "SBP": 128,
         "HR": 78, "LDL": 142, "TC": 220, "HDL": 38, "EGFR": 85, "PLT": 230, "BMI": 29,
         "POTASSIUM": 4.2, "HBA1C": 5.8},
        "ACC/AHA ACS 2025: aspirin, high-intensity statin and stopping smoking, all class 1",
        {"M02", "M33", "L01"}, "", ({"L22", "V01", "M35", "L02"}, {"M02", "M33", "L01"}),
    ),
    "after a stroke": Patient(
        WOMAN | {"age": 70, "has": ["stroke_tia", "htn"], "on": ["ccb_dhp"], "SBP": 152,
                 "DBP": 84, "LDL": 128, "TC": 210, "HDL": 52, "EGFR": 70, "HGB": 13, "PLT": 230},
        "AHA/ASA 2021: statin and antiplatelet after an ischaemic stroke",
        {"M02", "M33"}, "", ({"L02", "O04", "V01", "L06"}, {"M02", "M33"}),
    ),
    "kidney disease with albuminuria": Patient(
        WOMAN | {"age": 63, "has": ["ckd", "htn"], "on": ["ccb_dhp"], "SBP": 146, "DBP": 86,
                 "EGFR": 42, "UACR": 420, "POTASSIUM": 4.5, "LDL": 120, "TC": 200, "HDL": 50,
                 "HBA1C": 5.7, "BMI": 28, "smoker": False},
        "KDIGO 2024: SGLT2 inhibitor 1A, RAS blocker 1B with severe albuminuria",
        {"M17", "M08"}, "M17", ({"L03", "L18", "O13", "S07"}, {"M17", "M08"}),
    ),
    "kidney disease with diabetes on metformin": Patient(
        {"age": 66, "has": ["ckd", "t2d", "htn"], "on": ["acei", "metformin", "statin"],
         "SBP": 134, "DBP": 78, "EGFR": 44, "UACR": 350, "POTASSIUM": 4.4, "LDL": 84, "TC": 160,
         "HDL": 44, "HBA1C": 7.4, "BMI": 31, "smoker": False},
        "KDIGO 2022: metformin dose by eGFR is a matter of safety; SGLT2 inhibitor 1A",
        {"D03", "M17"}, "D03", ({"L02", "L23", "F01"}, {"M17"}),
    ),
    "atrial fibrillation": Patient(
        WOMAN | {"age": 76, "has": ["afib", "htn"], "on": ["beta_blocker"], "SBP": 138, "DBP": 78,
                 "HR": 74, "EGFR": 58, "LDL": 110, "TC": 190, "HDL": 60, "HGB": 13, "PLT": 240,
                 "ALT": 20, "smoker": False},
        "ACC/AHA 2023: anticoagulation class 1 from CHA2DS2-VASc 3 in women",
        {"M32"}, "M32",
    ),
    "a smoker with COPD": Patient(
        {"age": 64, "has": ["copd"], "on": ["saba"], "smoker": True, "pack_years": 45,
         "SBP": 132, "DBP": 80, "EGFR": 80, "LDL": 115, "TC": 195, "HDL": 48, "BMI": 24},
        "GOLD 2025: stopping smoking comes before any drug",
        {"L01"}, "L01",
    ),
    "asthma on a reliever alone": Patient(
        WOMAN | {"age": 34, "has": ["asthma"], "on": ["saba"], "smoker": False, "SBP": 116},
        "GINA 2025: nobody is treated with a short-acting reliever alone",
        {"M42"}, "", ({"V01", "V02", "S01"}, {"M42"}),
    ),
    "osteoporosis after a fracture": Patient(
        WOMAN | {"age": 74, "has": ["osteoporosis", "fragility_fracture"], "EGFR": 64, "CA": 9.4,
                 "VITD": 28, "SBP": 132, "LDL": 118, "TC": 205, "HDL": 62, "smoker": False},
        "ACP 2023: bisphosphonate; the next fracture is nearer than the first stroke",
        {"M39"}, "M39",
    ),
    "a potassium of 6.3 on two drugs that raise it": Patient(
        {"age": 71, "has": ["ckd", "hfref"], "on": ["mra", "acei", "beta_blocker"],
         "POTASSIUM": 6.3, "EGFR": 34, "SBP": 122, "LVEF": 34, "LDL": 80},
        "UK Kidney Association 2023: ECG and treatment the same day, before anything that can wait",
        {"F18", "D15"}, "F18", ({"M17", "F06", "E05", "F01"}, {"F18", "D15"}),
    ),
    "very high blood pressure in pregnancy": Patient(
        {"sex": "female", "age": 31, "pregnant": True, "breastfeeding": False, "gest_weeks": 30,
         "SBP": 164, "DBP": 112, "EGFR": 110, "smoker": False},
        "ACOG: from 160/110 treated within the hour, in hospital",
        {"F20"}, "F20",
    ),
    "a pregnancy is planned on an ACE inhibitor": Patient(
        WOMAN | {"age": 30, "flag": ["pregnancy_planned"], "has": ["t2d"], "HBA1C": 7.8,
                 "on": ["metformin", "acei", "statin"], "SBP": 124, "EGFR": 100, "BMI": 31},
        "ADA: drugs that harm the child stop first; folic acid before conception (USPSTF A)",
        {"D06", "M43"}, "D06",
    ),
    "new type 2 diabetes": Patient(
        {"age": 52, "has": ["t2d"], "HBA1C": 8.1, "SBP": 142, "DBP": 88, "LDL": 138, "TC": 220,
         "HDL": 38, "EGFR": 88, "BMI": 33, "UACR": 20, "smoker": False, "ALT": 35, "AST": 28,
         "PLT": 240},
        "ADA: glucose is treated from the start, with metformin where no disease asks for more",
        {"M19"}, "", ({"F09", "O04", "L23"}, {"M19"}),
    ),
    "diabetes with coronary disease": Patient(
        {"age": 64, "has": ["t2d", "cad"], "on": ["metformin", "statin", "aspirin"],
         "HBA1C": 7.8, "SBP": 132, "DBP": 78, "LDL": 96, "TC": 165, "HDL": 40, "EGFR": 78,
         "BMI": 32, "UACR": 18, "smoker": False},
        "ADA: GLP-1 receptor agonist or SGLT2 inhibitor; ACC/AHA: high-intensity statin",
        {"M02", "M20"}, "", ({"L23", "F09", "V01", "M03"}, {"M02", "M20"}),
    ),
    "severe hypertriglyceridaemia": Patient(
        {"age": 48, "has": ["t2d"], "on": ["metformin"], "TG": 1250, "LDL": 90, "TC": 290,
         "HDL": 28, "HBA1C": 9.4, "SBP": 134, "EGFR": 85, "BMI": 32, "smoker": False, "ALT": 50},
        "ACC/AHA 2026: from 1000 mg/dL the pancreas is protected, with very little fat",
        {"L17"}, "", (set(), set()), frozenset({"L02"}),
    ),
    "familial hypercholesterolaemia": Patient(
        {"age": 39, "has": ["familial_hypercholesterolaemia"], "LDL": 232, "TC": 310, "HDL": 48,
         "TG": 120, "SBP": 124, "EGFR": 95, "smoker": False, "BMI": 25, "ALT": 25},
        "ACC/AHA 2026: high-intensity statin; the family is tested",
        {"M02", "F17"}, "M02",
    ),
    "cirrhosis with alcohol": Patient(
        {"age": 57, "has": ["cirrhosis"], "alcohol_week": 25, "ALT": 60, "AST": 88, "PLT": 85,
         "ALB": 3.1, "BILI": 2.4, "INR": 1.5, "EGFR": 80, "SODIUM": 134, "SBP": 110},
        "AASLD: abstinence matters most; it and specialist care before vaccines and screening",
        {"F03", "L13"}, "L13", ({"V07", "V08", "S11", "S09"}, {"F03", "L13"}),
    ),
    "severe depression with thoughts of suicide in a smoker": Patient(
        {"age": 45, "has": ["depression"], "PHQ9": 23, "flag": ["suicidal_ideation"], "SBP": 120,
         "smoker": True},
        "APA, VA/DoD 2022: help the same day, and treatment of the depression",
        {"F11", "M38"}, "F11", ({"M37", "M35"}, {"M38"}),
    ),
    "iron deficiency anaemia in a man": Patient(
        {"age": 66, "HGB": 10.1, "FERR": 8, "TSAT": 7, "SBP": 128, "EGFR": 80, "LDL": 110},
        "AGA 2020: endoscopy of both ends; iron beside it",
        {"F08", "O10", "M27"}, "F08",
    ),
    "gout on a thiazide": Patient(
        {"age": 60, "has": ["gout", "htn"], "on": ["thiazide"], "URIC": 9.2, "SBP": 136,
         "EGFR": 66, "LDL": 120, "TC": 200, "HDL": 42, "BMI": 31, "smoker": False},
        "ACR 2020: allopurinol to target; a diet alone does not do",
        {"M40"}, "M40", ({"L24"}, {"M40"}),
    ),
    "a frail woman treated too hard": Patient(
        WOMAN | {"age": 84, "has": ["frailty", "t2d", "falls_history"], "HBA1C": 6.3,
                 "on": ["sulfonylurea", "metformin", "benzodiazepine"], "n_drugs": 11,
                 "EGFR": 42, "SBP": 126, "BMI": 22, "POTASSIUM": 4.2, "smoker": False},
        "ADA, section 13: less glucose lowering, and doses by eGFR, before anything new",
        {"D03", "D04"}, "", ({"M17", "L02", "L23"}, {"D03", "D04"}),
    ),
    "prediabetes and obesity": Patient(
        {"age": 46, "has": ["prediabetes"], "BMI": 37, "HBA1C": 6.2, "SBP": 132, "DBP": 84,
         "LDL": 128, "TC": 205, "HDL": 38, "TG": 210, "EGFR": 95, "ALT": 58, "AST": 40,
         "PLT": 230, "smoker": False},
        "ADA, USPSTF B: the programme comes first, metformin after it",
        {"L22"}, "L22", ({"M19", "M21", "M22", "F09"}, {"L22"}),
    ),
    "an NSAID in kidney disease and heart failure": Patient(
        {"age": 70, "has": ["ckd", "hfpef"], "on": ["nsaid", "acei"], "EGFR": 38, "UACR": 60,
         "POTASSIUM": 5.0, "SBP": 134, "smoker": False, "LDL": 100},
        "KDIGO 2024: the harmful drug stops first; SGLT2 inhibitor 1A",
        {"D02", "M17"}, "D02",
    ),
    "a healthy young smoker": Patient(
        {"age": 27, "smoker": True, "SBP": 116, "DBP": 72, "BMI": 22, "LDL": 95, "TC": 160},
        "USPSTF A: stopping smoking; no drug for lipids or pressure",
        {"L01"}, "L01", (set(), set()), frozenset({"M01", "M02", "M10"}),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def lists():
    found = {}
    for name, patient in PATIENTS.items():
        facts = person(**patient.known)
        numbers = published.rule_values(published.from_facts(facts))
        found[name] = engine.recommend(derived(facts).facts, catalogue.load(), numbers)
    return found


each_patient = pytest.mark.parametrize(
    ("name", "patient"), [pytest.param(*pair, id=pair[0]) for pair in PATIENTS.items()]
)


@each_patient
def test_what_matters_most_is_among_the_three(lists, name, patient):
    shown = [item.id for item in lists[name].shown]
    assert patient.shown <= set(shown), patient.guideline
    assert not patient.not_shown & set(shown), patient.guideline
    assert patient.first in ("", shown[0]), patient.guideline


@each_patient
def test_nothing_lesser_stands_above_it(lists, name, patient):
    order = [item.id for item in lists[name].recommended]
    lesser, greater = patient.not_above
    above = [
        (one, other)
        for one in lesser & set(order)
        for other in greater
        if order.index(one) < order.index(other)
    ]
    assert not above, patient.guideline


@each_patient
def test_urgent_items_lead_whatever_they_score(lists, name, patient):
    ranks = {"urgent": 0}
    order = [ranks.get(item.urgency, 1) for item in lists[name].items]
    assert order == sorted(order)
