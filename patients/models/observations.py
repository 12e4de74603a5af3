"""What people tell and wear."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from healthcare.accounts.models import User
from healthcare.jobs.models import Job

from .patients import Patient
from .querysets import RecordFact


class SurveyAnswer(RecordFact):
    """One answer of a questionnaire. The lifestyle items are the fields of `ml.facts.Lifestyle`.

    An item that is a flag of the rule language (`strength_training`) is answered 1 or 0.
    """

    LIFESTYLE = "lifestyle"
    FLAGS = "flags"

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"item", "number", "text", "answered_on"}
        plain = RecordFact.PLAIN | {"instrument"}

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="survey_answers")
    instrument = models.CharField(max_length=40)
    item = models.CharField(max_length=60)
    number = models.FloatField(null=True, blank=True)
    text = models.CharField(max_length=200, blank=True)
    answered_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="survey_answer_once",
                fields=["patient", "instrument", "item", "answered_on"],
                condition=models.Q(superseded_at=None),
            ),
            models.CheckConstraint(
                name="survey_answer_says_something",
                condition=models.Q(number__isnull=False) | ~models.Q(text=""),
            ),
        ]


class WearableDay(RecordFact):
    """What a wearable device counted on one day."""

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"day", "steps", "active_minutes", "resting_heart_rate", "sleep_hours",
                     "heart_rate_variability", "oxygen_saturation"}  # fmt: skip
        plain = RecordFact.PLAIN

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="wearable_days")
    day = models.DateField()
    steps = models.PositiveIntegerField(null=True, blank=True)
    active_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    resting_heart_rate = models.FloatField("resting heart rate (/min)", null=True, blank=True)
    sleep_hours = models.FloatField("sleep (h)", null=True, blank=True)
    heart_rate_variability = models.FloatField(
        "heart rate variability, SDNN (ms)", null=True, blank=True
    )
    oxygen_saturation = models.FloatField("oxygen saturation (%)", null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="wearable_day_once",
                fields=["patient", "day", "source"],
                condition=models.Q(superseded_at=None),
            )
        ]


class WearableUploadQuerySet(models.QuerySet["WearableUpload"]):
    def visible_to(self, user: User) -> WearableUploadQuerySet:
        return self.filter(patient__in=Patient.objects.visible_to(user))


class WearableUpload(models.Model):
    """An export of one patient's devices, until its days are stored; then only what came of it.

    The file goes when it is read: such exports hold far more of a life than we ask for.
    """

    class Privacy:
        identifying = {"file", "file_name"}
        sensitive = {"outcome"}
        plain = {"id", "public_id", "patient", "size", "uploaded_by", "uploaded_at", "job"}

    public_id = models.UUIDField(unique=True, editable=False)
    patient = models.ForeignKey(
        Patient, on_delete=models.CASCADE, related_name="wearable_uploads", db_index=False
    )
    file = models.FileField(upload_to="wearables/", max_length=255, blank=True)
    file_name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    job = models.OneToOneField(Job, on_delete=models.PROTECT, null=True)
    outcome = models.JSONField(
        null=True, help_text="Counts, record types passed over, rows refused"
    )

    objects = WearableUploadQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-uploaded_at"])]

    def __str__(self):
        return f"#{self.pk}"

    @property
    def has_ended(self) -> bool:
        return self.job is not None and self.job.status not in Job.OPEN
