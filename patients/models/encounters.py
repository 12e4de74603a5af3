from django.db import models
from django.db.models import F, Q

from .patients import Patient
from .querysets import RecordFact


class Encounter(RecordFact):
    """A visit or a stay."""

    class Kind(models.TextChoices):
        OUTPATIENT = "OUTPATIENT", "Clinic visit"
        INPATIENT = "INPATIENT", "Hospital stay"
        EMERGENCY = "EMERGENCY", "Emergency visit"

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"kind", "reason", "started_at", "ended_at", "ward"}
        plain = RecordFact.PLAIN

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="encounters")
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.CharField(max_length=200, blank=True)
    ward = models.CharField(max_length=100, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="encounter_ends_after_start",
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
            )
        ]
        indexes = [models.Index(fields=["patient", "-started_at"])]
