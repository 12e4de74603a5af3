"""Messages from the wire: kept first, taken in one transaction, answered by what came of them.

`keep` commits the message before anything else is tried, so that a process that dies leaves it
here. `take` does the rest in one transaction with its answer: a message is answered when its
results are stored, or it is unanswered and taken again, by `take_unanswered` when the listener
starts or when its sender, who has heard nothing, sends it once more.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from healthcare.audit import services as audit
from patients import hl7, signals
from patients.hl7 import answers
from patients.hl7.answers import Remark
from patients.models import HeldResult, Hl7Message, LabSource
from patients.services import hl7rows, intake

log = logging.getLogger(__name__)

SOURCE = "HL7 message"
LONGEST_CONTROL_ID = 199
FIELD = re.compile(r"([A-Z]{3})-(\d+)")
NO_NEED_TO_ACT = {"not_a_result", "not_scored"}


@dataclass(frozen=True)
class Terms:
    """On what terms messages are taken: whose they are, and with which processing ids."""

    lab_source: LabSource | None = None  # None: the one named by MSH-4
    processing_ids: frozenset[str] = answers.PRODUCTION


def answer(raw: bytes, *, terms: Terms, now: datetime) -> str:
    """Keep one message, take it, and say what became of it. Never raises.

    What was not foreseen is answered AE and not kept as the answer: the message stays, and
    is taken when it comes again.
    """
    try:
        kept = keep(raw, terms=terms, now=now)
        if isinstance(kept, str):
            return kept
        return take(kept.pk, terms=terms)
    except Exception as error:
        # The error's own text may hold patient data: only its type is written down.
        log.error("An HL7 message could not be taken: %s", type(error).__name__)
        return _could_not(raw, now=now)


def keep(raw: bytes, *, terms: Terms, now: datetime) -> Hl7Message | str:
    """The message in the database, committed; or the answer to one that cannot be kept.

    A message that is here already is found again by sender and control id.
    """
    digest = hashlib.sha256(raw).hexdigest()
    try:
        text = hl7.decode(raw)
        message = hl7.parse(text)
    except hl7.Unreadable as refusal:
        return _keep_unread(raw, digest, str(refusal), now=now)
    if refused := answers.rejection(message, processing_ids=terms.processing_ids):
        return _keep_refused(message, text, digest, refused.remark, now=now)
    key = _key(message)
    try:
        with transaction.atomic():
            return Hl7Message.objects.create(
                **key,
                digest=digest,
                body=text,
                lab_source=terms.lab_source or _source(message),
                received_at=now,
            )
    except IntegrityError:
        earlier = Hl7Message.objects.get(**key)
    if earlier.digest == digest:
        return earlier
    return answers.acknowledge(message, answers.ERROR, [CONTROL_ID_USED], now=now, own_id="0")


@transaction.atomic
def take(message_id: int, *, terms: Terms) -> str:
    """Store what a kept message says and its answer; a second time gives the same answer."""
    kept = Hl7Message.objects.select_for_update(of=["self"]).get(pk=message_id)
    if kept.acknowledgement:
        return kept.answer
    message = hl7.parse(kept.body)
    observations = hl7.observations(message)
    rows, refused = hl7rows.rows(observations)
    origin = intake.Origin(
        lab_import=None,
        message=kept,
        lab_source=kept.lab_source,
        received_at=kept.received_at,
        source=SOURCE,
    )
    taken = intake.take(rows, origin)
    problems = sorted([*refused, *taken.problems])
    remarks = _remarks(problems, observations, held=_held_rows(kept))
    code = answers.ERROR if any(r.severity == "E" for r in remarks) else answers.ACCEPTED
    kept.accepted_count, kept.corrected_count = taken.accepted, taken.corrected
    kept.duplicate_count, kept.unmatched_count = taken.duplicate, taken.unmatched
    kept.refused_count = taken.refused + len(refused)
    _end(kept, message, code, remarks)
    audit.record(
        "hl7_message.taken",
        target=kept,
        by=None,
        patient_ids=sorted(taken.patient_ids),
        accepted=kept.accepted_count,
        corrected=kept.corrected_count,
        duplicate=kept.duplicate_count,
        refused=kept.refused_count,
        unmatched=kept.unmatched_count,
    )
    if taken.patient_ids:
        signals.results_arrived.send(sender=Hl7Message, patient_ids=sorted(taken.patient_ids))
    return kept.answer


def take_unanswered(*, terms: Terms, stop: Callable[[], bool] = lambda: False) -> int:
    """Take every message that was kept and not answered; return how many were."""
    done = 0
    waiting = Hl7Message.objects.filter(acknowledgement="").order_by("pk")
    for message_id in list(waiting.values_list("pk", flat=True)):
        if stop():
            break
        try:
            take(message_id, terms=terms)
            done += 1
        except Exception as error:
            log.error("Message %s cannot be taken: %s", message_id, type(error).__name__)
    return done


CONTROL_ID_USED = Remark(
    "Another message came with this control id (MSH-10) before. Give each its own.",
    code="205",
    place="MSH^1^10",
)


def _key(message: hl7.Message) -> dict[str, str]:
    """What a message is known by: MSH-3, MSH-4 and MSH-10."""
    return {
        "sending_application": message.application[:180],
        "sending_facility": message.facility[:180],
        "control_id": _fitting(message.control_id),
    }


def _fitting(control_id: str) -> str:
    if len(control_id) <= LONGEST_CONTROL_ID:
        return control_id
    return hashlib.sha256(control_id.encode()).hexdigest()


def _source(message: hl7.Message) -> LabSource | None:
    """The laboratory that MSH-4 names; one that is new gets a name to be mapped under."""
    facility = message.facility[:100]
    if not facility:
        return None
    known = LabSource.objects.filter(facility=facility).order_by("pk").first()
    if known is not None:
        return known
    source, is_new = LabSource.objects.get_or_create(
        name=facility[:60], defaults={"facility": facility}
    )
    if is_new:
        audit.record("lab_source.added", target=source, by=None)
    return source


def _keep_unread(raw: bytes, digest: str, sentence: str, *, now: datetime) -> str:
    """Bytes that are no message, kept as they were for whoever looks into it."""
    said = answers.reject_unread(sentence, now=now)
    body = raw.decode("ascii", "backslashreplace").replace("\0", "\\x00")
    return _keep_answered(
        {"control_id": f"unreadable {digest}"}, body, digest, answers.REJECTED, said, now=now
    )


def _keep_refused(
    message: hl7.Message, text: str, digest: str, remark: Remark, *, now: datetime
) -> str:
    said = answers.acknowledge(message, answers.REJECTED, [remark], now=now, own_id="0")
    key = _key(message)
    key["control_id"] = key["control_id"] or f"none {digest}"
    return _keep_answered(key, text, digest, answers.REJECTED, said, now=now)


def _keep_answered(
    key: dict[str, str], body: str, digest: str, code: str, said: str, *, now: datetime
) -> str:
    kept, _is_new = Hl7Message.objects.get_or_create(
        **key,
        defaults={
            "digest": digest,
            "body": body,
            "received_at": now,
            "acknowledgement": code,
            "answer": said,
        },
    )
    return kept.answer if kept.digest == digest and kept.answer else said


def _held_rows(kept: Hl7Message) -> set[int]:
    return set(HeldResult.objects.filter(message=kept).values_list("row", flat=True))


def _remarks(
    problems: Iterable, observations: Iterable[hl7.Observation], *, held: set[int]
) -> list[Remark]:
    """What the sender is told, the gravest first.

    E: this line was not taken and must be sent again. W: it is here and waits for a person.
    I: it brings no result.
    """
    places = {observation.number: observation.order for observation in observations}
    said = []
    for problem in problems:
        severity = "E"
        if problem.row in held:
            severity = "W"
        elif problem.code in NO_NEED_TO_ACT:
            severity = "I"
        place = _place(problem.column, places.get(problem.row, 1))
        sentence = f"{problem.message} {problem.repair}"
        said.append(Remark(sentence, severity=severity, place=place))
    return sorted(said, key=lambda remark: "EWI".index(remark.severity))


def _place(column: str, order: int) -> str:
    """`OBX-6` of the third OBX as ERR-2 says it: `OBX^3^6`."""
    field = FIELD.match(column)
    if field is None:
        return f"OBX^{order}"
    return f"{field[1]}^{order if field[1] == 'OBX' else 1}^{field[2]}"


def _end(kept: Hl7Message, message: hl7.Message, code: str, remarks: list[Remark]) -> None:
    kept.acknowledgement = code
    kept.answer = answers.acknowledge(
        message, code, remarks, now=kept.received_at, own_id=f"CL{kept.pk}"
    )
    kept.save()


def _could_not(raw: bytes, *, now: datetime) -> str:
    remark = Remark("The message could not be stored just now. Send it again later.")
    try:
        message = hl7.parse(hl7.decode(raw))
    except hl7.Unreadable:
        message = None
    return answers.acknowledge(message, answers.ERROR, [remark], now=now, own_id="0")
