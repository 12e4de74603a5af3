"""The doors of this floor's background work. Services are imported as in predictions.tasks."""

from celery import shared_task
from django.utils import timezone

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job


@jobs.handles("recommendations.weigh")
def weigh(job: Job) -> None:
    from recommendations.services import budget, recommend

    patient_ids, now = job.arguments["patient_ids"], timezone.now()
    recommend.recommend(patient_ids, now=now)
    budget.decide(patient_ids, now=now)


@jobs.handles("recommendations.weigh_everybody")
def weigh_everybody(job: Job) -> None:
    from recommendations.services import recommend

    recommend.weigh_everybody()


@jobs.handles("recommendations.follow_up")
def follow_up(job: Job) -> None:
    from recommendations.services import followups

    followups.fill_in(job.arguments["patient_ids"], now=timezone.now())


@jobs.handles("recommendations.nightly")
def nightly(job: Job) -> None:
    from recommendations.services import nightly

    nightly.run(now=timezone.now())


@jobs.handles("recommendations.evaluate")
def evaluate(job: Job) -> None:
    from recommendations.services import evaluation

    evaluation.renew(now=timezone.now())


@shared_task
def learn_from_answers(**_later) -> None:
    jobs.enqueue("recommendations.nightly", key="nightly", queue="training")
