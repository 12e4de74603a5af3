"""Lists of inputs shared by the studies, and the next test of each group."""

from dataclasses import dataclass

from ml.studies.spec import NextTest

PERSON = ("age", "male")
BODY = ("bmi", "waist", "height", "weight")
PRESSURE = ("sbp", "dbp", "pulse_pressure")
TOLD_HEART = ("mi", "cad", "stroke", "hf")
LIPIDS = ("total_cholesterol", "hdl", "non_hdl", "ldl", "triglycerides")
BLOOD_COUNT = (
    "wbc",
    "rbc",
    "mcv",
    "rdw",
    "haemoglobin",
    "platelets",
    "lymphocytes",
    "neutrophils",
)
CHEMISTRY = (
    "albumin",
    "total_protein",
    "globulin",
    "calcium",
    "phosphate",
    "sodium",
    "potassium",
    "chloride",
    "bicarbonate",
    "iron",
    "crp",
    "ldh",
    "alp",
    "bilirubin",
    "ast",
    "alt",
    "ggt",
)

NEXT_TESTS = {
    "ethnicity": NextTest("ethnicity", "Ask for the ethnicity"),
    "body": NextTest("BMI", "Measure weight and height"),
    "waist": NextTest("WAIST", "Measure the waist"),
    "pressure": NextTest("SBP", "Measure the blood pressure"),
    "conditions": NextTest("conditions", "Complete the list of known conditions"),
    "medications": NextTest("medications", "Complete the list of medicines"),
    "family": NextTest("family_history", "Ask for diabetes in the family"),
    "smoking": NextTest("smoking", "Ask for smoking"),
    "health": NextTest("self_rated_health", "Ask how the person rates their health"),
    "lipids": NextTest("HDL", "Measure total and HDL cholesterol"),
    "triglycerides": NextTest("TG", "Measure fasting triglycerides"),
    "blood_count": NextTest("HGB", "Take a full blood count"),
    "proteins": NextTest("ALB", "Measure albumin and total protein"),
    "electrolytes": NextTest("SODIUM", "Measure electrolytes"),
    "iron": NextTest("IRON", "Measure iron"),
    "inflammation": NextTest("CRP", "Measure C-reactive protein"),
    "liver": NextTest("GGT", "Measure liver enzymes"),
    "uric_acid": NextTest("URIC", "Measure uric acid"),
    "kidney": NextTest("CREAT", "Measure creatinine"),
    "urine": NextTest("UACR", "Measure the urine albumin/creatinine ratio"),
    "glycaemia": NextTest("HBA1C", "Measure HbA1c"),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """An input from whose limit on, or under it, one result answers with yes."""

    feature: str
    value: float  # in the unit of the feature
    is_below: bool = False


@dataclass(frozen=True, slots=True)
class Settling:
    """A test that answers the very question of a risk.

    `kinds` are the measurements that are needed, each with its alternatives; `group` is the group
    of `NEXT_TESTS` that is measured with it. Any of `alone` answers with yes without the others;
    `if_found` is then to be done.
    """

    code: str
    label: str
    group: str
    kinds: tuple[frozenset[str], ...]
    alone: tuple[Limit, ...]
    if_found: str


SETTLED_BY = {
    # ADA, Standards of Care, section 2: limits, random glucose, and the second test.
    "undiagnosed_diabetes": Settling(
        "HBA1C",
        "Measure HbA1c",
        "glycaemia",
        (frozenset({"HBA1C", "GLU_FAST"}),),
        (Limit("hba1c", 6.5), Limit("glucose", 200.0)),
        "Confirm it by a second test, unless there are symptoms.",
    ),
    "ckd": Settling(
        "CREAT",
        "Measure creatinine and the urine albumin/creatinine ratio",
        "urine",
        (frozenset({"EGFR", "CREAT"}), frozenset({"UACR"})),
        (Limit("egfr", 60.0, is_below=True), Limit("uacr", 30.0)),
        "If that is new, repeat it after three months.",  # KDIGO 2024: chronic from then on
    ),
}
