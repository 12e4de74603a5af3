"""Death of heart or cerebrovascular disease within ten years, other deaths competing."""

from ml.studies import mortality
from ml.studies.spec import Study, Tier

STUDY = Study(
    task="cvd_death_10y",
    title="Cardiovascular death within ten years",
    population="Adults from 20 years, with or without known cardiovascular disease",
    outcome_text="Death of heart or cerebrovascular disease within ten years; deaths of other "
    "causes compete (cumulative incidence)",
    horizon_years=10,
    outcome=mortality.died_of_the_heart_within_ten_years,
    features=mortality.FEATURES,
    banned={},
    monotone={**mortality.MONOTONE, "sbp": (1, "drives heart attack, heart failure and stroke")},
    tiers=(
        Tier("T0", 0.0, "No extra action because of this figure; usual prevention goes on.", "own"),
        Tier("T1", 0.01, "Smoking, movement, salt and weight: find what can be changed.", "own"),
        Tier("T2", 0.05, "Talk of blood pressure and lipid treatment with a clinician.", "own"),
    ),
    published_score="PREVENT (AHA 2023), SCORE2",
    notes=mortality.NOTES,
    age_cap=85,
    net_benefit_at=(0.01, 0.05, 0.1, 0.2),
    parameters={"max_depth": 3, "learning_rate": 0.05},
    trees=200,
)
