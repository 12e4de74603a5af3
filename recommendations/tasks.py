"""The door of this floor's background work."""

from django.utils import timezone

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job


@jobs.handles("recommendations.weigh")
def weigh(job: Job) -> None:
    from recommendations.services import recommend  # as in predictions.tasks

    recommend.recommend(job.arguments["patient_ids"], now=timezone.now())
