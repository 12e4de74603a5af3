"""Days in hospital of an operation, when the patient comes for it (VitalDB).

    python -m ml.studies.los_vitaldb_admission run

As `los_vitaldb`, but the days that will be spent waiting for the operation lie ahead, too.
"""

from dataclasses import replace

from ml.studies import los_vitaldb
from ml.studies.command import main
from ml.studies.los_vitaldb import prepare
from ml.studies.table import TableStudy

PROBLEM = replace(
    los_vitaldb.PROBLEM,
    task="los_vitaldb_admission",
    title="Days in hospital of an operation, at admission for it",
    inputs=los_vitaldb.INPUTS,
)
STUDY = TableStudy(PROBLEM, prepare, dataset="vitaldb")

if __name__ == "__main__":
    main(STUDY)
