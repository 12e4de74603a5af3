"""How the advice of this site fared, measured at one time and kept."""

from __future__ import annotations

from django.db import models


class AdviceEvaluation(models.Model):
    """One run of `services.evaluation`: figures over people, never of one. Never edited."""

    made_at = models.DateTimeField()
    since = models.DateTimeField()
    people = models.PositiveIntegerField(null=True, help_text="Tested; none with too few answers")
    verdict = models.CharField(max_length=300)
    catalogue_digest = models.CharField(max_length=64)
    content = models.JSONField(help_text="services.evaluation.Evaluated as plain values")

    class Meta:
        get_latest_by = "made_at"
        ordering = ["-made_at", "-pk"]

    def __str__(self):
        return f"#{self.pk} of {self.made_at:%Y-%m-%d}"
