"""Who works here: users with one role each, the teams they belong to, keys of systems."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q


class CareTeam(models.Model):
    """A ward, clinic or practice; a patient belongs to exactly one."""

    name = models.CharField(max_length=100, unique=True)

    def __str__(self):
        return self.name


class User(AbstractUser):
    """A person or system that signs in. What it may do follows from its role alone."""

    class Role(models.TextChoices):
        CLINICIAN = "CLINICIAN", "Clinician"
        LAB_STAFF = "LAB_STAFF", "Lab staff"
        DATA_SCIENTIST = "DATA_SCIENTIST", "Data scientist"
        CATALOGUE_EDITOR = "CATALOGUE_EDITOR", "Catalogue editor"
        ADMINISTRATOR = "ADMINISTRATOR", "Administrator"
        PATIENT = "PATIENT", "Patient"
        API_CLIENT = "API_CLIENT", "API client"

    class Units(models.TextChoices):
        US = "US", "US (mg/dL)"
        SI = "SI", "SI (mmol/L)"

    role = models.CharField(max_length=20, choices=Role, default=Role.CLINICIAN)
    units = models.CharField(
        "units of results", max_length=2, choices=Units, default="US", db_default="US"
    )
    care_teams = models.ManyToManyField(CareTeam, blank=True, related_name="members")

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.get_username()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, *, at: datetime) -> ApiKeyQuerySet:
        unexpired = Q(expires_at=None) | Q(expires_at__gt=at)
        return self.filter(unexpired, revoked_at=None, user__is_active=True)

    def matching(self, key: str) -> ApiKeyQuerySet:
        return self.filter(digest=ApiKey.digest_of(key))


class ApiKey(models.Model):
    """A key of an external system. Only its digest is kept; the key is shown once."""

    PREFIX = "ck_"

    name = models.CharField(max_length=100, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self):
        return self.name

    @staticmethod
    def digest_of(key: str) -> str:
        # A key has 256 random bits: a plain digest cannot be guessed back, unlike a password's.
        return hashlib.sha256(key.encode()).hexdigest()

    @classmethod
    def generate(cls) -> str:
        return cls.PREFIX + secrets.token_urlsafe(32)


class LoginFailureQuerySet(models.QuerySet["LoginFailure"]):
    def recent(self, *, at: datetime) -> LoginFailureQuerySet:
        return self.filter(at__gt=at - LoginFailure.WINDOW)


class LoginFailure(models.Model):
    """A log-in that did not succeed, kept for the length of the window.

    Counted in PostgreSQL, so that the limit holds over all web processes and a broker that is
    gone. The name is kept as a digest: people type passwords into the wrong field.
    """

    WINDOW = timedelta(minutes=5)

    at = models.DateTimeField(db_index=True)
    name_digest = models.CharField(max_length=64)
    address = models.GenericIPAddressField(null=True)

    objects = LoginFailureQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["name_digest", "at"]),
            models.Index(fields=["address", "at"]),
        ]

    def __str__(self):
        return f"#{self.pk} {self.at:%Y-%m-%d %H:%M}"
