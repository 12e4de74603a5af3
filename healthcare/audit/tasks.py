"""What the beat calls. Not a job: the trail stands below the jobs, which write to it."""

from celery import shared_task
from django.utils import timezone

from healthcare.audit import chain


@shared_task
def seal(**_later) -> None:
    chain.seal(now=timezone.now())
