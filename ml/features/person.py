"""The one definition of what risk models read of a person, for training and for serving.

There is deliberately no second, column-wise definition: training turns survey rows into
`Facts` and reads them by the same functions, at about 50 microseconds a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ml.facts import Facts
from ml.features import reading
from ml.features.reading import Reader

ANTIHYPERTENSIVES = (
    "acei",
    "arb",
    "arni",
    "ccb_dhp",
    "ccb_nondhp",
    "thiazide",
    "beta_blocker",
    "loop_diuretic",
    "mra",
    "ns_mra",
    "potassium_sparing_diuretic",
    "aliskiren",
)
LIPID_DRUGS = (
    "statin",
    "high_intensity_statin",
    "simvastatin",
    "atorvastatin",
    "ezetimibe",
    "bile_acid_resin",
    "gemfibrozil",
)
GLUCOSE_TABLETS = ("metformin", "sulfonylurea", "dpp4i", "sglt2i", "glp1ra", "dual_gip_glp1ra")


class UnknownFeature(KeyError):
    """A model asks for a feature that nobody defined."""

    def __init__(self, name: str):
        super().__init__(f"No feature is called {name!r}")


@dataclass(frozen=True, slots=True)
class Feature:
    """One number a model reads.

    `group` names what is usually known or unknown together (a blood count, the lipids);
    `codes` are the analytes it comes from, in the order in which they are tried.
    """

    name: str
    label: str
    unit: str
    group: str
    read: Reader
    codes: tuple[str, ...] = ()

    def collected(self, facts: Facts) -> date | None:
        """Day of the newest measurement behind this feature."""
        days = [
            facts.measurements[code].collected for code in self.codes if code in facts.measurements
        ]
        return max((day for day in days if day), default=None)


def _measured(name: str, label: str, unit: str, group: str, *codes: str) -> Feature:
    return Feature(name, label, unit, group, reading.analyte(*codes), codes)


def _condition(name: str, label: str, *codes: str) -> Feature:
    return Feature(name, label, "", "conditions", reading.member("conditions", *codes))


def _drug(name: str, label: str, *codes: str) -> Feature:
    return Feature(name, label, "", "medications", reading.member("medications", *codes))


_DEFINED = (
    Feature("age", "Age", "a", "person", reading.age),
    Feature("male", "Male sex", "", "person", reading.male),
    Feature(
        "black", "Non-Hispanic Black", "", "ethnicity", reading.ethnicity("non_hispanic_black")
    ),
    Feature("hispanic", "Hispanic", "", "ethnicity", reading.ethnicity("hispanic")),
    Feature(
        "asian_or_other",
        "Asian or other ethnicity",
        "",
        "ethnicity",
        reading.ethnicity("non_hispanic_asian", "other"),
    ),
    Feature("bmi", "Body mass index", "kg/m2", "body", reading.bmi, ("BMI", "WEIGHT", "HEIGHT")),
    _measured("waist", "Waist circumference", "cm", "waist", "WAIST"),
    _measured("height", "Height", "cm", "body", "HEIGHT"),
    _measured("weight", "Weight", "kg", "body", "WEIGHT"),
    _measured("sbp", "Systolic blood pressure", "mm[Hg]", "pressure", "SBP"),
    _measured("dbp", "Diastolic blood pressure", "mm[Hg]", "pressure", "DBP"),
    Feature(
        "pulse_pressure",
        "Pulse pressure",
        "mm[Hg]",
        "pressure",
        reading.pulse_pressure,
        ("SBP", "DBP"),
    ),
    _condition("htn", "Told high blood pressure", "htn", "resistant_htn"),
    _condition(
        "dyslipidaemia", "Told high cholesterol", "dyslipidaemia", "familial_hypercholesterolaemia"
    ),
    _condition("mi", "Had a heart attack", "mi"),
    _condition("cad", "Coronary disease or angina", "cad", "unstable_angina"),
    _condition("stroke", "Had a stroke or TIA", "stroke_tia"),
    _condition("hf", "Heart failure", "hf", "hfref", "hfpef", "hf_decompensated"),
    _condition("diabetes", "Known diabetes", "diabetes", "t1d", "t2d"),
    _condition("prediabetes", "Told prediabetes", "prediabetes"),
    _drug("bp_drug", "Takes a blood pressure drug", *ANTIHYPERTENSIVES),
    _drug("lipid_drug", "Takes a lipid-lowering drug", *LIPID_DRUGS),
    _drug("insulin", "Takes insulin", "insulin"),
    _drug("glucose_tablets", "Takes a glucose-lowering drug", *GLUCOSE_TABLETS),
    Feature(
        "family_diabetes",
        "Diabetes in the family",
        "",
        "family",
        reading.member("family_history", "diabetes"),
    ),
    Feature("smoking", "Smoking (0 never, 1 former, 2 current)", "", "smoking", reading.smoking),
    Feature(
        "self_rated_health",
        "Self-rated health (1 excellent to 5 poor)",
        "",
        "health",
        reading.self_rated_health,
    ),
    _measured("total_cholesterol", "Total cholesterol", "mg/dL", "lipids", "TC"),
    _measured("hdl", "HDL cholesterol", "mg/dL", "lipids", "HDL"),
    Feature(
        "non_hdl",
        "Non-HDL cholesterol",
        "mg/dL",
        "lipids",
        reading.non_hdl,
        ("TC", "HDL", "NONHDL"),
    ),
    _measured("ldl", "LDL cholesterol", "mg/dL", "triglycerides", "LDL"),
    _measured("triglycerides", "Triglycerides", "mg/dL", "triglycerides", "TG"),
    _measured("wbc", "Leukocytes", "10*3/uL", "blood_count", "WBC"),
    _measured("rbc", "Erythrocytes", "10*6/uL", "blood_count", "RBC"),
    _measured("mcv", "Mean corpuscular volume", "fL", "blood_count", "MCV"),
    _measured("rdw", "Red cell distribution width", "%", "blood_count", "RDW"),
    _measured("haemoglobin", "Haemoglobin", "g/dL", "blood_count", "HGB"),
    _measured("platelets", "Platelets", "10*3/uL", "blood_count", "PLT"),
    Feature(
        "lymphocytes",
        "Lymphocytes",
        "%",
        "blood_count",
        reading.share_of_leukocytes("LYMPH_PCT", "LYMPH_ABS"),
        ("LYMPH_PCT", "LYMPH_ABS"),
    ),
    Feature(
        "neutrophils",
        "Neutrophils",
        "%",
        "blood_count",
        reading.share_of_leukocytes("NEUT_PCT", "NEUT_ABS"),
        ("NEUT_PCT", "NEUT_ABS"),
    ),
    _measured("albumin", "Albumin", "g/dL", "proteins", "ALB"),
    _measured("total_protein", "Total protein", "g/dL", "proteins", "TP"),
    Feature("globulin", "Globulin", "g/dL", "proteins", reading.globulin, ("GLOB", "TP", "ALB")),
    _measured("calcium", "Calcium", "mg/dL", "electrolytes", "CA"),
    _measured("phosphate", "Phosphate", "mg/dL", "electrolytes", "PHOS"),
    _measured("sodium", "Sodium", "mmol/L", "electrolytes", "SODIUM"),
    _measured("potassium", "Potassium", "mmol/L", "electrolytes", "POTASSIUM"),
    _measured("chloride", "Chloride", "mmol/L", "electrolytes", "CL"),
    _measured("bicarbonate", "Bicarbonate", "mmol/L", "electrolytes", "CO2"),
    _measured("osmolality", "Osmolality", "mosm/kg", "electrolytes", "OSM"),
    _measured("iron", "Iron", "ug/dL", "iron", "IRON"),
    _measured("crp", "C-reactive protein", "mg/L", "inflammation", "CRP", "HSCRP"),
    _measured("ldh", "Lactate dehydrogenase", "U/L", "liver", "LDH"),
    _measured("alp", "Alkaline phosphatase", "U/L", "liver", "ALP"),
    _measured("bilirubin", "Bilirubin", "mg/dL", "liver", "TBIL"),
    _measured("ast", "Aspartate aminotransferase", "U/L", "liver", "AST"),
    _measured("alt", "Alanine aminotransferase", "U/L", "liver", "ALT"),
    _measured("ggt", "Gamma-glutamyltransferase", "U/L", "liver", "GGT"),
    _measured("uric_acid", "Uric acid", "mg/dL", "uric_acid", "URIC"),
    _measured("bun", "Urea nitrogen", "mg/dL", "kidney", "BUN"),
    Feature(
        "egfr", "eGFR (CKD-EPI 2021)", "mL/min/{1.73_m2}", "kidney", reading.egfr, ("CREAT", "EGFR")
    ),
    _measured("cystatin_c", "Cystatin C", "mg/L", "cystatin", "CYSC"),
    Feature(
        "uacr",
        "Urine albumin/creatinine",
        "mg/g",
        "urine",
        reading.uacr,
        ("UACR", "UALB", "UCREAT"),
    ),
    _measured("glucose", "Glucose", "mg/dL", "glycaemia", "GLU", "GLU_FAST"),
    _measured("hba1c", "HbA1c", "%", "glycaemia", "HBA1C"),
    _measured("fasting_insulin", "Fasting insulin", "u[IU]/mL", "glycaemia", "INS_FAST"),
)
FEATURES = {feature.name: feature for feature in _DEFINED}


def get(name: str) -> Feature:
    """The feature of that name; `UnknownFeature` when there is none."""
    try:
        return FEATURES[name]
    except KeyError:
        raise UnknownFeature(name) from None


def row(facts: Facts, names: Sequence[str]) -> dict[str, float | None]:
    """Features of one person by name; None where not known."""
    return {name: get(name).read(facts) for name in names}


def matrix(people: Iterable[Facts], names: Sequence[str]) -> NDArray[np.float32]:
    """Features of many people, shape (people, names), NaN where not known."""
    readers = [get(name).read for name in names]
    values = [[read(facts) for read in readers] for facts in people]
    return np.array(values, dtype=np.float32).reshape(len(values), len(readers))
