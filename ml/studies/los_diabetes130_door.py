"""Days in hospital from what is known at the hospital's door, strictly (diabetes-130).

    python -m ml.studies.los_diabetes130_door run

No code given at discharge, no drug, no test: who comes, how, and what earlier stays were like.
"""

from ml.studies import diabetes130 as table130
from ml.studies.beside import NO_SCORE_OF_DAYS
from ml.studies.command import main
from ml.studies.los_diabetes130 import like, prepare, simplest
from ml.studies.table import TableStudy

PROBLEM = like(
    (*table130.DOOR, *table130.LONG_HISTORY),
    task="los_diabetes130_door",
    title="Days in hospital, at the door (people with diabetes, 130 US hospitals)",
    index_time="admission",
    overrides={},
    notes=(
        (
            "Strictly at admission the table tells little of the days to come. Figures near R² 0.3 "
            "that are called known at admission use diagnoses coded at discharge."
        ),
        NO_SCORE_OF_DAYS,
    ),
)
STUDY = TableStudy(
    PROBLEM, prepare, dataset="diabetes130", variants={"simplest": simplest(PROBLEM)}
)

if __name__ == "__main__":
    main(STUDY)
