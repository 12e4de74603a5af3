"""Who a patient is, which numbers they have, and which team cares for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from healthcare.accounts.models import CareTeam, User
from healthcare.audit import services as audit
from patients.models import Patient, PatientIdentifier
from patients.services import duplicates
from patients.services.records import NotChanged, hold
from patients.signals import record_changed


class NumberTaken(NotChanged):
    def __init__(self) -> None:
        super().__init__(
            "This number is another patient's. Check it; if both records are of one person, "
            "ask an administrator to merge them."
        )


@transaction.atomic
def change(patient: Patient, changes: Mapping[str, Any], *, by: User) -> bool:
    """Store what is now known of a patient; return whether anything changed.

    The audit trail says which fields changed, never their values.
    """
    hold(patient.pk)
    patient.refresh_from_db()
    new = {name: value for name, value in changes.items() if getattr(patient, name) != value}
    if not new:
        return False
    for name, value in new.items():
        setattr(patient, name, value)
    patient.save(update_fields=[*new, "updated_at"])
    audit.record(
        "patient.changed", target=patient, by=by, patient_ids=[patient.pk], fields=sorted(new)
    )
    duplicates.demographics_changed(patient)
    record_changed.send(sender=Patient, patient_ids=[patient.pk])
    return True


@transaction.atomic
def add_identifier(patient: Patient, *, system: str, value: str, by: User) -> PatientIdentifier:
    """Give a patient one more number; the same twice is once. Raises NumberTaken."""
    hold(patient.pk)
    try:
        with transaction.atomic():
            number, is_new = PatientIdentifier.objects.get_or_create(
                system=system, value=value, defaults={"patient": patient}
            )
    except IntegrityError:  # somebody else was faster
        raise NumberTaken from None
    if number.patient_id != patient.pk:
        raise NumberTaken
    if is_new:
        audit.record(
            "identifier.added", target=number, by=by, patient_ids=[patient.pk], system=system
        )
        duplicates.demographics_changed(patient)
    return number


@transaction.atomic
def remove_identifier(number: PatientIdentifier, *, by: User) -> None:
    """Take a number off a record: results that carry it will no longer find the patient."""
    hold(number.patient_id)
    gone, _ = PatientIdentifier.objects.filter(pk=number.pk).delete()
    if gone:
        audit.record(
            "identifier.removed", target=number, by=by, patient_ids=[number.patient_id],
            system=number.system,
        )  # fmt: skip


@transaction.atomic
def transfer(patient: Patient, team: CareTeam, *, by: User, reason: str) -> bool:
    """Give a patient into the care of another team; return whether the team is a new one.

    From then on the members of the new team see the record and those of the old one do not.
    """
    hold(patient.pk)
    patient.refresh_from_db()
    before = patient.care_team_id
    if before == team.pk:
        return False
    if not by.care_teams.filter(pk=before).exists():  # seen by emergency access, for an hour
        raise PermissionDenied("Only the care team of a patient may transfer them to another.")
    patient.care_team = team
    patient.save(update_fields=["care_team", "updated_at"])
    audit.record(
        "patient.transferred", target=patient, by=by, patient_ids=[patient.pk],
        from_team=before, to_team=team.pk, reason=reason,
    )  # fmt: skip
    return True
