"""Who is who: likely duplicates, merges that can be undone, results on the wrong person."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission

from .patients import Patient


class DuplicateCandidateQuerySet(models.QuerySet["DuplicateCandidate"]):
    def visible_to(self, user: User) -> DuplicateCandidateQuerySet:
        return self if permissions.can(user, Permission.RECORDS_MERGE) else self.none()


class DuplicateCandidate(models.Model):
    """Two records that may be one person, and why."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DIFFERENT = "different", "Two people"
        MERGED = "merged", "Merged"

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"agreements"}
        plain = {"id", "first", "second", "score", "found_at", "status", "decided_by",
                 "decided_at"}  # fmt: skip

    first = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField(help_text="Probability that they are one person")
    agreements = models.JSONField(help_text="What agrees and what differs, by name of the field")
    found_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default="open")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    objects = DuplicateCandidateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="duplicate_once", fields=["first", "second"]),
            models.CheckConstraint(name="duplicate_in_order", condition=Q(first__lt=F("second"))),
        ]

    def __str__(self):
        return f"#{self.pk}"


class PatientMerge(models.Model):
    """One record moved into another, with every row that moved, so that it can be undone."""

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"reason"}
        plain = {"id", "survivor", "merged", "moved", "by", "at", "undone_at", "undone_by"}

    survivor = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    merged = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    moved = models.JSONField(help_text="Primary keys that moved, by table")
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="merged_into_one_record", fields=["merged"], condition=Q(undone_at=None)
            ),
            models.CheckConstraint(name="merge_of_two_records", condition=~Q(survivor=F("merged"))),
        ]

    def __str__(self):
        return f"#{self.pk}"


class ResultMove(models.Model):
    """Results that stood on the wrong person and were moved to the right one, with history."""

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"reason"}
        plain = {"id", "from_patient", "to_patient", "by", "at", "results"}

    from_patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    to_patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    results = models.JSONField(help_text="Primary keys: where each stood, and its copy")
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # Whether a result was moved is asked of each that has ended, whosever it is now.
            GinIndex(fields=["results"], opclasses=["jsonb_path_ops"], name="moved_results"),
        ]

    def __str__(self):
        return f"#{self.pk}"
