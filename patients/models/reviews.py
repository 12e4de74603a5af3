"""What people do with results: review, acknowledge, act on what cannot wait."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from healthcare.accounts.models import User

from .patients import Patient
from .results import Result


class VisibleThroughPatient(models.QuerySet):
    def visible_to(self, user: User):
        return self.filter(patient__in=Patient.objects.visible_to(user))


class ResultReview(models.Model):
    """Somebody has seen this version of a result; append-only."""

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"comment"}
        plain = {"id", "patient", "result", "by", "at"}

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="reviews")
    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="reviews")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    comment = models.CharField(max_length=300, blank=True)

    objects = VisibleThroughPatient.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="result_reviewed_once", fields=["result", "by"]),
        ]

    def __str__(self):
        return f"#{self.pk}"


class ResultTaskQuerySet(VisibleThroughPatient):
    def open(self) -> ResultTaskQuerySet:
        return self.filter(acknowledged_at=None, closed_at=None)

    def due(self, moment: datetime) -> ResultTaskQuerySet:
        return self.open().filter(escalates_at__lte=moment)


class ResultTask(models.Model):
    """A result that somebody must see to; it escalates until it is acknowledged."""

    class Kind(models.TextChoices):
        CRITICAL = "critical", "Critical result"
        DELTA = "delta", "Unlikely change"
        CORRECTED = "corrected", "Corrected after it was acknowledged"

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"comment"}
        plain = {"id", "patient", "result", "kind", "created_at", "escalates_at", "level",
                 "acknowledged_at", "acknowledged_by", "closed_at", "assigned_to"}  # fmt: skip

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="result_tasks")
    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="tasks")
    kind = models.CharField(max_length=10, choices=Kind)
    created_at = models.DateTimeField()
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        help_text="Empty: the care team",
    )  # fmt: skip
    escalates_at = models.DateTimeField(null=True, help_text="When the next level is told")
    level = models.PositiveSmallIntegerField(default=0, help_text="How often it has escalated")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    comment = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(
        null=True, help_text="When the result was corrected or withdrawn before anyone saw to it"
    )

    objects = ResultTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="result_task_once",
                fields=["result", "kind", "assigned_to"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="result_task_acknowledged_by_someone",
                condition=Q(acknowledged_at=None) | Q(acknowledged_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["escalates_at"],
                condition=Q(acknowledged_at=None, closed_at=None),
                name="result_task_open",
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.kind}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User) -> NoticeQuerySet:
        return self.filter(recipient=user)

    def unread(self) -> NoticeQuerySet:
        return self.filter(read_at=None)


class Notice(models.Model):
    """Something a person is told; its words follow from its kind and name nobody."""

    class Kind(models.TextChoices):
        CORRECTED = "corrected", "A result you acknowledged was corrected"
        ESCALATED = "escalated", "A critical result has not been acknowledged"
        EMERGENCY_ACCESS = "emergency_access", "Emergency access to a record was taken"
        CONFLICT = "conflict", "A sender has changed an entry that you corrected"

    class Privacy:
        identifying: set[str] = set()
        sensitive: set[str] = set()
        plain = {"id", "recipient", "kind", "patient", "result", "emergency_access",
                 "created_at", "read_at"}  # fmt: skip

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, related_name="+")
    result = models.ForeignKey(Result, on_delete=models.CASCADE, null=True, related_name="+")
    emergency_access = models.ForeignKey(
        "EmergencyAccess", on_delete=models.CASCADE, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["recipient", "read_at", "-created_at"])]

    def __str__(self):
        return f"#{self.pk} {self.kind}"
