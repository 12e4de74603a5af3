"""What a patient allows, and who went past the door in an emergency."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

from .patients import Patient

models.CharField.register_lookup(Length)


class ConsentQuerySet(models.QuerySet["Consent"]):
    def newest(self) -> ConsentQuerySet:
        """The decision in force for each patient and purpose."""
        return self.order_by("patient_id", "purpose", "-decided_at", "-pk").distinct(
            "patient_id", "purpose"
        )


class Consent(models.Model):
    """A patient's yes or no to one use of their data; the newest decision counts."""

    class Purpose(models.TextChoices):
        TREATMENT = "treatment", "Treatment by other care teams"
        RESEARCH = "research", "Research"
        MODEL_TRAINING = "model_training", "Training of models"
        SHARING = "sharing", "Sharing with other systems"

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"is_given", "note"}
        plain = {"id", "patient", "purpose", "decided_at", "recorded_by"}

    # What holds while nobody has asked: care goes on, everything else waits for a yes.
    UNASKED = {
        Purpose.TREATMENT: True,
        Purpose.RESEARCH: False,
        Purpose.MODEL_TRAINING: False,
        Purpose.SHARING: False,
    }

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20, choices=Purpose)
    is_given = models.BooleanField()
    decided_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    note = models.CharField(max_length=200, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "purpose", "-decided_at"])]

    def __str__(self):
        return f"#{self.pk} {self.purpose}"


class EmergencyAccessQuerySet(models.QuerySet["EmergencyAccess"]):
    def in_force(self, moment: datetime) -> EmergencyAccessQuerySet:
        return self.filter(granted_at__lte=moment, expires_at__gt=moment, ended_at=None)


class EmergencyAccess(models.Model):
    """One clinician's way past the care team's door to one record, for a reason and a while."""

    LASTS = timedelta(hours=1)
    SHORTEST_REASON = 10

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"reason"}
        plain = {"id", "user", "patient", "granted_at", "expires_at", "ended_at", "reviewed_by",
                 "reviewed_at"}  # fmt: skip

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="emergency_accesses"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.CASCADE, related_name="emergency_accesses"
    )
    reason = models.CharField(max_length=300)
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="emergency_access_expires", condition=Q(expires_at__gt=F("granted_at"))
            ),
            models.CheckConstraint(
                name="emergency_access_has_a_reason", condition=Q(reason__length__gte=10)
            ),
        ]
        indexes = [models.Index(fields=["user", "expires_at"])]

    def __str__(self):
        return f"#{self.pk}"
