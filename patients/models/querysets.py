"""What the tables of facts about a patient share."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models

from healthcare.accounts.models import User


class PatientFactQuerySet(models.QuerySet):
    """Rows that belong to one patient each, with the moment we came to know them."""

    def visible_to(self, user: User) -> Self:
        """Facts of the patients this user may see."""
        from .patients import Patient

        return self.filter(patient__in=Patient.objects.visible_to(user))

    def known_at(self, moment: datetime) -> Self:
        return self.filter(recorded_at__lte=moment)


class PatientFact(models.Model):
    """A dated fact about one patient, with its source."""

    recorded_at = models.DateTimeField(help_text="When this was known here")
    source = models.CharField(max_length=60, help_text="Who or what said so")

    objects = PatientFactQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return f"#{self.pk}"
