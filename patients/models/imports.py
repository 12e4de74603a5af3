from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.jobs.models import Job


class LabSource(models.Model):
    """A laboratory, analyser or system that sends results, and how its files are read."""

    class Privacy:
        identifying: set[str] = set()
        sensitive: set[str] = set()
        plain = {"id", "name", "facility", "profile", "unknown_patients", "confirmed_by",
                 "confirmed_at"}  # fmt: skip

    class UnknownPatients(models.TextChoices):
        HOLD = "hold", "Keep the rows on the work list"
        REFUSE = "refuse", "Refuse the rows"

    name = models.CharField(max_length=60, unique=True)
    facility = models.CharField(
        max_length=100, blank=True, help_text="Sending facility as in MSH-4 of its messages"
    )
    profile = models.JSONField(default=dict, help_text="See patients.labcsv.profile")
    unknown_patients = models.CharField(max_length=8, choices=UnknownPatients, default="hold")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True)

    def __str__(self):
        return self.name


class LocalCode(models.Model):
    """What a source means by one of its own test codes; a person has said so."""

    class Privacy:
        identifying: set[str] = set()
        sensitive: set[str] = set()
        plain = {"id", "lab_source", "code", "analyte", "unit", "confirmed_by", "confirmed_at"}

    lab_source = models.ForeignKey(LabSource, on_delete=models.CASCADE, related_name="codes")
    code = models.CharField(max_length=100, help_text="As the source writes it")
    analyte = models.ForeignKey("Analyte", on_delete=models.PROTECT, related_name="+")
    unit = models.CharField(max_length=30, blank=True, help_text="Where its rows give none")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="local_code_once", fields=["lab_source", "code"]),
        ]

    def __str__(self):
        return f"{self.code} ({self.lab_source_id})"


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
        plain = {"id", "public_id", "digest", "size", "format", "lab_source", "profile",
                 "confirmed_at", "uploaded_by", "uploaded_at", "job", "preview_job", "preview",
                 "next_byte", "next_row", "accepted_count", "corrected_count", "duplicate_count",
                 "refused_count", "unmatched_count", "withdrawn_at", "withdrawn_by",
                 "withdrawal_reason"}  # fmt: skip

    class Format(models.TextChoices):
        TABLE = "table", "Table of text (CSV, TSV)"
        WORKBOOK = "workbook", "Spreadsheet (XLSX)"
        HL7 = "hl7", "HL7 v2 messages"
        FHIR = "fhir", "FHIR R4 bundle"
        WEARABLE = "wearable", "Wearable summary"

    public_id = models.UUIDField(unique=True, editable=False)
    file = models.FileField(upload_to="lab-imports/", max_length=255)
    file_name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file")
    size = models.PositiveBigIntegerField()
    format = models.CharField(max_length=10, choices=Format, default="table", db_default="table")
    lab_source = models.ForeignKey(
        LabSource, on_delete=models.PROTECT, null=True, related_name="imports"
    )
    profile = models.JSONField(
        default=dict, db_default={}, help_text="How this file is read: patients.labcsv.profile"
    )
    confirmed_at = models.DateTimeField(
        null=True, help_text="When somebody said that it may be read; before that it waits"
    )
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    uploaded_at = models.DateTimeField()
    job = models.OneToOneField(Job, on_delete=models.PROTECT, null=True)
    preview_job = models.OneToOneField(
        Job, on_delete=models.PROTECT, null=True, related_name="previewed_import"
    )
    preview = models.JSONField(null=True, help_text="What the import would do, from a dry run")
    next_byte = models.PositiveBigIntegerField(default=0)
    next_row = models.PositiveBigIntegerField(default=0)
    accepted_count = models.PositiveBigIntegerField(default=0)
    corrected_count = models.PositiveBigIntegerField(default=0)
    duplicate_count = models.PositiveBigIntegerField(default=0)
    refused_count = models.PositiveBigIntegerField(default=0)
    unmatched_count = models.PositiveBigIntegerField(default=0, db_default=0)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    withdrawal_reason = models.CharField(max_length=200, blank=True, default="", db_default="")

    objects = LabImportQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["-uploaded_at"])]
        constraints = [
            # A file that was withdrawn may be sent again.
            models.UniqueConstraint(
                name="lab_import_once", fields=["digest"], condition=Q(withdrawn_at=None)
            ),
        ]

    def __str__(self):
        return f"#{self.pk}"

    @property
    def percent(self) -> int:
        """How far its import is; 100 only when the job has ended well.

        By what the job reports: `next_byte` is a place in the plain copy where there is one.
        """
        if self.job is None:
            return 0
        return 100 if self.job.status == Job.Status.DONE else min(99, self.job.percent)

    @property
    def has_ended(self) -> bool:
        return self.job is not None and self.job.status not in Job.OPEN

    @property
    def row_count(self) -> int:
        return (
            self.accepted_count
            + self.corrected_count
            + self.duplicate_count
            + self.refused_count
            + self.unmatched_count
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
            models.UniqueConstraint(
                name="import_problem_once", fields=["lab_import", "row", "column"]
            ),
            models.CheckConstraint(name="import_problem_says_why", condition=~Q(message="")),
        ]

    def __str__(self):
        return f"#{self.pk} row {self.row}"


class HeldResultQuerySet(models.QuerySet["HeldResult"]):
    def visible_to(self, user: User) -> HeldResultQuerySet:
        return self if permissions.can(user, Permission.INTAKE_RESOLVE) else self.none()

    def waiting(self) -> HeldResultQuerySet:
        return self.filter(status=HeldResult.Status.WAITING)


class HeldResult(models.Model):
    """A row that waits for a person: its patient, its test or its unit is not known here.

    `cells` holds what the row said, by the names of patients.labcsv.layout.FIELDS, so that it
    can be read again once somebody has said what was missing.
    """

    class Reason(models.TextChoices):
        PATIENT = "unknown_patient", "Patient not known"
        CODE = "unknown_code", "Test not known"
        UNIT = "unknown_unit", "Unit not known"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RELEASED = "released", "Stored"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn with its file"

    class Privacy:
        identifying = {"cells", "patient"}
        sensitive = {"comment"}
        plain = {"id", "lab_import", "row", "column", "message", "lab_source", "reason", "key",
                 "received_at", "status", "decided_by", "decided_at"}  # fmt: skip

    lab_import = models.ForeignKey(
        LabImport, on_delete=models.CASCADE, null=True, related_name="held"
    )
    message = models.ForeignKey(
        "Hl7Message", on_delete=models.CASCADE, null=True, related_name="held"
    )
    row = models.PositiveBigIntegerField(help_text="Line of the file, or segment of the message")
    column = models.CharField(max_length=60, blank=True)
    lab_source = models.ForeignKey(LabSource, on_delete=models.PROTECT, null=True)
    reason = models.CharField(max_length=20, choices=Reason)
    key = models.CharField(
        max_length=180, help_text="What is not known, so that one answer settles all such rows"
    )
    cells = models.JSONField()
    received_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default="waiting")
    patient = models.ForeignKey(
        "Patient", on_delete=models.PROTECT, null=True, related_name="+", help_text="As matched"
    )
    comment = models.CharField(max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    objects = HeldResultQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="held_row_once",
                fields=["lab_import", "message", "row", "column"],
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(
                fields=["reason", "key", "received_at"],
                condition=Q(status="waiting"),
                name="held_waiting",
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.reason}"


class Hl7Message(models.Model):
    """One HL7 v2 message as it came over the wire, kept before it was answered."""

    class Privacy:
        identifying = {"body", "control_id"}
        sensitive = {"answer"}
        plain = {"id", "sending_application", "sending_facility", "digest", "lab_source",
                 "received_at", "acknowledgement", "accepted_count", "corrected_count",
                 "duplicate_count", "refused_count", "unmatched_count"}  # fmt: skip

    sending_application = models.CharField(max_length=180, blank=True)
    sending_facility = models.CharField(max_length=180, blank=True)
    control_id = models.CharField(max_length=199)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the message")
    body = models.TextField()
    lab_source = models.ForeignKey(LabSource, on_delete=models.PROTECT, null=True)
    received_at = models.DateTimeField()
    acknowledgement = models.CharField(max_length=2, blank=True, help_text="AA, AE or AR")
    answer = models.TextField(blank=True)
    accepted_count = models.PositiveIntegerField(default=0)
    corrected_count = models.PositiveIntegerField(default=0)
    duplicate_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    unmatched_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="hl7_message_once",
                fields=["sending_application", "sending_facility", "control_id"],
            ),
        ]

    def __str__(self):
        return f"#{self.pk}"


class FhirResource(models.Model):
    """A FHIR resource as it was sent, whole; the facts of the record are read from it."""

    class Privacy:
        identifying = {"body", "resource_id"}
        sensitive = {"patient"}
        plain = {"id", "resource_type", "digest", "lab_import", "received_at", "outcome", "reason"}

    class Outcome(models.TextChoices):
        FACT = "fact", "In the record"
        HELD = "held", "Waits on a work list"
        KEPT = "kept", "Kept as sent"
        REFUSED = "refused", "Refused"

    lab_import = models.ForeignKey(
        LabImport, on_delete=models.CASCADE, null=True, related_name="resources"
    )
    patient = models.ForeignKey(
        "Patient", on_delete=models.CASCADE, null=True, related_name="fhir_resources"
    )
    resource_type = models.CharField(max_length=40)
    resource_id = models.CharField(max_length=200, help_text="Server and id, or the full URL")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the resource")
    body = models.JSONField()
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="fhir_resource_version_once",
                fields=["resource_type", "resource_id", "digest"],
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.resource_type}"
