"""SUPPORT2: death in hospital of seriously ill adults, foretold on the third study day.

python -m ml.studies.support2_death run|score|validate

What the table knows later stays out: charges, length of stay, the mean TISS of days 3 to 25, and
orders not to resuscitate written after day 3. So do the answers of others to the same question
(the SUPPORT model, physicians), which stand beside the model, and the SUPPORT physiology score,
whose weights were fitted to the outcomes of these patients. The physiology score of APACHE III is
an input: it was published before, and sums up measurements of day 3, more than the table lists.
"""

from dataclasses import replace

import pandas as pd

from ml.studies.beside import Beside
from ml.studies.columns import categories, demographic, flags, numbers
from ml.studies.command import main
from ml.studies.problem import Input, Problem
from ml.studies.table import TableStudy

INDEX_DAY = 3
# No living person has these as zero; the table writes 0 where nothing was measured.
NOT_ZERO = ("meanbp", "hrt", "resp", "glucose", "wblc")
NO_ORDER = "no dnr"


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Zeros that mean "not measured" as gaps, and whether an order stood by the index day.

    `dnrday` counts from study entry (before it: negative). Without an order it is the day of
    discharge, so it must never be read alone.
    """
    measured = {name: frame[name].mask(frame[name] == 0) for name in NOT_ZERO}
    ordered = frame["dnr"].notna() & (frame["dnr"] != NO_ORDER)
    by_index_day = ordered & (frame["dnrday"] <= INDEX_DAY)
    bands = pd.cut(frame["age"], [0, 50, 65, 80, 200], right=False, labels=AGES)
    return frame.assign(
        **measured, order_by_day3=by_index_day.astype(float), age_band=bands.astype(str)
    )


AGES = ["under 50", "50-64", "65-79", "80 and over"]
DAY3 = "day3"
TWO_MONTHS = "It foretells survival of two months, not of the stay."
INPUTS = (
    demographic("age", "Age", "a", 1, "older people have less reserve"),
    *categories(
        {"sex": "Sex", "race": "Race as recorded", "income": "Income"}, provenance="demographic"
    ),
    demographic("edu", "Years of education", "a"),
    *categories({"dzgroup": "Diagnosis group", "ca": "Cancer (no, yes, metastatic)"}),
    *flags({"diabetes": "Diabetes", "dementia": "Dementia"}),
    *numbers((("num.co", "Number of other diseases"),)),
    Input("hday", "number", "Day in hospital at study entry", "d", "admission", "care_process"),
    *numbers(
        (
            ("scoma", "Coma score (0 awake to 100)", "", 1, "depth of coma foretells death"),
            ("meanbp", "Mean arterial pressure", "mm[Hg]"),
            ("hrt", "Heart rate", "/min"),
            ("resp", "Breathing rate", "/min"),
            ("temp", "Temperature", "Cel"),
            ("wblc", "Leukocytes", "10*3/uL"),
            ("pafi", "Oxygen pressure over its share in the air", "mm[Hg]"),
            ("alb", "Albumin", "g/dL", -1, "falls with illness and poor nutrition"),
            ("bili", "Bilirubin", "mg/dL", 1, "marks a failing liver"),
            ("crea", "Creatinine", "mg/dL"),
            ("sod", "Sodium", "mmol/L"),
            ("ph", "Arterial pH"),
            ("glucose", "Glucose", "mg/dL"),
            ("bun", "Urea nitrogen", "mg/dL", 1, "rises as kidneys and circulation fail"),
            ("urine", "Urine in a day", "mL"),
            ("adlp", "Activities of daily living, told by the patient"),
            ("adls", "Activities of daily living, told by a relative"),
            (
                "aps",
                "APACHE III physiology score of day 3",
                "",
                1,
                "higher is graver by its making",
            ),
        ),
        available=DAY3,
    ),
    Input("order_by_day3", "flag", "Order not to resuscitate by day 3", "", DAY3, "care_process"),
)

PROBLEM = Problem(
    task="support2_death",
    title="Death in hospital of seriously ill adults",
    population="Adults with one of nine grave diagnoses, alive on the third study day",
    index_time=DAY3,
    outcome="hospdead",
    outcome_text="Dies in hospital",
    kind="binary",
    time_at_risk="day 3 to the end of the stay",
    inputs=INPUTS,
    person="sno",
    parameters={
        "n_estimators": 800,
        "learning_rate": 0.02,
        "max_depth": 4,
        "colsample_bytree": 0.25,
        "min_child_weight": 5,
        "subsample": 0.7,
    },
    thresholds=(0.1, 0.25, 0.5),
    published_score="SUPPORT model (2-month survival), physicians' estimate",
    refits=200,
    groups=("sex", "race", "age_band"),
    notes=(
        (
            "Cross-fitted AUROC 0.871; without the physiology score of APACHE III 0.848, without "
            "the order by day 3, too, 0.843. The mean TISS of days 3 to 25 lies in the future and "
            "stays out."
        ),
        "The order is a decision of people who expect death: the figure follows their practice.",
        "1989-94, five US hospitals: a benchmark of methods, not for use with patients of today.",
    ),
)


def _dies(column: str, title: str) -> Beside:
    """Another's chance of survival as a score that rises with death."""
    return Beside(title, lambda rows: 1 - rows[column].to_numpy(float), TWO_MONTHS)


UNSCORED = tuple(found for found in INPUTS if found.name != "aps")
STUDY = TableStudy(
    PROBLEM,
    prepare,
    "support2",
    {
        "support_model": _dies("surv2m", "SUPPORT model (Knaus 1995), fitted to these patients"),
        "physicians": _dies("prg2m", "Physicians' own estimate"),
    },
    variants={"without_score": replace(PROBLEM, inputs=UNSCORED)},
)

if __name__ == "__main__":
    main(STUDY)
