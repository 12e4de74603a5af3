"""Background work of this app: one door each, ids in, one call."""

from celery import shared_task
from django.utils import timezone

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job


@jobs.handles("labs.import")
def import_labs(job: Job) -> None:
    from patients.services import labs

    labs.import_results(job.arguments["lab_import_id"], job=job)


@jobs.handles("wearables.import")
def import_wearables(job: Job) -> None:
    from patients.services import wearables

    wearables.import_days(job.arguments["upload_id"])


@jobs.handles("labs.preview")
def preview_labs(job: Job) -> None:
    from patients.services import labpreview

    labpreview.preview(job.arguments["lab_import_id"], job=job)


@jobs.handles("results.escalate")
def escalate(job: Job) -> None:
    from patients.services import resulttasks

    resulttasks.escalate(now=timezone.now())


@shared_task
def escalate_result_tasks(**_later) -> None:
    from patients.services import resulttasks

    resulttasks.request_escalation(now=timezone.now())


@shared_task
def forget_hl7_bodies(**_later) -> None:
    from patients.services import hl7kept

    hl7kept.forget_bodies(now=timezone.now())


@jobs.handles("identity.check")
def check_identity(job: Job) -> None:
    from patients.services import duplicates

    duplicates.find(now=timezone.now(), patient_ids=job.arguments["patient_ids"])


@jobs.handles("identity.check_all")
def check_all_identities(job: Job) -> None:
    from patients.services import duplicates

    duplicates.find(now=timezone.now())


@shared_task
def find_duplicates_nightly(**_later) -> None:
    from patients.services import duplicates

    duplicates.request_all()
