"""Days in hospital of an operation, from what is known just before it (VitalDB).

    python -m ml.studies.los_vitaldb run

Real stays with a long tail: the absolute error is fitted, on the logarithm of days. When the
operation begins, the days that the patient has waited for it are over and known, and they are part
of the stay: the error of the whole stay is the error of the days still to come.
`los_vitaldb_admission` does without them.
"""

import pandas as pd

from ml.studies.beside import NO_SCORE_OF_DAYS
from ml.studies.command import main
from ml.studies.problem import Input, Problem
from ml.studies.table import TableStudy

DAY = 86_400  # seconds
LONGEST_WAIT = 365  # days
BODY = ("age", "height", "weight", "bmi")
LABS = {
    "preop_hb": ("Haemoglobin", "g/dL"),
    "preop_plt": ("Platelets", "10*3/uL"),
    "preop_pt": ("Prothrombin activity", "%"),
    "preop_aptt": ("Activated partial thromboplastin time", "s"),
    "preop_na": ("Sodium", "mmol/L"),
    "preop_k": ("Potassium", "mmol/L"),
    "preop_gluc": ("Glucose", "mg/dL"),
    "preop_alb": ("Albumin", "g/dL"),
    "preop_ast": ("Aspartate aminotransferase", "U/L"),
    "preop_alt": ("Alanine aminotransferase", "U/L"),
    "preop_bun": ("Urea nitrogen", "mg/dL"),
    "preop_cr": ("Creatinine", "mg/dL"),
}
TEXTS = ("dx", "opname")
CATEGORIES = (
    "sex", "department", "optype", "approach", "position", "ane_type", "preop_ecg", "preop_pft",
)  # fmt: skip
PAIRS = {
    "operation_and_approach": ("opname", "approach"),
    "diagnosis_and_operation": ("dx", "opname"),
}

INPUTS = (
    *(Input(name, provenance="demographic") for name in BODY),
    Input("asa", label="ASA physical status", monotone=1, monotone_reason="graver illness"),
    Input("emop", "flag", "Emergency operation", provenance="care_process"),
    Input("preop_htn", "flag", "Hypertension", provenance="history"),
    Input("preop_dm", "flag", "Diabetes", provenance="history"),
    *(Input(name, label=label, unit=unit) for name, (label, unit) in LABS.items()),
    Input("labs_unknown", label="Number of laboratory values not measured",
          provenance="care_process"),
    *(Input(name, "category", provenance="care_process")
      for name in (*CATEGORIES, *TEXTS, *PAIRS)),
)  # fmt: skip
WAITED = Input(
    "days_waited", label="Days in hospital before the operation", unit="d", monotone=1,
    monotone_reason="they are part of the stay", provenance="care_process",
)  # fmt: skip

PROBLEM = Problem(
    task="los_vitaldb",
    title="Days in hospital of an operation, just before it",
    population="Non-cardiac operations at one Korean university hospital (VitalDB)",
    index_time="admission",
    time_at_risk="Until discharge or death in hospital",
    outcome="days",
    outcome_text="Days from admission to discharge",
    unit="d",
    kind="number",
    person="subjectid",
    inputs=(*INPUTS, WAITED),
    model="xgboost",
    parameters={
        "objective": "reg:quantileerror",
        "quantile_alpha": 0.5,
        "target": "log1p",
        "smooth": 3,
        "n_estimators": 600,
        "max_depth": 6,
        "learning_rate": 0.03,
        "subsample": 0.7,
        "colsample_bytree": 0.4,
        "reg_lambda": 3,
    },
    quantiles=(0.1, 0.25, 0.5, 0.75, 0.9),
    groups=("sex", "department", "approach"),
    notes=(
        (
            "The stay is expected in the middle (median): a mean would be longer by the few "
            "stays of months."
        ),
        (
            "The days already waited are part of the outcome and known when the operation begins: "
            "without them (los_vitaldb_admission) the error is larger."
        ),
        "Planned approach, position and anaesthesia are read from the record of the operation.",
        "VitalDB is licensed CC BY-NC-SA 4.0: no commercial use.",
        NO_SCORE_OF_DAYS,
    ),
)


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Every row; `days` and `days_waited` where the table tells admission and discharge."""
    texts = {name: frame[name].str.strip().str.lower() for name in TEXTS}
    wide = frame.assign(**texts, labs_unknown=frame[list(LABS)].isna().sum(axis=1).astype(float))
    for name, (first, second) in PAIRS.items():
        wide[name] = wide[first].fillna("?") + " | " + wide[second].fillna("?")
    if "adm" in frame:
        waited = -frame["adm"] / DAY  # a few admissions lie a century back
        wide["days_waited"] = waited.where(waited.between(0, LONGEST_WAIT))
        if "dis" in frame:
            wide["days"] = (frame["dis"] - frame["adm"]) / DAY
    return wide


VARIANTS = {"random_forest": PROBLEM.with_model("forest")}
STUDY = TableStudy(PROBLEM, prepare, dataset="vitaldb", variants=VARIANTS)

if __name__ == "__main__":
    main(STUDY)
