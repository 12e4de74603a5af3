"""Background work of this app: one door each, ids in, one call."""

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job


@jobs.handles("labs.import")
def import_labs(job: Job) -> None:
    from patients.services import labs

    labs.import_results(job.arguments["lab_import_id"], job=job)
