"""Past the care team's door in an emergency: for a reason, to one record, for an hour.

Nobody is asked first, since there is no time; everybody may look afterwards. Whoever goes in
must know whom they mean (the exact number and birth date), says why, and is seen: in the audit
trail, by a notice to every administrator, and on a list that administrators review.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.lookups import IsNull

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from healthcare.audit.models import AuditEvent
from patients.models import Consent, EmergencyAccess, Notice, Patient
from patients.services import consent

REFUSED = "emergency_access.refused"
GUESSES = 5
WINDOW = timedelta(minutes=15)
WINDOW_MINUTES = WINDOW // timedelta(minutes=1)


class NotGranted(Exception):
    """Emergency access was not given; the message is for the person who asked."""


class NoSuchPatient(NotGranted):
    def __init__(self) -> None:
        super().__init__(
            "No patient here has this number and birth date. Check both, with leading zeros."
        )


class TooManyGuesses(NotGranted):
    def __init__(self) -> None:
        super().__init__(
            f"Too many attempts did not fit a patient. Wait {WINDOW_MINUTES} minutes, or call "
            "the patient's care team."
        )


class ReasonTooShort(NotGranted):
    def __init__(self) -> None:
        super().__init__(
            f"Give the reason in at least {EmergencyAccess.SHORTEST_REASON} characters. It is "
            "kept with your name."
        )


class PatientObjected(NotGranted):
    def __init__(self) -> None:
        super().__init__(
            "This patient has objected to being treated by other teams. If it cannot wait, "
            "confirm that you know, and ask again."
        )


def grant(
    *,
    number: str,
    birth_date: date,
    reason: str,
    by: User,
    now: datetime,
    knows_of_objection: bool = False,
) -> EmergencyAccess:
    """Open the record with this number and birth date; twice while it is open is once.

    Raises NotGranted with a sentence; a wrong guess is counted and written down even so.
    """
    found = Q(identifiers__value=number.strip())
    return _grant(found, birth_date, reason, by, now, knows_of_objection=knows_of_objection)


def grant_by_address(
    *,
    public_id: UUID,
    birth_date: date,
    reason: str,
    by: User,
    now: datetime,
    knows_of_objection: bool = False,
) -> EmergencyAccess:
    """The same for somebody who was sent to the address of a record they may not open."""
    found = Q(public_id=public_id)
    return _grant(found, birth_date, reason, by, now, knows_of_objection=knows_of_objection)


def _grant(
    found: Q, birth_date: date, reason: str, by: User, now: datetime, *, knows_of_objection: bool
) -> EmergencyAccess:
    permissions.check(by, Permission.EMERGENCY_ACCESS)
    _check_guesses(by, now)
    if len(reason.strip()) < EmergencyAccess.SHORTEST_REASON:
        raise ReasonTooShort
    people = Patient.objects.in_use().filter(found, birth_date=birth_date).distinct()
    if len(patients := list(people[:2])) != 1:  # none, or a number that two namespaces share
        audit.refused(REFUSED, by=by)
        raise NoSuchPatient
    return _open(patients[0], reason.strip(), by, now, knows_of_objection=knows_of_objection)


@transaction.atomic
def _open(
    patient: Patient, reason: str, by: User, now: datetime, *, knows_of_objection: bool
) -> EmergencyAccess:
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if running := current(by, patient, now=now):
        return running
    objects = not consent.is_given(patient, Consent.Purpose.TREATMENT)
    if objects and not knows_of_objection:
        raise PatientObjected
    access = EmergencyAccess.objects.create(
        user=by, patient=patient, reason=reason[:300], granted_at=now,
        expires_at=now + EmergencyAccess.LASTS,
    )  # fmt: skip
    audit.record(
        "emergency_access.granted", target=access, by=by, patient_ids=[patient.pk],
        patient_objects=objects,
    )  # fmt: skip
    _tell_administrators(access, now)
    return access


def current(user: User, patient: Patient, *, now: datetime) -> EmergencyAccess | None:
    """The access by which this user sees this patient now, if any."""
    rows = EmergencyAccess.objects.in_force(now).filter(user=user, patient=patient)
    return rows.order_by("-expires_at").first()


def is_objected_to(patient: Patient) -> bool:
    """Whether a patient seen by emergency access has said no to other teams. Expects a row of
    `who.visible`; asks nothing for the care team's own patients."""
    if not patient.emergency_until:  # type: ignore[attr-defined]
        return False
    return not consent.is_given(patient, Consent.Purpose.TREATMENT)


def is_elsewhere(public_id: UUID, *, by: User) -> bool:
    """Whether this address is of a record of another team, which this user might open in an
    emergency. That much is told, nothing else; and it is written down that they came."""
    if not permissions.can(by, Permission.EMERGENCY_ACCESS):
        return False
    patient = Patient.objects.in_use().filter(public_id=public_id).first()
    if patient is None or Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        return False
    audit.record("patient.not_opened", target=patient, by=by, patient_ids=[patient.pk])
    return True


@transaction.atomic
def end(access: EmergencyAccess, *, by: User, now: datetime) -> None:
    """Close the door behind oneself; twice is once."""
    own = EmergencyAccess.objects.filter(pk=access.pk, user=by, ended_at=None, expires_at__gt=now)
    if own.update(ended_at=now):
        audit.record(
            "emergency_access.ended", target=access, by=by, patient_ids=[access.patient_id]
        )


def for_review(user: User) -> QuerySet[EmergencyAccess]:
    """Every access, those that nobody has reviewed first."""
    if not permissions.can(user, Permission.ACCESS_REVIEW):
        return EmergencyAccess.objects.none()
    rows = EmergencyAccess.objects.select_related("user", "patient__care_team", "reviewed_by")
    return rows.order_by(IsNull(F("reviewed_at"), True).desc(), "-granted_at", "-pk")


@transaction.atomic
def review(access: EmergencyAccess, *, by: User, now: datetime) -> None:
    """An administrator has looked into it; the first one stands."""
    permissions.check(by, Permission.ACCESS_REVIEW)
    rows = EmergencyAccess.objects.filter(pk=access.pk, reviewed_at=None)
    if rows.update(reviewed_by=by, reviewed_at=now):
        Notice.objects.unread().filter(emergency_access=access).update(read_at=now)
        audit.record(
            "emergency_access.reviewed", target=access, by=by, patient_ids=[access.patient_id]
        )


def _check_guesses(by: User, now: datetime) -> None:
    """Counted in the audit trail, so that the limit holds over all web processes."""
    wrong = AuditEvent.objects.filter(action=REFUSED, actor=by.get_username(), at__gt=now - WINDOW)
    if wrong.count() >= GUESSES:
        raise TooManyGuesses


def _tell_administrators(access: EmergencyAccess, now: datetime) -> None:
    administrators = User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True)
    Notice.objects.bulk_create(
        Notice(
            recipient=administrator,
            kind=Notice.Kind.EMERGENCY_ACCESS,
            patient_id=access.patient_id,
            emergency_access=access,
            created_at=now,
        )
        for administrator in administrators.order_by("pk")
    )
