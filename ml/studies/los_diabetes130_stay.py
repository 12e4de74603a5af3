"""Days in hospital from what the stay has shown (diabetes-130).

    python -m ml.studies.los_diabetes130_stay run

Counts of tests, procedures and drugs grow with the stay itself: the figure says how well the days
can be told when most of them are over. The disposition at discharge is no input.
"""

from ml.studies import diabetes130 as table130
from ml.studies.command import main
from ml.studies.los_diabetes130 import PROBLEM as AT_ADMISSION
from ml.studies.los_diabetes130 import excused, like, named, prepare, simplest
from ml.studies.table import TableStudy

COUNTS = (
    "The study is of a stay that is nearly over: its counts of tests, procedures and drugs are "
    "the input on purpose, and the title says so."
)
PROBLEM = like(
    (*AT_ADMISSION.inputs, *table130.STAY),
    task="los_diabetes130_stay",
    title="Days in hospital, late in the stay (people with diabetes, 130 US hospitals)",
    index_time="stay",
    overrides={**AT_ADMISSION.overrides, **excused(named(table130.STAY), COUNTS)},
    notes=(*AT_ADMISSION.notes, COUNTS),
)
STUDY = TableStudy(
    PROBLEM, prepare, dataset="diabetes130", variants={"simplest": simplest(PROBLEM)}
)

if __name__ == "__main__":
    main(STUDY)
