"""Background work as rows: what is to be done, how far it is, why it failed."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class JobQuerySet(models.QuerySet["Job"]):
    def open(self) -> JobQuerySet:
        return self.filter(status__in=Job.OPEN)

    def claim(self, pk: int, *, now: datetime) -> Job | None:
        """Take one job, or None when it has ended. The caller holds the job's lock."""
        won = (
            self.open()
            .filter(pk=pk)
            .update(
                status=Job.Status.RUNNING, started_at=now, started_from=F("progress"),
                attempts=F("attempts") + 1,
            )
        )  # fmt: skip
        return self.get(pk=pk) if won else None


class Job(models.Model):
    """One piece of background work.

    The broker carries only the number of a job, so losing the broker loses nothing: the
    sweeper sends again what waits, and what ran in a worker that died.
    """

    class Status(models.TextChoices):
        WAITING = "WAITING", "Waiting"
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"
        FAILED = "FAILED", "Failed"
        PARKED = "PARKED", "Parked after repeated failures"

    OPEN = [Status.WAITING, Status.RUNNING]
    MAX_ATTEMPTS = 3

    kind = models.CharField(max_length=60, help_text="Name of the handler")
    key = models.CharField(max_length=120, help_text="Two open jobs of one kind never share a key")
    queue = models.CharField(max_length=20)
    arguments = models.JSONField(default=dict, help_text="Ids only, never patient data")
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    progress = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=500, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    started_from = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Progress when its worker took it up"
    )
    ended_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_job_a_key",
                fields=["kind", "key"],
                condition=Q(status__in=["WAITING", "RUNNING"]),
            ),
            models.CheckConstraint(
                name="job_ended_when_not_open",
                condition=Q(status__in=["WAITING", "RUNNING"], ended_at=None)
                | Q(status__in=["DONE", "FAILED", "PARKED"], ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["status"], name="job_open", condition=Q(status__in=["WAITING", "RUNNING"])
            )
        ]

    def __str__(self):
        return f"#{self.pk} {self.kind} {self.status}"

    def report(self, *, progress: int, total: int) -> None:
        """Say how far the work is. Attempts count from here again when this is further than
        any attempt came before: work that gets on is no poison, however often its worker is
        killed, and work that dies at the same place each time is."""
        row = Job.objects.filter(pk=self.pk)
        row.update(total=total)
        row.filter(progress__lt=progress).update(progress=progress, attempts=1)
        self.refresh_from_db(fields=["progress", "total", "attempts"])

    def end(self, status: Status, *, at: datetime, failure: str = "") -> None:
        Job.objects.open().filter(pk=self.pk).update(
            status=status, ended_at=at, failure=failure[:500]
        )
        self.refresh_from_db()

    @property
    def percent(self) -> int:
        return min(100, 100 * self.progress // self.total) if self.total else 0
