"""What waits in the queue."""

from django.utils import timezone

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from recommendations import tasks  # noqa: F401 - registers the handlers


def asked_to_weigh():
    """Whose weighing waits once everybody's has been divided, a list for each job."""
    jobs.run(Job.objects.get(kind="recommendations.weigh_everybody").pk, now=timezone.now)
    return [
        job.arguments["patient_ids"] for job in Job.objects.filter(kind="recommendations.weigh")
    ]
