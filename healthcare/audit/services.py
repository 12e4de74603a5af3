"""Write audit events. Called by services for writes and by pages and endpoints for reads."""

from collections.abc import Iterable

from django.db.models import Model

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent

SYSTEM = "system"


def record(
    action: str, *, target: Model, by: User | None, patient_ids: Iterable[int] = (), **details
) -> None:
    """Write down a change inside the caller's transaction; `by=None` is the system itself."""
    AuditEvent.objects.create(
        actor=by.get_username() if by else SYSTEM,
        role=by.role if by else "",
        action=action,
        target_type=target._meta.label,
        target_id=str(target.pk),
        patient_ids=list(patient_ids),
        details=details,
    )


def read(action: str, *, patient_ids: Iterable[int], by: User, **details) -> None:
    """Write down that a user was shown data of these patients; one event a page."""
    if patient_ids := list(patient_ids):
        AuditEvent.objects.create(
            actor=by.get_username(),
            role=by.role,
            action=action,
            patient_ids=patient_ids,
            details=details,
        )


def refused(action: str, *, by: User, **details) -> None:
    """Write down that a user asked for something and did not get it."""
    AuditEvent.objects.create(actor=by.get_username(), role=by.role, action=action, details=details)
