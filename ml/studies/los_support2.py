"""Days from study entry to discharge of seriously ill people (SUPPORT2), with quantiles.

    python -m ml.studies.los_support2 run

From the physiology of day 3. Charges, the intensity of care after day 3, the order not to
resuscitate and what came later are no inputs.
"""

import pandas as pd

from ml.studies.beside import NO_SCORE_OF_DAYS
from ml.studies.command import main
from ml.studies.problem import Input, Problem
from ml.studies.table import TableStudy

PHYSIOLOGY = (
    "meanbp", "wblc", "hrt", "resp", "temp", "pafi", "alb", "bili", "crea", "sod", "ph", "glucose",
    "bun", "urine", "scoma", "aps", "sps",
)  # fmt: skip
INPUTS = (
    Input("age", label="Age", unit="a", available="before", provenance="demographic"),
    Input("sex", "category", available="before", provenance="demographic"),
    Input("race", "category", available="before", provenance="demographic"),
    Input("edu", label="Years of education", available="before", provenance="demographic"),
    *(Input(name, "category", available="admission", provenance="history")
      for name in ("dzgroup", "dzclass", "ca")),
    Input("num.co", label="Number of comorbidities", available="before", provenance="history"),
    *(Input(name, "flag", available="before", provenance="history")
      for name in ("diabetes", "dementia")),
    Input("hday", label="Day in hospital at study entry", available="day3",
          provenance="care_process"),
    *(Input(name, available="day3") for name in PHYSIOLOGY),
    *(Input(name, label="Activities of daily living", available="day3", provenance="history")
      for name in ("adlp", "adls")),
)  # fmt: skip

PROBLEM = Problem(
    task="los_support2",
    title="Days from study entry to discharge, seriously ill people (SUPPORT2)",
    population="Seriously ill inpatients of five US centres, 1989-1994, from day 3 of the study",
    index_time="day3",
    time_at_risk="Until discharge or death in hospital",
    outcome="days",
    outcome_text="Days from study entry to discharge or death in hospital",
    unit="d",
    kind="number",
    person="sno",
    inputs=INPUTS,
    model="xgboost",
    parameters={
        "objective": "reg:quantileerror",
        "quantile_alpha": 0.5,
        "target": "log1p",
        "n_estimators": 400,
        "max_depth": 3,
        "learning_rate": 0.03,
        "subsample": 0.7,
        "min_child_weight": 10,
    },
    quantiles=(0.1, 0.25, 0.5, 0.75, 0.9),
    groups=("sex", "race", "dzgroup"),
    notes=(
        (
            "A stay ends by discharge or by death: a short expected stay is not always good news. "
            "Read it beside the risk of death (support2_death)."
        ),
        "The expected stay is the median.",
        NO_SCORE_OF_DAYS,
    ),
)


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Every row; `days` where the table tells the stay."""
    if "slos" not in frame:
        return frame
    return frame.assign(days=frame["slos"].astype(float))


VARIANTS = {"random_forest": PROBLEM.with_model("forest")}
STUDY = TableStudy(PROBLEM, prepare, dataset="support2", variants=VARIANTS)

if __name__ == "__main__":
    main(STUDY)
