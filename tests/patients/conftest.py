import pytest
from django.utils import timezone

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from tests.factories import PatientFactory
from tests.patients.labfiles import ADA


@pytest.fixture
def ada(team):
    """The patient whose results the files of these tests bring."""
    return PatientFactory(mrn=ADA, care_team=team)


@pytest.fixture
def run_jobs():
    """Do what waits in the queue, as a worker would."""

    def run():
        for job in Job.objects.open():
            jobs.run(job.pk, now=timezone.now)

    return run
