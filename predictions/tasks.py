"""The doors of this floor: jobs and the beat's calls. Ids in, clock read, one call."""

from celery import shared_task
from django.utils import timezone

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from predictions.services import nightly, scoring, training


@jobs.handles("predictions.score")
def score(job: Job) -> None:
    scoring.score(job.arguments["patient_ids"], now=timezone.now())


@jobs.handles("predictions.retrain")
def retrain(job: Job) -> None:
    training.retrain(job.arguments["task"], today=timezone.localdate(), report=job.report)


@shared_task
def score_changed_patients(**_later) -> None:
    nightly.score_changed(now=timezone.now())


@shared_task
def retrain_all(**_later) -> None:
    training.request_all()
