"""Queue, run and recover jobs.

A running job holds a PostgreSQL advisory lock on the worker's own connection. When the
worker dies, PostgreSQL drops the lock with the connection: no lease to guess, no clock to
trust. Whoever is told to run the job next takes it over at once.
"""

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.jobs.models import Job

log = logging.getLogger(__name__)

LOCK_CLASS = 4_711  # our space of advisory locks on job numbers
RESEND_AFTER = timedelta(seconds=20)
TIME_LIMITS = {"inference": 15 * 60, "imports": 60 * 60, "training": 6 * 60 * 60}  # seconds

Handler = Callable[[Job], None]
HANDLERS: dict[str, Handler] = {}


class PermanentFailure(Exception):
    """Trying again will not help; the message is a sentence for the person who asked."""


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of this kind."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


@transaction.atomic
def enqueue(
    kind: str, *, key: str, queue: str, arguments: dict | None = None, by: User | None = None
) -> Job:
    """Write a job down and, once this is committed, tell a worker.

    While a job of the same kind and key waits, it is returned instead of a second one, and
    held, so that no worker begins it before the caller has committed what it is to read. A
    running one does not count: what it has read may be older than the reason for this call.
    """
    waiting = Job.objects.filter(kind=kind, key=key, status=Job.Status.WAITING)
    if job := waiting.select_for_update().first():
        return job
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind, key=key, queue=queue, arguments=arguments or {}, requested_by=by
            )
    except IntegrityError:
        # One is running. A follower with a key of its own sees what the runner missed.
        return enqueue(kind, key=f"{key}+", queue=queue, arguments=arguments, by=by)
    transaction.on_commit(partial(_send, job))
    return job


def run(job_id: int, *, now: Callable[[], datetime]) -> None:
    """Do one job, unless another worker is at it or it has ended."""
    with _lock(job_id) as is_mine:
        if not is_mine:
            return
        job = Job.objects.claim(job_id, now=now())
        if job is None:
            return
        if job.attempts > Job.MAX_ATTEMPTS:
            failure = job.failure or "The worker died each time."
            job.end(Job.Status.PARKED, at=now(), failure=failure)
            return
        _work(job, now=now)


def sweep(*, now: datetime) -> int:
    """Send again every open job that no worker holds; return how many."""
    late = Q(sent_at=None) | Q(sent_at__lt=now - RESEND_AFTER)
    waiting = Q(status=Job.Status.WAITING) & late
    not_sent_since = late | Q(sent_at__lte=F("started_at"))
    orphaned = Q(status=Job.Status.RUNNING) & not_sent_since & ~Q(pk__in=_locked_ids())
    jobs = list(Job.objects.filter(waiting | orphaned).order_by("pk")[:500])
    for job in jobs:
        _send(job)
    return len(jobs)


def _work(job: Job, *, now: Callable[[], datetime]) -> None:
    try:
        HANDLERS[job.kind](job)
    except PermanentFailure as refusal:
        job.end(Job.Status.FAILED, at=now(), failure=str(refusal))
    except Exception as error:
        # The text of an unforeseen error may hold patient data: only its type is kept.
        failure = f"{type(error).__name__} at {_place(error)}"
        log.error("Job %s (%s) failed: %s", job.pk, job.kind, failure)
        if job.attempts >= Job.MAX_ATTEMPTS:
            job.end(Job.Status.PARKED, at=now(), failure=failure)
        else:
            Job.objects.filter(pk=job.pk).update(
                status=Job.Status.WAITING, failure=failure, sent_at=now()
            )
    else:
        job.end(Job.Status.DONE, at=now())


def _place(error: BaseException) -> str:
    """File and line of the last frame, to find the cause without the text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _send(job: Job) -> None:
    from healthcare.jobs.tasks import run_job

    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    try:
        run_job.apply_async(
            kwargs={"job_id": job.pk}, queue=job.queue, time_limit=TIME_LIMITS[job.queue]
        )
    except run_job.OperationalError:
        log.warning("The broker is not there; job %s waits for the sweeper", job.pk)


@contextmanager
def _lock(job_id: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, job_id])
        (is_mine,) = cursor.fetchone()
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, job_id])


def _locked_ids() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK_CLASS],
        )
        return [row[0] for row in cursor.fetchall()]
