"""One HL7 v2 message as segments, fields, repetitions, components and sub-components.

python-hl7 does the splitting. Its own `unescape` is not used: it writes fields that it cannot
read into the log, and a field may name the patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import hl7

START, END = "\x0b", "\x1c"  # what frames a message on the wire
SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
LINE_ENDS = re.compile("\r\n|\r|\n")
MOST_MARKS = 150_000  # separators of a message: each costs memory, 3,000 results have fewer
NULL = '""'  # HL7's word for "this value is to be deleted"
ESCAPED_HEX = re.compile(r"[0-9A-Fa-f]{2,}")
FORMATTING = re.compile(r"\.(br|sp|fi|nf|in|ti|sk|ce)[+-]?\d*", re.IGNORECASE)


class Unreadable(Exception):
    """This is no HL7 message that can be read; the text is a sentence for its sender."""


@dataclass(frozen=True)
class Separators:
    """MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    sub: str = "&"


class Part:
    """A field, repetition or component: asked for its parts, counted from 1 as HL7 does."""

    def __init__(self, container: Any, separators: Separators):
        self.container, self.separators = container, separators

    def __str__(self) -> str:
        """All of it as plain text, components with spaces between."""
        marks = re.escape(self.separators.component + self.separators.sub)
        parts = re.split(f"[{marks}]", self.raw)
        return " ".join(filter(None, (unescape(part, self.separators) for part in parts)))

    @property
    def raw(self) -> str:
        return str(self.container)

    def component(self, number: int, sub: int = 1) -> str:
        """One component, or sub-component of it, as plain text; "" where there is none."""
        found = _child(_child(self.container, number), sub)
        text = unescape(str(found), self.separators)
        return "" if text == NULL else text


class Segment:
    """One line of a message. `number` is that of the line, MSH being 1."""

    def __init__(self, container: Any, number: int, separators: Separators):
        self.container, self.number, self.separators = container, number, separators
        self.name = str(container[0])

    def raw(self, field: int) -> str:
        return str(self.container[field]) if field < len(self.container) else ""

    def repetitions(self, field: int) -> list[Part]:
        """What a field says, each time that it says something."""
        if field >= len(self.container):
            return []
        parts = [Part(said, self.separators) for said in self.container[field]]
        return [part for part in parts if part.raw.strip()]

    def first(self, field: int) -> Part:
        found = self.repetitions(field)
        return found[0] if found else Part("", self.separators)

    def text(self, field: int, component: int = 1, sub: int = 1) -> str:
        return self.first(field).component(component, sub)


@dataclass(frozen=True)
class Message:
    segments: tuple[Segment, ...]
    separators: Separators

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def all(self, name: str) -> Iterator[Segment]:
        return (segment for segment in self.segments if segment.name == name)

    @property
    def kind(self) -> str:
        """Type and event, such as ORU^R01."""
        code, event = self.header.text(9, 1), self.header.text(9, 2)
        return f"{code}^{event}" if event else code

    @property
    def control_id(self) -> str:
        return self.header.text(10)

    @property
    def application(self) -> str:
        return self.header.text(3)

    @property
    def facility(self) -> str:
        return self.header.text(4)

    @cached_property
    def offset(self) -> str:
        """The sender's offset from UTC as MSH-7 gives it: what times without one are in."""
        found = re.search(r"[+-]\d{4}$", self.header.text(7))
        return found[0] if found else ""


def parse(text: str) -> Message:
    """The segments of one message. Raises Unreadable."""
    lines = _lines(text)
    separators = _separators(lines[0][1])
    _check(lines, text, separators)
    try:
        parsed = hl7.parse("\r".join(line for _number, line in lines))
    except (hl7.HL7Exception, ValueError, LookupError, AssertionError):
        raise Unreadable("The message cannot be split into its segments.") from None
    segments = [
        Segment(container, number, separators)
        for (number, _line), container in zip(lines, parsed, strict=True)
    ]
    return Message(tuple(segments), separators)


def unescape(text: str, separators: Separators) -> str:
    """What a text means: \\T\\ is the sub-component separator, \\X0D\\ bytes, \\.br\\ a line end.

    Line ends become spaces, highlighting is dropped, an unknown sequence stays as it is.
    """
    mark = separators.escape
    if not mark or mark not in text:
        return text.strip()
    pieces = text.split(mark)
    said = [pieces[0]]
    inside = True
    for place, piece in enumerate(pieces[1:], start=1):
        closes = place < len(pieces) - 1
        meaning = _meaning(piece, separators) if inside and closes else None
        if not inside:
            said.append(piece)
            inside = True
        elif meaning is None:
            said.append(mark + piece)
        else:
            said.append(meaning)
            inside = False
    return "".join(said).strip()


def _meaning(sequence: str, separators: Separators) -> str | None:
    """What stands for one escape sequence, or None when it is not one."""
    marks = {"F": separators.field, "S": separators.component, "T": separators.sub,
             "R": separators.repetition, "E": separators.escape, "H": "", "N": ""}  # fmt: skip
    if sequence in marks:
        return marks[sequence]
    if FORMATTING.fullmatch(sequence):
        return " "
    if sequence[:1] == "X" and ESCAPED_HEX.fullmatch(sequence[1:]) and len(sequence) % 2:
        return _bytes(bytes.fromhex(sequence[1:]))
    return None


def _bytes(said: bytes) -> str:
    try:
        text = said.decode()
    except UnicodeDecodeError:
        text = said.decode("latin-1")
    return re.sub(r"[\r\n\t\0]+", " ", text)


def _child(container: Any, number: int) -> Any:
    if isinstance(container, str):
        return container if number == 1 else ""
    return container[number - 1] if number <= len(container) else ""


def _lines(text: str) -> list[tuple[int, str]]:
    """Segments with their line. A line that begins none belongs to the text of the one before."""
    text = text.strip(f"\ufeff \t\r\n{START}{END}")
    if not text.startswith("MSH") or len(text) < 8:
        raise Unreadable("The message does not begin with an MSH segment.")
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(LINE_ENDS.split(text), start=1):
        if SEGMENT.fullmatch(line[:3]) and line[3:4] in {text[3], ""}:
            lines.append((number, line))
        elif line.strip():
            start, said = lines[-1]
            lines[-1] = start, f"{said} {line.strip()}"
    return lines


def _check(lines: list[tuple[int, str]], text: str, separators: Separators) -> None:
    if sum(line.startswith("MSH") for _number, line in lines) > 1:
        raise Unreadable("Two messages came as one. Send each in a frame of its own.")
    marks = (separators.field, separators.component, separators.repetition, separators.sub)
    if sum(map(text.count, marks)) > MOST_MARKS:
        raise Unreadable(f"The message has more than {MOST_MARKS} separators. Send it in parts.")


def _separators(header: str) -> Separators:
    field = header[3]
    others = header[4:].split(field)[0]
    marks = field + others[:4]
    if not others or len(set(marks)) != len(marks) or re.search(r"[\w\s]", marks):
        raise Unreadable(
            "MSH-1 and MSH-2 must name the separators, such as |^~\\&, each another character."
        )
    return Separators(field, *others[:4])
