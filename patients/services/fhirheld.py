"""Resources of a FHIR file that are not in the record: which, why, and what a person can do.

Single values wait on the work list of held results, by test and unit. Everything else waits here
with its file: for its patient, until the sender's number is on somebody's record and the file's
resources are read again; or for its sender, who has to send it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients import signals
from patients.models import FhirResource, LabImport
from patients.services import fhirwaiting

Outcome = FhirResource.Outcome
NOT_STORED = Q(outcome__in=[Outcome.HELD, Outcome.REFUSED])
MOST_CAUSES = 100
HEADER = ["type", "name", "outcome", "reason", "what to do", "number system", "number"]


def causes(lab_import: LabImport) -> list[dict[str, Any]]:
    """Resources that wait or were refused by type and reason, the commonest first."""
    groups = _not_stored(lab_import).values("resource_type", "outcome", "reason", "is_nobodys")
    rows = groups.annotate(resources=Count("pk")).order_by("-resources", "resource_type", "reason")
    return [row | _told(row) for row in rows[:MOST_CAUSES]]


def listed(lab_import: LabImport) -> Iterator[list[str]]:
    """Each of them as a row of a table, headings first: what its sender calls it and, where its
    patient is not known, the number that it was sent with."""
    from patients.services import fhirin  # its libraries are not loaded for other files

    yield HEADER
    namespace = fhirin.namespace_of(lab_import)
    for one in _not_stored(lab_import).order_by("pk").iterator(chunk_size=500):
        row = {"resource_type": one.resource_type, "outcome": one.outcome,
               "is_nobodys": one.patient_id is None}  # fmt: skip
        told = _told(row)
        number = fhirwaiting.number_of(one, namespace) if row["is_nobodys"] else ("", "")
        yield [one.resource_type, one.resource_id, told["state"], one.reason, told["todo"], *number]


def waiting(lab_import: LabImport) -> int:
    """How many of them wait for their patient."""
    return fhirwaiting.waiting().filter(lab_import=lab_import).count()


def has_unknown_people(lab_import: LabImport) -> bool:
    """Whether anything waits for somebody to say whose it is, be it a Patient alone."""
    waits = _not_stored(lab_import).filter(outcome=Outcome.HELD, is_nobodys=True)
    return lab_import.withdrawn_at is None and waits.exists()


@transaction.atomic
def read_again(lab_import: LabImport, *, by: User, now: datetime) -> int:
    """Read those that wait for their patient, and store what is of a patient who is known now.

    Returns how many wait no longer; a second time finds none.
    """
    permissions.check(by, Permission.INTAKE_RESOLVE)
    before = waiting(lab_import)
    changed = sorted(fhirwaiting.read_again(lab_import, now=now))
    settled = before - waiting(lab_import)
    audit.record(
        "fhir.read_again", target=lab_import, by=by, patient_ids=changed, resources=settled
    )
    if changed:
        signals.record_changed.send(sender=LabImport, patient_ids=changed)
        signals.results_arrived.send(sender=LabImport, patient_ids=changed)
    return settled


def _not_stored(lab_import: LabImport) -> QuerySet:
    rows = FhirResource.objects.filter(NOT_STORED, lab_import=lab_import)
    return rows.annotate(is_nobodys=Q(patient=None))


def _told(row: dict[str, Any]) -> dict[str, str]:
    return {"state": Outcome(row["outcome"]).label, "todo": _todo(row)}


def _todo(row: dict[str, Any]) -> str:
    if row["outcome"] == Outcome.REFUSED:
        return "Put it right where it was written, and send it again."
    if row["resource_type"] == "Patient":
        return "Say who it is; or withdraw the file and send it again with a care team."
    if row["is_nobodys"]:
        return "Say whose it is; or look again when the number is on the patient's record."
    return "Say on the list of held results which test or unit is meant."
