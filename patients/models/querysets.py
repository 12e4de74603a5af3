"""What the tables of facts about a patient share."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

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


class RecordFactQuerySet(PatientFactQuerySet):
    """Facts that may have been corrected: a correction is a new row, the old one ends."""

    def current(self) -> Self:
        return self.filter(superseded_at=None)

    def known_at(self, moment: datetime) -> Self:
        """What the record said at a moment, whatever has been corrected since."""
        return self.filter(
            Q(superseded_at=None) | Q(superseded_at__gt=moment), recorded_at__lte=moment
        )


class RecordFact(PatientFact):
    """A fact of the record that people and other systems may correct; nothing is overwritten."""

    PLAIN = {"id", "patient", "recorded_at", "source", "external_id", "entered_by",
             "superseded_at", "change_reason"}  # fmt: skip

    external_id = models.CharField(
        max_length=100, blank=True, default="", db_default="", help_text="The sender's own number"
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    superseded_at = models.DateTimeField(
        null=True, blank=True, help_text="When a correction or a removal ended it"
    )
    change_reason = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Why it was ended"
    )

    objects = RecordFactQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        abstract = True
