"""Death of any cause within ten years."""

from ml.studies import mortality
from ml.studies.spec import Study, Tier

STUDY = Study(
    task="death_10y",
    title="Death within ten years",
    population="Adults from 20 years, not pregnant",
    outcome_text="Death of any cause within ten years of the examination",
    horizon_years=10,
    outcome=mortality.died_within_ten_years,
    features=mortality.FEATURES,
    banned={},
    monotone=mortality.MONOTONE,
    tiers=(
        Tier("T0", 0.0, "No extra action because of this figure; usual prevention goes on.", "own"),
        Tier("T1", 0.05, "Smoking, movement, blood pressure: find what can be changed.", "own"),
        Tier("T2", 0.20, "Review diseases, medicines and wishes with the person.", "own"),
    ),
    published_score="Charlson index with age",
    notes=(
        *mortality.NOTES,
        (
            "Who was examined after 2008 was followed for two to ten years only: half of those who "
            "teach, by the outcome that a Cox model expects of them; the figures and the level of "
            "the risk are of people whose ten years are known."
        ),
    ),
    refusals=mortality.REFUSALS,
    refuses_pregnant=True,
    age_cap=85,
    net_benefit_at=(0.05, 0.1, 0.2, 0.4),
    parameters={"max_depth": 3, "learning_rate": 0.04},
    trees=800,
    months=mortality.followed_months,
    settling_trees=40,
    as_surveyed=0.5,
    stretch=1.75,
)

if __name__ == "__main__":
    from ml.studies import served  # here: it imports this module, too

    served.main(STUDY.task)
