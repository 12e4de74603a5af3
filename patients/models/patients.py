from __future__ import annotations

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from healthcare.accounts import permissions
from healthcare.accounts.models import CareTeam, User
from healthcare.accounts.permissions import Permission


def completed_years(birth_date: date, day: date) -> int:
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (not had_birthday)


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User) -> PatientQuerySet:
        """Patients this user may see. Every page and endpoint starts here.

        A record that was merged into another is seen through that one only.
        """
        if permissions.can(user, Permission.PATIENT_VIEW):
            from .access import EmergencyAccess

            # The database's clock: an access ends for everybody at the same moment.
            emergencies = EmergencyAccess.objects.filter(user=user, ended_at=None).filter(
                granted_at__lte=Now(), expires_at__gt=Now()
            )
            return self.in_use().filter(
                Q(care_team__in=user.care_teams.all()) | Q(pk__in=emergencies.values("patient_id"))
            )
        if permissions.can(user, Permission.OWN_RECORD_VIEW):
            return self.in_use().filter(user=user)
        return self.none()

    def identifiable_to(self, user: User) -> PatientQuerySet:
        """Patients whom this user may look up by number, name and birth date, to say whose a
        result is. Demographics only: never a way to the record."""
        if permissions.can(user, Permission.INTAKE_RESOLVE):
            return self.in_use()
        return self.none()

    def in_use(self) -> PatientQuerySet:
        return self.filter(merged_into=None)


class Patient(models.Model):
    """A person under the care of one team.

    Inside the site a patient is known by their identifiers; URLs, the API and logs use only
    `public_id`, which says nothing about the person.
    """

    class Sex(models.TextChoices):
        FEMALE = "female", "Female"
        MALE = "male", "Male"
        UNKNOWN = "unknown", "Not recorded"

    class Ethnicity(models.TextChoices):
        WHITE = "non_hispanic_white", "Non-Hispanic White"
        BLACK = "non_hispanic_black", "Non-Hispanic Black"
        HISPANIC = "hispanic", "Hispanic"
        ASIAN = "non_hispanic_asian", "Non-Hispanic Asian"
        OTHER = "other", "Other"

    class Precision(models.TextChoices):
        DAY = "day", "Day"
        MONTH = "month", "Month only"
        YEAR = "year", "Year only"

    class Privacy:
        identifying = {"family_name", "given_name", "user", "phone", "postal_code"}
        sensitive = {"sex", "birth_date", "died_on", "ethnicity", "pregnant_since",
                     "is_breastfeeding"}  # fmt: skip
        plain = {"id", "public_id", "care_team", "is_synthetic", "merged_into",
                 "birth_date_precision", "conditions_reviewed_on",
                 "medications_reviewed_on", "allergies_reviewed_on", "family_reviewed_on",
                 "updated_at"}  # fmt: skip

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    care_team = models.ForeignKey(CareTeam, on_delete=models.PROTECT, related_name="patients")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100)
    sex = models.CharField("sex at birth", max_length=7, choices=Sex)
    birth_date = models.DateField(help_text="The middle of what is known of it")
    birth_date_precision = models.CharField(
        max_length=5, choices=Precision, default="day", db_default="day"
    )
    died_on = models.DateField(null=True, blank=True)
    ethnicity = models.CharField(max_length=20, choices=Ethnicity, blank=True)
    pregnant_since = models.DateField(null=True, blank=True, help_text="Last menstrual period")
    is_breastfeeding = models.BooleanField(null=True)
    phone = models.CharField(max_length=30, blank=True, default="", db_default="")
    postal_code = models.CharField(max_length=12, blank=True, default="", db_default="")
    is_synthetic = models.BooleanField(default=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_records"
    )
    # A list nobody has gone through is unknown; an empty one that was is "none".
    conditions_reviewed_on = models.DateField(null=True, blank=True)
    medications_reviewed_on = models.DateField(null=True, blank=True)
    allergies_reviewed_on = models.DateField(null=True, blank=True)
    family_reviewed_on = models.DateField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="patient_born_before_death",
                condition=Q(died_on=None) | Q(died_on__gte=F("birth_date")),
            )
        ]
        indexes = [models.Index(fields=["care_team", "family_name", "given_name", "id"])]

    def __str__(self):
        return f"#{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("patient", args=[self.public_id])

    @property
    def name(self) -> str:
        return f"{self.family_name.upper()}, {self.given_name}"

    def age_on(self, day: date) -> int:
        return completed_years(self.birth_date, day)


class PatientIdentifier(models.Model):
    """A number somebody gave the patient, in the namespace of who gave it."""

    class Privacy:
        identifying = {"value"}
        sensitive: set[str] = set()
        plain = {"id", "patient", "system"}

    MRN = "mrn"

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="identifiers")
    system = models.CharField(max_length=100, default=MRN, help_text="Such as mrn or a URI")
    value = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="identifier_once", fields=["system", "value"]),
        ]

    def __str__(self):
        return f"#{self.pk} {self.system}"
