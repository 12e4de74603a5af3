from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from healthcare.accounts.models import User
from patients.models import Patient

from .versions import ModelVersion


class PredictionQuerySet(models.QuerySet["Prediction"]):
    def visible_to(self, user: User) -> PredictionQuerySet:
        """Predictions about the patients this user may see."""
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def current(self) -> PredictionQuerySet:
        return self.filter(superseded_at=None)


class Prediction(models.Model):
    """What one model version said about one patient from what was known at one moment.

    Holds all that is needed to say the same again: inputs, digest of the model, code version.
    An abstention is a prediction without a number and with a reason. Never edited; a newer
    one sets `superseded_at`.
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="predictions")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT)
    task = models.CharField(max_length=40)
    as_of = models.DateTimeField(help_text="Nothing known later was used")
    checked_at = models.DateTimeField(help_text="When the same was last said again")
    code_version = models.CharField(max_length=40)
    inputs_digest = models.CharField(max_length=64)
    # Snapshots for replay, keyed by the model's own features (their schema is its manifest).
    inputs = models.JSONField(default=dict)
    contributions = models.JSONField(default=list)
    missing = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    horizon_years = models.PositiveSmallIntegerField(null=True)
    risk = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    baseline = models.FloatField(null=True, help_text="Risk before this person's own inputs")
    tier_flip = models.FloatField(null=True, help_text="Share of refits in another tier")
    tier = models.CharField(max_length=2, blank=True, help_text="T0 to T3")
    advice = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why there is no number")
    next_test = models.CharField(max_length=100, blank=True)
    superseded_at = models.DateTimeField(null=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_current_prediction",
                fields=["patient", "task"],
                condition=Q(superseded_at=None),
            ),
            models.CheckConstraint(
                name="risk_within_its_interval",
                condition=Q(risk=None)
                | Q(risk__gte=0, risk__lte=1, low__lte=F("risk"), high__gte=F("risk")),
            ),
            models.CheckConstraint(
                name="a_number_or_a_reason",
                condition=Q(risk=None, tier="") & ~Q(reason="") | Q(risk__isnull=False, reason=""),
            ),
        ]
        indexes = [
            # Serves the worklist: the riskiest of a task first, those without a number last.
            models.Index(
                "task",
                F("risk").desc(nulls_last=True),
                "patient",
                include=["tier", "low", "high", "as_of"],
                condition=Q(superseded_at=None),
                name="prediction_worklist",
            ),
            models.Index(fields=["patient", "task", "-as_of"]),
        ]

    def __str__(self):
        return f"#{self.pk} {self.task}"
