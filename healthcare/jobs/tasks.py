"""The doors through which Celery reaches jobs."""

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from healthcare.jobs import services


@shared_task
def run_job(*, job_id: int, **_later) -> None:
    services.run(job_id, now=timezone.now)


@shared_task(expires=5)
def sweep(**_later) -> None:
    services.sweep(now=timezone.now())


@worker_ready.connect
def recover(**_signal) -> None:
    """A worker that comes up sends again what died with the one before it."""
    services.sweep(now=timezone.now())
