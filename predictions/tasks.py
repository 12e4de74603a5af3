"""The doors of this floor: jobs and the beat's calls. Ids in, clock read, one call.

Services are imported by the job that needs them: a worker of the intake loads this module too
and has no use for a hundred megabytes of model libraries.
"""

from celery import shared_task
from django.utils import timezone

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job


@jobs.handles("predictions.score")
def score(job: Job) -> None:
    from predictions.services import scoring

    scoring.score(job.arguments["patient_ids"], now=timezone.now())


@jobs.handles("predictions.retrain")
def retrain(job: Job) -> None:
    from predictions.services import training

    training.retrain(job.arguments["task"], today=timezone.localdate(), report=job.report)


@shared_task
def score_changed_patients(**_later) -> None:
    from predictions.services import nightly

    nightly.score_changed(now=timezone.now())


@shared_task
def retrain_all(**_later) -> None:
    from predictions.services import training

    training.request_all()
