"""Death of heart or cerebrovascular disease within ten years, other deaths competing."""

from ml.studies import mortality
from ml.studies.spec import Study, Tier

STUDY = Study(
    task="cvd_death_10y",
    title="Cardiovascular death within ten years",
    population="Adults from 20 years, not pregnant, with or without known cardiovascular disease",
    outcome_text="Death of heart or cerebrovascular disease within ten years; deaths of other "
    "causes compete (cumulative incidence)",
    horizon_years=10,
    outcome=mortality.died_of_the_heart_within_ten_years,
    features=mortality.FEATURES,
    banned={},
    monotone={
        **mortality.MONOTONE,
        "sbp": (1, "drives heart attack, heart failure and stroke"),
        "egfr": (-1, "failing kidneys harden vessels and overload the heart"),
    },
    tiers=(
        Tier("T0", 0.0, "No extra action because of this figure; usual prevention goes on.", "own"),
        Tier("T1", 0.01, "Smoking, movement, salt and weight: find what can be changed.", "own"),
        Tier("T2", 0.05, "Talk of blood pressure and lipid treatment with a clinician.", "own"),
    ),
    published_score="PREVENT (AHA 2023), SCORE2",
    notes=(
        *mortality.NOTES,
        (
            "All else equal the figure rises with systolic pressure to 220, but little under an "
            "eGFR of 60: few people are there, and urea, albuminuria and age carry their risk. "
            "Observed over expected of those with 180 and more is 1.06 (421 people), of an eGFR "
            "under 45 0.98 (472)."
        ),
    ),
    refusals=mortality.REFUSALS,
    refuses_pregnant=True,
    age_cap=85,
    net_benefit_at=(0.01, 0.05, 0.1, 0.2),
    # Fine bins and light leaves let the figure go on rising in the few with the highest pressures.
    parameters={
        "max_depth": 3,
        "learning_rate": 0.04,
        "max_bin": 512,
        "min_child_weight": 0.5,
        "reg_lambda": 0.3,
        "colsample_bytree": 0.6,
    },
    trees=250,
    stretch=1.5,
)

if __name__ == "__main__":
    from ml.studies import served  # here: it imports this module, too

    served.main(STUDY.task)
