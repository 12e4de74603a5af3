"""What a patient allows their data to be used for; the newest decision counts, all are kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients.models import Consent, Patient

Purpose = Consent.Purpose


class Standing(NamedTuple):
    """What holds for one purpose now; `decision` is None while nobody has asked."""

    purpose: str
    label: str
    is_given: bool
    decision: Consent | None


class NotPatientsOwn(Exception):
    """Only those who care for a patient, or the patient, record what the patient decided."""

    def __init__(self) -> None:
        super().__init__("You may record this only for a patient whose record you may change.")


@transaction.atomic
def decide(
    patient: Patient, purpose: str, *, is_given: bool, by: User, now: datetime, note: str = ""
) -> Consent:
    """Write down a decision. The same decision again changes nothing and returns the first.

    Raises NotPatientsOwn, and ValueError for a purpose that there is not.
    """
    if not (permissions.can(by, Permission.RECORD_EDIT) or patient.user_id == by.pk):
        raise NotPatientsOwn
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise NotPatientsOwn
    Patient.objects.select_for_update().get(pk=patient.pk)  # one decision at a time
    before = Consent.objects.filter(patient=patient, purpose=Purpose(purpose)).newest().first()
    if before is not None and (before.is_given, before.note) == (is_given, note):
        return before
    decided = Consent.objects.create(
        patient=patient, purpose=purpose, is_given=is_given, decided_at=now, recorded_by=by,
        note=note,
    )  # fmt: skip
    audit.record(
        "consent.decided", target=decided, by=by, patient_ids=[patient.pk], purpose=purpose
    )
    return decided


def is_given(patient: Patient, purpose: str) -> bool:
    """Whether this use is allowed now; asked at every use, never remembered."""
    decision = Consent.objects.filter(patient=patient, purpose=purpose).newest().first()
    return Consent.UNASKED[Purpose(purpose)] if decision is None else decision.is_given


def who_allow(purpose: str, patients: QuerySet[Patient]) -> QuerySet[Patient]:
    """Those of these patients whose data may be used for this."""
    newest = Consent.objects.filter(purpose=purpose).newest()
    said_yes = Consent.objects.filter(pk__in=newest.values("pk"), is_given=True)
    said_no = Consent.objects.filter(pk__in=newest.values("pk"), is_given=False)
    if Consent.UNASKED[Purpose(purpose)]:
        return patients.exclude(pk__in=said_no.values("patient"))
    return patients.filter(pk__in=said_yes.values("patient"))


def newest(patient: Patient) -> list[Standing]:
    """What holds for each purpose, in the order of the list of purposes."""
    rows = Consent.objects.filter(patient=patient).newest().select_related("recorded_by")
    decided = {row.purpose: row for row in rows}
    return [_standing(purpose, decided.get(purpose.value)) for purpose in Purpose]


def history(patient: Patient) -> Iterable[Consent]:
    """Every decision, newest first."""
    rows = Consent.objects.filter(patient=patient).select_related("recorded_by")
    return rows.order_by("-decided_at", "-pk")


def _standing(purpose: Consent.Purpose, decision: Consent | None) -> Standing:
    given = Consent.UNASKED[purpose] if decision is None else decision.is_given
    return Standing(purpose.value, str(purpose.label), given, decision)
