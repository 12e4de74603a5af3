from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from .patients import Patient
from .querysets import PatientFact, PatientFactQuerySet


class Analyte(models.Model):
    """Something that is measured, in one canonical unit. Loaded from ml/reference/."""

    class Privacy:
        identifying: set[str] = set()
        sensitive: set[str] = set()
        plain = {"id", "code", "loinc", "name", "group", "unit", "plausible_low",
                 "plausible_high", "critical_low", "critical_high", "order"}  # fmt: skip

    code = models.CharField(max_length=20, unique=True, help_text="Short name, such as CREAT")
    loinc = models.CharField("LOINC", max_length=20, blank=True)
    name = models.CharField(max_length=100)
    group = models.CharField(max_length=40)
    unit = models.CharField("UCUM unit", max_length=30)
    plausible_low = models.FloatField(null=True)
    plausible_high = models.FloatField(null=True)
    critical_low = models.FloatField(null=True)
    critical_high = models.FloatField(null=True)
    order = models.PositiveSmallIntegerField(default=0)

    def __str__(self):
        return self.code


class ReferenceRange(models.Model):
    """Usual values of an analyte for a sex and age; pregnancy and laboratory where they differ."""

    class Privacy:
        identifying: set[str] = set()
        sensitive: set[str] = set()
        plain = {"id", "analyte", "lab_source", "sex", "is_pregnant", "age_from", "age_to",
                 "low", "high", "source"}  # fmt: skip

    analyte = models.ForeignKey(Analyte, on_delete=models.CASCADE, related_name="ranges")
    lab_source = models.ForeignKey(
        "LabSource", on_delete=models.CASCADE, null=True, related_name="ranges",
        help_text="Empty: any laboratory",
    )  # fmt: skip
    sex = models.CharField(max_length=7, blank=True, help_text="Empty: any")
    is_pregnant = models.BooleanField(default=False)
    age_from = models.PositiveSmallIntegerField(default=0)
    age_to = models.PositiveSmallIntegerField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    source = models.CharField(max_length=200, blank=True)

    def __str__(self):
        return f"#{self.pk}"


class ResultQuerySet(PatientFactQuerySet):
    def current(self) -> ResultQuerySet:
        """The newest version of each result that counts: not replaced, cancelled or an error."""
        return self.filter(superseded_at=None).exclude(status__in=Result.VOID)

    def as_known_at(self, moment: datetime) -> ResultQuerySet:
        """What was current at a moment in the past, whatever has been corrected since."""
        not_yet_replaced = Q(superseded_at=None) | Q(superseded_at__gt=moment)
        return self.known_at(moment).filter(not_yet_replaced).exclude(status__in=Result.VOID)


class Result(PatientFact):
    """One version of one measured value: laboratory, vital sign, biometric or survey score.

    Never edited but for its end. What is one result: patient, analyte, time of collection and
    accession number. Rows that share them are its versions; `superseded_at` says until when
    each was what we believed, so that "as known on day D" is one filter. Decisions 0002, 0007.
    """

    class Status(models.TextChoices):
        REGISTERED = "registered", "Registered"
        PRELIMINARY = "preliminary", "Preliminary"
        FINAL = "final", "Final"
        CORRECTED = "corrected", "Corrected"
        AMENDED = "amended", "Amended"
        CANCELLED = "cancelled", "Cancelled"
        ENTERED_IN_ERROR = "entered-in-error", "Entered in error"

    class Flag(models.TextChoices):
        LL = "LL", "Critically low"
        L = "L", "Low"
        N = "N", "Normal"
        H = "H", "High"
        HH = "HH", "Critically high"
        A = "A", "Abnormal"

    VOID = [Status.REGISTERED, Status.CANCELLED, Status.ENTERED_IN_ERROR]

    class Privacy:
        identifying = {"accession"}
        sensitive = {"value", "comparator", "text", "note", "value_as_sent", "unit_as_sent",
                     "collected_at", "issued_at", "reference_low", "reference_high",
                     "flag"}  # fmt: skip
        plain = {"id", "patient", "analyte", "lab_import", "import_row", "version", "restatement",
                 "status", "recorded_at", "source", "superseded_at", "withdrawn_at"}  # fmt: skip

    # No index of its own: `result_once` begins with the patient.
    patient = models.ForeignKey(
        Patient, on_delete=models.CASCADE, related_name="results", db_index=False
    )
    # No index: nobody reads all results of an analyte, and each index costs every insert.
    analyte = models.ForeignKey(Analyte, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Without a check by the database, which costs a million rows four seconds: the importer
    # holds the row of its import in the transaction that stores the results. Decision 0007.
    lab_import = models.ForeignKey(
        "LabImport", on_delete=models.PROTECT, null=True, related_name="results",
        db_constraint=False,
    )  # fmt: skip
    import_row = models.PositiveBigIntegerField(null=True, help_text="Line of the file")
    version = models.BigIntegerField(
        help_text="Digest of status, comparator, value, text and the time of issue as sent"
    )
    restatement = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often the same was said anew after a withdrawal"
    )
    accession = models.CharField(max_length=64, blank=True)
    value = models.FloatField(
        null=True, help_text="In the analyte's canonical unit; none when text says it all"
    )
    comparator = models.CharField(max_length=2, blank=True)
    text = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Such as negative, 2+"
    )
    note = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="The laboratory's remark"
    )
    value_as_sent = models.CharField(max_length=40, blank=True)
    unit_as_sent = models.CharField(max_length=30)
    status = models.CharField(max_length=16, choices=Status, default=Status.FINAL)
    # A day alone stands for its noon at the site.
    collected_at = models.DateTimeField()
    issued_at = models.DateTimeField(help_text="When the laboratory said so")
    reference_low = models.FloatField(null=True)
    reference_high = models.FloatField(null=True)
    flag = models.CharField(max_length=2, choices=Flag, blank=True)
    superseded_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(
        null=True, help_text="When its file was withdrawn or the result moved to its right patient"
    )

    objects = ResultQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="result_that_counts_says_something",
                condition=Q(value__isnull=False)
                | ~Q(text="")
                | Q(status__in=["registered", "cancelled", "entered-in-error"]),
            ),
            models.CheckConstraint(
                name="result_withdrawn_has_ended",
                condition=Q(withdrawn_at=None) | Q(superseded_at__isnull=False),
            ),
            # One index for everything: it keeps versions unique, finds the versions of one
            # result, and serves a patient's newest values and trends in their order.
            models.UniqueConstraint(
                name="result_once",
                fields=["patient", "analyte", "collected_at", "accession", "version",
                        "restatement"],
            ),
        ]  # fmt: skip
        indexes = [
            # Serves the worklist: who has a critical result of late. Few rows qualify.
            models.Index(
                fields=["-collected_at", "patient"],
                condition=Q(superseded_at=None, flag__in=["LL", "HH"]),
                name="result_critical",
            ),
        ]

    @property
    def is_critical(self) -> bool:
        return self.flag in {self.Flag.LL, self.Flag.HH}


class LatestResult(models.Model):
    """The newest current value of each analyte of a patient, kept by whatever stores results.

    A copy that can be rebuilt from `Result` at any time (`labstore.refresh_latest`): it makes a
    patient's page cost the same whatever lies behind it.
    """

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"value", "comparator", "text", "flag", "collected_at"}
        plain = {"pk", "patient", "analyte", "result", "recorded_at"}

    pk = models.CompositePrimaryKey("patient_id", "analyte_id")
    # Not checked by the database: all three are copied from a result that it has checked.
    patient = models.ForeignKey(
        Patient, on_delete=models.CASCADE, related_name="latest_results", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    analyte = models.ForeignKey(
        Analyte, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    result = models.ForeignKey(
        Result, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    collected_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    value = models.FloatField(null=True)
    comparator = models.CharField(max_length=2, blank=True)
    text = models.CharField(max_length=200, blank=True)
    flag = models.CharField(max_length=2, blank=True)

    objects = PatientFactQuerySet.as_manager()

    def __str__(self):
        return f"#{self.patient_id}/{self.analyte_id}"
