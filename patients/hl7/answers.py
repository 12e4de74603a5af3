"""Answers to a sender: accepted (AA), an error in this message (AE), or not for us (AR)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .message import Message, Unreadable, parse

ACCEPTED, ERROR, REJECTED = "AA", "AE", "AR"
MOST_ERRORS = 20
LONGEST_SENTENCE = 250
# Only ORU events whose groups are those of R01 (chapter 7; R30 to R32 come from the bedside).
EVENTS = {"R01", "R30", "R31", "R32"}
PRODUCTION = frozenset({"P"})
# HL7 table 0357
CODES = {
    "101": "Required field missing",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "205": "Duplicate key identifier",
    "207": "Application internal error",
}
INTERNAL = "207"


@dataclass(frozen=True)
class Remark:
    """One ERR segment. `severity` is E, W or I; `place` says where."""

    sentence: str
    code: str = INTERNAL
    severity: str = "E"
    place: str = ""  # such as OBX^3^5


@dataclass(frozen=True)
class Rejection:
    """A message that is not for us, whatever it says."""

    remark: Remark


def rejection(
    message: Message, *, processing_ids: frozenset[str], needs_id: bool = True
) -> Rejection | None:
    """Why a message is not taken: its type, processing id, version or missing control id.

    An empty processing id or version is let pass: many laboratories leave them out. In a file
    nothing is answered, so that a control id is not needed there.
    """
    header = message.header
    kind, event = header.text(9, 1), header.text(9, 2)
    processing, version = header.text(11), header.text(12)
    if needs_id and not message.control_id:
        return _reject("101", "MSH-10 is empty: a message without a control id cannot be told "
                       "from its repetition.", "MSH^1^10")  # fmt: skip
    if kind != "ORU":
        return _reject("200", f"Only results (ORU^R01) are taken here, not {_named(message)}.",
                       "MSH^1^9")  # fmt: skip
    if event and event not in EVENTS:
        return _reject("201", f"Only results (ORU^R01) are taken here, not {_named(message)}.",
                       "MSH^1^9")  # fmt: skip
    if processing and processing not in processing_ids:
        return _reject("202", f"The processing id is {processing[:3]}; taken here: "
                       f"{', '.join(sorted(processing_ids))}.", "MSH^1^11")  # fmt: skip
    if version and not version.startswith("2"):
        return _reject("203", "Only versions 2.x of HL7 are read here.", "MSH^1^12")
    return None


def acknowledge(
    message: Message | None,
    code: str,
    remarks: Sequence[Remark] = (),
    *,
    now: datetime,
    own_id: str,
) -> str:
    """The whole answer, segments ending in carriage returns.

    `message` is None when the sender's could not be read: then nothing can be echoed.
    """
    sender, place, control_id = _of(message)
    msh = ["MSH", "^~\\&", "CARELENS", "", sender, place, now.strftime("%Y%m%d%H%M%S%z"), "",
           "ACK^R01^ACK", own_id, _processing(message), "2.5.1", "", "", "", "", "",
           "UNICODE UTF-8"]  # fmt: skip
    first = remarks[0].sentence if remarks else ""
    lines = ["|".join(msh), f"MSA|{code}|{control_id}|{escape(first[:80])}".rstrip("|")]
    lines += [_error(remark) for remark in remarks[:MOST_ERRORS]]
    return "".join(f"{line}\r" for line in lines)


def reject_unread(sentence: str, *, now: datetime, own_id: str = "0") -> str:
    """The answer to bytes that are no message."""
    return acknowledge(None, REJECTED, [Remark(sentence)], now=now, own_id=own_id)


def escape(text: str) -> str:
    """Text as a component of our answers."""
    text = text.replace("\\", "\\E\\")
    for character, mark in {"|": "F", "^": "S", "&": "T", "~": "R"}.items():
        text = text.replace(character, f"\\{mark}\\")
    return "".join(character for character in text if character.isprintable())


def code_of(answer: str) -> str:
    """AA, AE or AR of an answer, "" when it is none."""
    try:
        return next(parse(answer).all("MSA")).text(1)
    except (Unreadable, StopIteration):
        return ""


def _named(message: Message) -> str:
    return message.kind[:20] or "a message without a type"


def _reject(code: str, sentence: str, place: str) -> Rejection:
    return Rejection(Remark(sentence, code=code, place=place))


def _of(message: Message | None) -> tuple[str, str, str]:
    if message is None:
        return "", "", ""
    return (
        escape(message.application),
        escape(message.facility),
        escape(message.control_id),
    )


def _processing(message: Message | None) -> str:
    return escape(message.header.text(11)) or "P" if message else "P"


def _error(remark: Remark) -> str:
    code = f"{remark.code}^{CODES[remark.code]}^HL70357"
    sentence = escape(remark.sentence[:LONGEST_SENTENCE])
    return f"ERR||{remark.place}|{code}|{remark.severity}||||{sentence}"
