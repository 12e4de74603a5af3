from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from healthcare.accounts.models import User
from ml.recommenders.ranking import Preferences
from patients.models import Patient
from recommendations import preferable


class PatientPreferencesQuerySet(models.QuerySet["PatientPreferences"]):
    def visible_to(self, user: User) -> PatientPreferencesQuerySet:
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def newest(self) -> PatientPreferencesQuerySet:
        """What each patient said last: one row a patient."""
        return self.order_by("patient", "-at", "-pk").distinct("patient")

    def of(self, patient_ids: Collection[int]) -> dict[int, Preferences]:
        """What each of these patients said last, as the ranking takes it; in one query."""
        said = self.filter(patient__in=patient_ids).newest()
        rows = said.values_list("patient", "prefers", "declines")
        return {pk: preferable.features(prefers, declines) for pk, prefers, declines in rows}


class PatientPreferences(models.Model):
    """What a patient would rather do, and rather not. Said anew, it is a new row.

    Words are codes of `recommendations.preferable.OPTIONS`.
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="preferences")
    prefers = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    declines = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = PatientPreferencesQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="not_preferred_and_declined_at_once",
                condition=~Q(prefers__overlap=F("declines")),
            )
        ]
        indexes = [models.Index(fields=["patient", "-at"], name="preferences_of_patient")]

    def __str__(self):
        return f"#{self.pk}"
