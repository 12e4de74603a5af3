from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.jobs.models import Job


class LabImportQuerySet(models.QuerySet["LabImport"]):
    def visible_to(self, user: User) -> LabImportQuerySet:
        """All of them for those who run the intake, one's own for other uploaders."""
        if permissions.can(user, Permission.IMPORTS_VIEW):
            return self
        if permissions.can(user, Permission.LABS_UPLOAD):
            return self.filter(uploaded_by=user)
        return self.none()


class LabImport(models.Model):
    """One uploaded file of results, from receipt to its last row.

    `next_byte`, `next_row` and the counts move in the transaction that stores the rows they
    tell of, so a worker that dies leaves exactly the place where the next one goes on.
    """

    class Privacy:
        identifying = {"file", "file_name"}
        sensitive: set[str] = set()
        plain = {"id", "public_id", "digest", "size", "uploaded_by", "uploaded_at", "job",
                 "next_byte", "next_row", "accepted_count", "corrected_count",
                 "duplicate_count", "refused_count"}  # fmt: skip

    public_id = models.UUIDField(unique=True, editable=False)
    file = models.FileField(upload_to="lab-imports/", max_length=255)
    file_name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the file")
    size = models.PositiveBigIntegerField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    uploaded_at = models.DateTimeField()
    job = models.OneToOneField(Job, on_delete=models.PROTECT, null=True)
    next_byte = models.PositiveBigIntegerField(default=0)
    next_row = models.PositiveBigIntegerField(default=0)
    accepted_count = models.PositiveBigIntegerField(default=0)
    corrected_count = models.PositiveBigIntegerField(default=0)
    duplicate_count = models.PositiveBigIntegerField(default=0)
    refused_count = models.PositiveBigIntegerField(default=0)

    objects = LabImportQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["-uploaded_at"])]

    def __str__(self):
        return f"#{self.pk}"

    @property
    def percent(self) -> int:
        """How much of the file is stored; 100 only when the job has ended well."""
        if self.job is not None and self.job.status == Job.Status.DONE:
            return 100
        return min(99, 100 * self.next_byte // self.size)

    @property
    def has_ended(self) -> bool:
        return self.job is not None and self.job.status not in Job.OPEN

    @property
    def row_count(self) -> int:
        return (
            self.accepted_count + self.corrected_count + self.duplicate_count + self.refused_count
        )


class ImportProblem(models.Model):
    """A row that was not accepted: where, why, and what to do about it."""

    class Privacy:
        identifying = {"seen"}
        sensitive = {"message", "repair"}
        plain = {"id", "lab_import", "row", "column", "code"}

    lab_import = models.ForeignKey(LabImport, on_delete=models.CASCADE, related_name="problems")
    row = models.PositiveBigIntegerField(help_text="Line of the file, the header being 1")
    column = models.CharField(max_length=60, blank=True)
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=300)
    repair = models.CharField(max_length=300)
    seen = models.CharField(max_length=100, blank=True, help_text="The cell as it was")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="import_problem_once", fields=["lab_import", "row"]),
            models.CheckConstraint(name="import_problem_says_why", condition=~Q(message="")),
        ]

    def __str__(self):
        return f"#{self.pk} row {self.row}"
