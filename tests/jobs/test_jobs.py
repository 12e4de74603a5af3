import datetime as dt
import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from healthcare.jobs import services
from healthcare.jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def broker(monkeypatch):
    """What was sent to the broker, which is not there."""
    sent = []
    monkeypatch.setattr(
        "healthcare.jobs.tasks.run_job.apply_async",
        lambda *, kwargs, **options: sent.append(kwargs["job_id"]),
    )
    return sent


@pytest.fixture
def handler(monkeypatch):
    """Register a handler for the kind `test` for the length of one test."""

    def register(function):
        monkeypatch.setitem(services.HANDLERS, "test", function)

    return register


def clock():
    return NOW


def enqueue(key="a"):
    return services.enqueue("test", key=key, queue="inference")


def test_a_job_is_sent_once_it_is_committed(broker):
    job = enqueue()

    assert broker == [job.pk]


def test_a_second_call_returns_the_waiting_job():
    assert enqueue() == enqueue()


def test_a_running_job_gets_a_follower_because_it_may_have_read_too_early():
    first = enqueue()
    Job.objects.claim(first.pk, now=NOW)

    second = enqueue()

    assert second.pk != first.pk
    assert second.status == Job.Status.WAITING


def test_a_job_that_is_done_is_not_done_again(handler):
    calls = []
    handler(calls.append)
    job = enqueue()

    services.run(job.pk, now=clock)
    services.run(job.pk, now=clock)

    job.refresh_from_db()
    assert (len(calls), job.status, job.ended_at) == (1, Job.Status.DONE, NOW)


def test_a_permanent_failure_keeps_its_sentence(handler):
    def refuse(job):
        raise services.PermanentFailure("The file is gone; upload it again.")

    handler(refuse)
    job = enqueue()
    services.run(job.pk, now=clock)

    job.refresh_from_db()
    assert (job.status, job.failure) == (
        Job.Status.FAILED,
        "The file is gone; upload it again.",
    )


def test_a_poison_job_is_parked_after_three_attempts_without_its_text(handler):
    def fail(job):
        raise ValueError("OKAFOR, Ngozi")

    handler(fail)
    job = enqueue()
    for _ in range(5):
        services.run(job.pk, now=clock)

    job.refresh_from_db()
    assert (job.status, job.attempts) == (Job.Status.PARKED, 3)
    assert job.failure.startswith("ValueError at test_jobs.py")
    assert "OKAFOR" not in job.failure


def test_a_job_that_kills_its_worker_is_parked_after_three_attempts(handler):
    handler(lambda job: pytest.fail("must not run a fourth time"))
    job = enqueue()
    for _ in range(3):  # three workers claimed it and died
        Job.objects.claim(job.pk, now=NOW)

    services.run(job.pk, now=clock)

    job.refresh_from_db()
    assert job.status == Job.Status.PARKED


def test_two_workers_do_a_job_once(handler):
    calls, started, go_on = [], threading.Event(), threading.Event()

    def slow(job):
        calls.append(job.pk)
        started.set()
        go_on.wait(5)

    def other_worker():
        services.run(job.pk, now=clock)
        connection.close()

    handler(slow)
    job = enqueue()
    thread = threading.Thread(target=other_worker)
    thread.start()
    started.wait(5)

    services.run(job.pk, now=clock)
    go_on.set()
    thread.join()

    assert calls == [job.pk]


def test_the_sweeper_sends_a_job_whose_worker_died_at_once(broker):
    job = enqueue()
    Job.objects.claim(job.pk, now=timezone.now())
    broker.clear()

    services.sweep(now=timezone.now())

    assert broker == [job.pk]


def test_the_sweeper_leaves_a_job_that_a_worker_holds(broker):
    job = enqueue()
    Job.objects.claim(job.pk, now=timezone.now())
    broker.clear()

    with services._lock(job.pk):
        services.sweep(now=timezone.now() + dt.timedelta(hours=1))

    assert broker == []


def test_the_sweeper_sends_what_a_lost_broker_forgot(broker):
    job = enqueue()
    broker.clear()

    services.sweep(now=timezone.now())
    assert broker == []

    services.sweep(now=timezone.now() + services.RESEND_AFTER * 2)
    assert broker == [job.pk]


def test_a_broker_that_is_gone_does_not_stop_the_request(monkeypatch):
    from healthcare.jobs.tasks import run_job

    def fail(**_):
        raise run_job.OperationalError

    monkeypatch.setattr(run_job, "apply_async", fail)

    assert enqueue().status == Job.Status.WAITING


def test_a_job_that_dies_at_the_same_place_each_time_is_parked(handler):
    calls = []

    def fail(job):
        calls.append(job.attempts)
        job.report(progress=1, total=3)
        raise ValueError

    handler(fail)
    job = enqueue()
    for _ in range(6):
        services.run(job.pk, now=clock)

    job.refresh_from_db()
    assert (job.status, calls) == (Job.Status.PARKED, [1, 2, 3])


def test_a_job_that_gets_on_is_not_parked_however_often_it_dies(handler):
    def get_on(job):
        job.report(progress=job.progress + 1, total=9)
        raise ValueError

    handler(get_on)
    job = enqueue()
    for _ in range(6):
        services.run(job.pk, now=clock)

    job.refresh_from_db()
    assert (job.status, job.progress) == (Job.Status.WAITING, 6)


def test_a_waiting_job_does_not_begin_before_the_caller_has_committed(handler):
    began = threading.Event()

    def other_worker():
        services.run(job.pk, now=clock)
        connection.close()

    handler(lambda job: began.set())
    job = enqueue()
    thread = threading.Thread(target=other_worker)
    with transaction.atomic():
        assert enqueue() == job
        thread.start()
        assert not began.wait(0.5)
    thread.join()

    assert began.is_set()
