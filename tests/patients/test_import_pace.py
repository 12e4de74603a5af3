"""The line that tells how far and how fast a file is read, with a clock of its own."""

import datetime as dt

import pytest

from healthcare.jobs.models import Job
from patients.views.pace import pace
from tests.factories import LabImportFactory

pytestmark = pytest.mark.django_db
STARTED = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def reading(*, rows, progress, started_from=0, later=dt.timedelta()):
    """A file of a thousand parts of which `progress` are read."""
    lab_import = LabImportFactory(accepted_count=rows, confirmed_at=STARTED)
    Job.objects.filter(pk=lab_import.job_id).update(
        status="RUNNING", progress=progress, total=1000, started_at=STARTED,
        started_from=started_from, created_at=STARTED + later,
    )  # fmt: skip
    lab_import.refresh_from_db()
    return lab_import


def after(seconds):
    return STARTED + dt.timedelta(seconds=seconds)


def test_rate_and_time_left_follow_from_what_is_done():
    """A quarter in 10 seconds: 5,000 of 20,000 rows, so 500 a second and 30 seconds to go."""
    said = pace(reading(rows=5000, progress=250), after(10))

    assert said == "5,000 rows read · 500 rows/s · 30 s left"


def test_a_worker_that_went_on_for_another_is_measured_by_its_own_work():
    """Half was there when it began; it has read a tenth in 5 seconds, four tenths are left."""
    said = pace(reading(rows=6000, progress=600, started_from=500), after(5))

    assert said == "6,000 rows read · 200 rows/s · 20 s left"


def test_every_kind_of_row_counts():
    lab_import = reading(rows=100, progress=500)
    lab_import.corrected_count = lab_import.duplicate_count = 100
    lab_import.refused_count = lab_import.unmatched_count = 100

    assert pace(lab_import, after(10)) == "500 rows read · 50 rows/s · 10 s left"


def test_nothing_is_left_at_the_end():
    assert pace(reading(rows=1000, progress=1000), after(2)).endswith("500 rows/s · 0 s left")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"rows": 0, "progress": 0}, "0 rows read"),
        ({"rows": 800, "progress": 500, "started_from": 500}, "800 rows read"),
        ({"rows": 800, "progress": 500, "later": dt.timedelta(hours=1)}, "800 rows read"),
    ],
)
def test_no_rate_is_told_where_none_is_known(state, said):
    assert pace(reading(**state), after(10)) == said


def test_a_file_whose_job_has_not_begun_waits_for_a_worker():
    assert pace(LabImportFactory(), STARTED) == "waiting for a worker"


def test_taking_a_job_up_keeps_where_it_stood():
    lab_import = reading(rows=600, progress=600)

    job = Job.objects.claim(lab_import.job_id, now=after(60))

    assert (job.started_from, job.started_at) == (600, after(60))
