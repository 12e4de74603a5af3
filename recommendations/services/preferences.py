"""What a patient would rather do: it moves the order of the advice, and hides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients.models import Patient
from recommendations import preferable
from recommendations.models import PatientPreferences
from recommendations.services import recommend

PREFERS, DECLINES = "prefers", "declines"


class NotStored(Exception):
    """The preferences cannot be stored like that; the message says why."""


def history(patient: Patient, *, by: User) -> QuerySet[PatientPreferences]:
    """Everything that was ever said, the newest first."""
    rows = PatientPreferences.objects.visible_to(by).filter(patient=patient)
    return rows.select_related("by").order_by("-at", "-pk")


@transaction.atomic
def say(
    patient: Patient, opinions: Mapping[str, str], *, note: str = "", by: User, now: datetime
) -> PatientPreferences:
    """Store option -> "prefers" or "declines" for a patient one may see; what is not named is
    indifferent. The same as before stores nothing; else the patient is weighed again."""
    permissions.check(by, Permission.PREFERENCES_EDIT)
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise PermissionDenied("This record is not open to you.")
    said = {
        PREFERS: _options(opinions, PREFERS),
        DECLINES: _options(opinions, DECLINES),
        "note": note.strip(),
    }
    last = history(patient, by=by).first()
    if last is not None and all(getattr(last, name) == value for name, value in said.items()):
        return last
    row = PatientPreferences.objects.create(patient=patient, by=by, at=now, **said)
    audit.record("preferences.stored", target=row, by=by, patient_ids=[patient.pk])
    recommend.request(patient_ids=[patient.pk])
    return row


def _options(opinions: Mapping[str, str], wanted: str) -> list[str]:
    unknown = set(opinions) - set(preferable.BY_CODE)
    if unknown or set(opinions.values()) - {PREFERS, DECLINES}:
        raise NotStored("Choose for each line: prefers, would rather not, or no preference.")
    return sorted(code for code, opinion in opinions.items() if opinion == wanted)
