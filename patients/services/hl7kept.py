"""Messages that were received: the list for those who run the intake, and how long their text
is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from patients.models import HeldResult, Hl7Message

log = logging.getLogger(__name__)

# By the acknowledgement: "" until it is answered.
STATES = {
    "AA": "Taken",
    "AE": "Taken in part or not",
    "AR": "Refused",
    "": "Not answered yet",
}


@dataclass(frozen=True)
class Told:
    """One message, and what its sender was told of it."""

    message: Hl7Message
    state: str
    remarks: list[tuple[str, str]]  # where, and the sentence


def received(user: User, *, acknowledgement: str | None = None) -> QuerySet[Hl7Message]:
    """Every message of the hospital, the newest first, without its text."""
    if not permissions.can(user, Permission.IMPORTS_VIEW):
        return Hl7Message.objects.none()
    rows = Hl7Message.objects.select_related("lab_source").defer("body")
    if acknowledgement is not None:
        rows = rows.filter(acknowledgement=acknowledgement)
    return rows.order_by("-received_at", "-pk")


def told(messages: Iterable[Hl7Message]) -> list[Told]:
    """What became of them, from their answers."""
    return [
        Told(message, STATES.get(message.acknowledgement, "Refused"), _remarks(message.answer))
        for message in messages
    ]


def forget_bodies(*, now: datetime) -> int:
    """Remove the text of messages that were answered long ago; return of how many.

    One that is not answered, or of which a row still waits for a person, keeps its own.
    """
    if not settings.HL7_BODIES_KEPT_DAYS:
        return 0
    waiting = HeldResult.objects.waiting().filter(message=OuterRef("pk"))
    old = Hl7Message.objects.filter(
        received_at__lt=now - timedelta(days=settings.HL7_BODIES_KEPT_DAYS)
    )
    done = old.exclude(acknowledgement="").exclude(body="").exclude(Exists(waiting))
    count = done.update(body="")
    if count:
        log.info("The text of %s HL7 messages was removed: it had been kept long enough.", count)
    return count


def _remarks(answer: str) -> list[tuple[str, str]]:
    if not answer:
        return []
    from patients import hl7  # its library is not loaded for other pages

    return [(err.raw(2).replace("^", "-"), err.text(8)) for err in hl7.parse(answer).all("ERR")]
