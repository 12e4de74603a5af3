"""Days in hospital of an operation, at the door of the theatre (VitalDB).

    python -m ml.studies.los_vitaldb_theatre run

As `los_vitaldb`, and the days already waited are known: they are a part of the outcome that has
happened, so that only the days after the operation are foretold.
"""

from dataclasses import replace

from ml.studies import los_vitaldb
from ml.studies.command import main
from ml.studies.los_vitaldb import prepare
from ml.studies.problem import Input
from ml.studies.table import TableStudy

WAITED = Input(
    "days_waited", label="Days in hospital before the operation", unit="d", monotone=1,
    monotone_reason="they are part of the stay", provenance="care_process",
)  # fmt: skip
PROBLEM = replace(
    los_vitaldb.PROBLEM,
    task="los_vitaldb_theatre",
    title="Days in hospital of an operation, at the door of the theatre",
    inputs=(*los_vitaldb.INPUTS, WAITED),
    notes=(
        *los_vitaldb.PROBLEM.notes,
        "The days already waited are part of the outcome: compare with los_vitaldb.",
    ),
)
STUDY = TableStudy(PROBLEM, prepare, dataset="vitaldb")

if __name__ == "__main__":
    main(STUDY)
