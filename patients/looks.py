"""Who looked into a record: the audit trail of one patient in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from patients.models import Patient

# What a person would call it; what is not here is shown by its own name.
ACTIONS = {
    "patient.read": "Opened the record",
    "patient.not_opened": "Came to the record and was turned away",
    "patient.changed": "Changed name, birth date or other details",
    "patient.registered": "Registered the patient",
    "patient.transferred": "Moved the record to another team",
    "patient.merged": "Joined two records of this patient",
    "patient.parted": "Parted records that had been joined",
    "person.read": "Opened the details of the person",
    "record.read": "Opened a list of the record",
    "results.read": "Read results",
    "labs.read": "Read results",
    "labs.history_read": "Read the history of a result",
    "results.moved": "Moved results to their right patient",
    "predictions.read": "Read risks",
    "predictions.listed": "Listed risks",
    "recommendations.read": "Read recommendations",
    "feedback.given": "Answered a recommendation",
    "worklist.read": "Saw the patient on the worklist",
    "patients.listed": "Saw the patient on a list",
    "patients.identified": "Looked the patient up for a result",
    "result_tasks.read": "Saw a result on the task list",
    "result_task.acknowledged": "Acknowledged a result",
    "result_task.escalated": "Passed a result on that nobody had acknowledged",
    "fact.added": "Added to the record",
    "fact.corrected": "Corrected the record",
    "fact.removed": "Removed an entry from the record",
    "list.reviewed": "Went through a list of the record",
    "identifier.added": "Added a patient number",
    "identifier.removed": "Removed a patient number",
    "consent.read": "Read what the patient allows",
    "consent.decided": "Recorded what the patient allows",
    "emergency_access.granted": "Took emergency access",
    "emergency_access.ended": "Ended emergency access",
    "emergency_access.reviewed": "Reviewed an emergency access",
    "emergency_accesses.read": "Saw the patient on the list of emergency accesses",
    "duplicate.two_people": "Said that a similar record is another person",
    "duplicates.read": "Compared the record with a similar one",
    "held_results.matched": "Said that waiting results are this patient's",
    "hl7_message.taken": "Took results from a laboratory's message",
    "wearables.received": "Sent what a device counted",
    "wearables.imported": "Stored what a device counted",
    "wearables.read": "Looked at what devices had sent",
    "looks.read": "Looked at this list",
    "my-health.read": "Opened the patient's own view",
    "my-looks.read": "Looked at this list",
    "my-consents.read": "Read what is allowed",
}


class Look(NamedTuple):
    at: datetime
    who: str
    role: str
    what: str
    is_emergency: bool


def events(patient: Patient) -> QuerySet[AuditEvent]:
    """Events of a record and of those that were merged into it, newest first."""
    ids = [patient.pk, *Patient.objects.filter(merged_into=patient).values_list("pk", flat=True)]
    return AuditEvent.objects.filter(patient_ids__overlap=ids).order_by("-at", "-pk")


def rows(page: Iterable[AuditEvent]) -> list[Look]:
    """The events of one page with the names of those who did it: one query."""
    shown = list(page)
    people = User.objects.filter(username__in={event.actor for event in shown})
    names = {user.username: user.display_name for user in people}
    return [_look(event, names) for event in shown]


def _look(event: AuditEvent, names: dict[str, str]) -> Look:
    return Look(
        at=event.at,
        who=names.get(event.actor, "The system" if event.actor == "system" else event.actor),
        role=str(dict(User.Role.choices).get(event.role, "")),
        what=ACTIONS.get(
            event.action, event.action.replace(".", " ").replace("_", " ").capitalize()
        ),
        is_emergency=event.action.startswith("emergency_access."),
    )
