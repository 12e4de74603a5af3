import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.jobs.models import Job

pytestmark = pytest.mark.django_db


def job(**given):
    return Job.objects.create(**{"kind": "labs.import", "key": "x", "queue": "imports"} | given)


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def parked():
    return job(
        status=Job.Status.PARKED, ended_at=timezone.now(), attempts=3, failure="ValueError at x:1"
    )


def test_jobs_show_state_progress_attempts_and_failure(as_administrator, parked):
    job(key="y", status=Job.Status.RUNNING, progress=30, total=120, attempts=1)

    html = as_administrator.get(reverse("jobs")).content.decode()

    for told in ["30 of 120 (25 %)", "Running", "ValueError at x:1", "Parked"]:
        assert told in html


def test_jobs_can_be_narrowed_by_state(as_administrator, parked):
    job(key="y")

    page = as_administrator.get(reverse("jobs"), {"status": "PARKED"}).context["page"]

    assert list(page) == [parked]


def test_trying_again_queues_a_new_job_for_the_same_work(
    as_administrator, administrator, parked, broker
):
    as_administrator.post(reverse("job-retry", args=[parked.pk]))

    again = Job.objects.exclude(pk=parked.pk).get()
    assert (again.kind, again.key, again.status) == ("labs.import", "x", Job.Status.WAITING)
    assert again.requested_by == administrator


def test_trying_again_twice_queues_once(as_administrator, parked, broker):
    for _ in range(2):
        as_administrator.post(reverse("job-retry", args=[parked.pk]))

    assert Job.objects.count() == 2


def test_work_that_runs_is_not_tried_again(as_administrator):
    running = job(status=Job.Status.RUNNING)

    assert as_administrator.post(reverse("job-retry", args=[running.pk])).status_code == 404


def test_clinicians_do_not_see_jobs(signed_in):
    assert signed_in.get(reverse("jobs")).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_jobs_cost_the_same_queries_for_any_number(
    as_administrator, administrator, count, django_assert_num_queries
):
    for number in range(count):
        job(key=str(number), requested_by=administrator)

    with django_assert_num_queries(5):  # session, user, counts, count, page
        as_administrator.get(reverse("jobs"))
