"""Answers that scores take from one person's facts, and reasons why one does not apply."""

from collections.abc import Callable
from typing import Any

from ml.scores.subject import CARDIOVASCULAR_DISEASE, Subject
from ml.units import express

Answer = Callable[[Subject], Any]  # None: not known
Reason = Callable[[Subject], str | None]  # a sentence when the score does not apply


def age(person: Subject) -> float:
    return person.age


def sex(person: Subject) -> str | None:
    return person.sex


def known_cvd(person: Subject) -> str | None:
    known = person.has(*CARDIOVASCULAR_DISEASE)
    return "Not for people with known cardiovascular disease" if known else None


def pregnancy(person: Subject) -> str | None:
    return "Not valid in pregnancy" if person.facts.pregnant else None


def without(words: str, *conditions: str) -> Reason:
    """Refuse people who have one of the conditions."""
    return lambda person: f"Not for people {words}" if person.has(*conditions) else None


def only(words: str, *conditions: str) -> Reason:
    """Refuse people whose known problem list names none of the conditions."""
    return lambda person: f"For people {words}" if person.has(*conditions) is False else None


def taking(reason: str, *classes: str) -> Reason:
    """Refuse people who take one of the drug classes."""
    return lambda person: reason if person.on(*classes) else None


def younger_than(years: int) -> Reason:
    return lambda person: f"Not valid under {years} years" if person.age < years else None


def condition(*codes: str) -> Answer:
    return lambda person: person.has(*codes)


def race(person: Subject) -> str:
    return "black" if person.facts.ethnicity == "non_hispanic_black" else "white"


def impaired_glucose(person: Subject) -> bool | None:
    """Diabetes or impaired fasting glucose, from the problem list or a fasting glucose."""
    glucose = person.exact("GLU_FAST")
    if person.has("diabetes", "prediabetes") or (glucose is not None and glucose >= 100):
        return True
    return person.has("diabetes", "prediabetes")


def high_glucose_history(person: Subject) -> bool | None:
    told = person.flagged("high_glucose_history", "no_high_glucose_history")
    listed = person.has("prediabetes", "gdm_history", "gdm")
    return True if listed else (listed if told is None else told)


def asian(person: Subject) -> bool:
    return person.facts.ethnicity == "non_hispanic_asian"


def family_diabetes(person: Subject) -> bool | None:
    relative = person.family_diabetes()
    return None if relative is None else relative == "first_degree"


def uncontrolled_pressure(person: Subject) -> bool | None:
    pressure = person.exact("SBP")
    return None if pressure is None else pressure > 160


def abnormal_kidney(person: Subject) -> bool | None:
    """Dialysis, or creatinine from 200 umol/L (2.26 mg/dL) on."""
    if person.has("dialysis"):
        return True
    creatinine = person.exact("CREAT")
    return None if creatinine is None else creatinine >= 2.26


def bleeding(person: Subject) -> bool | None:
    if "bleeding_history" in person.facts.flags:
        return True
    return person.has("gi_bleed", "intracranial_haemorrhage")


def labile_inr(person: Subject) -> bool | None:
    """Only a vitamin K antagonist can have a labile INR."""
    told = person.flagged("labile_inr", "stable_inr")
    return False if told is None and person.on("warfarin") is False else told


def heavy_drinking(person: Subject) -> bool | None:
    drinks = person.facts.lifestyle.alcohol_drinks_week
    return None if drinks is None else drinks >= 8


def consciousness(person: Subject) -> str | None:
    """Alert at a full Glasgow Coma Scale, otherwise one of the other levels."""
    scale = person.exact("GCS")
    return None if scale is None else ("A" if scale == 15 else "CVPU")


def in_mmol(code: str) -> Answer:
    """A cholesterol in mmol/L."""

    def answer(person: Subject) -> float | None:
        value = person.exact(code)
        return None if value is None else express(code, value, "mmol/L")

    return answer


def not_of_today(code: str) -> Reason:
    """Refuse observations older than the day before: they say nothing about now."""

    def reason(person: Subject) -> str | None:
        measured = person.measurement(code)
        if measured is None or measured.collected is None:
            return None
        age_days = (person.facts.as_of - measured.collected).days
        return "Only for observations of the last day" if age_days > 1 else None

    return reason


def complicated_diabetes(person: Subject) -> bool | None:
    """Diabetes with an organ that it has damaged."""
    diabetic = person.has("diabetes")
    return diabetic and person.has("retinopathy", "neuropathy", "foot_ulcer")


def solid_tumour(person: Subject) -> bool | None:
    """An active cancer that is no leukaemia or lymphoma, which count by themselves."""
    active = person.has("cancer_active")
    return active and not person.has("leukaemia", "lymphoma")


# Charlson's items in the words of the problem list. Kidney disease counts as coded
# (Quan 2005: any N18), since the list does not grade it.
COMORBIDITIES: dict[str, str | Answer] = {
    "mi": condition("mi"),
    "chf": condition("hf"),
    "pvd": condition("pad", "aortic_aneurysm"),
    "cva_tia": condition("stroke_tia", "intracranial_haemorrhage"),
    "dementia": condition("dementia"),
    "copd": condition("copd", "asthma"),
    "ctd": condition("connective_tissue_disease"),
    "pud": condition("peptic_ulcer"),
    "liver_mild": condition("cirrhosis", "liver_fibrosis", "hepatitis_b", "hepatitis_c"),
    "liver_mod_severe": condition("decompensated_cirrhosis"),
    "dm_uncomplicated": condition("t1d", "t2d"),
    "dm_end_organ": complicated_diabetes,
    "hemiplegia": condition("hemiplegia"),
    "ckd_mod_severe": condition("ckd"),
    "tumor_localized": solid_tumour,
    "tumor_metastatic": condition("metastatic_cancer"),
    "leukemia": condition("leukaemia"),
    "lymphoma": condition("lymphoma"),
}

# What the equations for a first cardiovascular event share.
CARDIOVASCULAR: dict[str, str | Answer] = {
    "age": age,
    "sex": sex,
    "sbp": "SBP",
    "bp_treated": Subject.bp_treated,
    "tc_mg_dl": "TC",
    "hdl_mg_dl": "HDL",
    "smoker": Subject.smokes,
    "diabetes": Subject.diabetes,
}
