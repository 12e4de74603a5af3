"""Every OBX of a result message as a row of a table of results, or why it is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import NamedTuple

from .message import Message, Part, Segment
from .people import NOBODY, Person, person
from .times import iso
from .values import NOT_SCORED, values

# HL7 table 0085. N, O and Z describe an order or a question, not a result.
STATUSES = {
    "P": "preliminary", "R": "preliminary", "S": "preliminary", "I": "registered",
    "F": "final", "U": "final", "V": "final", "C": "corrected", "A": "amended", "B": "amended",
    "X": "cancelled", "D": "entered-in-error", "W": "entered-in-error",
}  # fmt: skip
NO_RESULT = {"N": "not asked for", "O": "a detail of the order", "Z": "not for this use"}
# Table 0123, for an OBX that says nothing itself: the status of its whole order.
ORDER_STATUSES = {"P": "P", "R": "R", "I": "I", "C": "C", "X": "X"}
# They speak of an earlier result, so that the time of their message says which came last.
AFTERTHOUGHTS = {"C", "A", "B", "D", "W", "X"}
FLAGS = {"LL": "LL", "L": "L", "N": "N", "H": "H", "HH": "HH", "A": "A", "AA": "A"}
LOINC = re.compile(r"\d{1,7}-\d", re.ASCII)
LOINC_NAMES = {"LN", "LOINC", "LNC", "HTTP://LOINC.ORG", "2.16.840.1.113883.6.1"}
# Where a message says what a table says in a column, for whoever looks for the fault.
PLACES = {
    "mrn": "PID-3", "identifier_system": "PID-3", "birth_date": "PID-7", "code": "OBX-3",
    "test_name": "OBX-3", "value": "OBX-5", "unit": "OBX-6", "reference_range": "OBX-7",
    "reference_low": "OBX-7", "reference_high": "OBX-7", "flag": "OBX-8", "status": "OBX-11",
    "collected_at": "OBX-14/OBR-7", "issued_at": "OBR-22/OBX-19", "accession": "OBR-3",
    "note": "NTE-3",
}  # fmt: skip
LONGEST_ACCESSION, LONGEST_NOTE, LONGEST_NAME = 64, 300, 200


class Problem(NamedTuple):
    """Why a line is no row, and what to do about it; as `patients.labcsv.rows.Problem`."""

    row: int
    column: str
    code: str
    message: str
    repair: str
    seen: str


@dataclass
class Observation:
    """One OBX (or one repetition of its value). `cells` are named as a table's columns are.

    `finalises` tells of a status U: the value sent as preliminary is final, and not repeated.
    """

    number: int  # line of the OBX
    order: int  # the first, second, ... OBX of the message
    person: Person
    cells: dict[str, str] = field(default_factory=dict)
    refusal: Problem | None = None
    finalises: bool = False

    def at_line(self, number: int) -> Observation:
        """The same of a line of a file of messages."""
        cells = self.cells | {"source_row": str(number)} if self.cells else {}
        refusal = self.refusal._replace(row=number) if self.refusal else None
        return replace(self, number=number, cells=cells, refusal=refusal)


@dataclass
class _Order:
    """One OBR with what surrounds it."""

    orc: Segment | None = None
    obr: Segment | None = None
    specimen: Segment | None = None
    results: list[tuple[Segment, list[str]]] = field(default_factory=list)


def observations(message: Message) -> list[Observation]:
    """Every OBX that says something, in the order of the message."""
    found: list[Observation] = []
    whose = NOBODY
    for pid, order in _orders(message):
        whose = person(pid) if pid is not None else NOBODY
        for obx, notes in order.results:
            if _says_something(obx):
                found.extend(_observed(message, order, obx, notes, whose))
    found.sort(key=lambda observation: observation.number)
    places = {number: n for n, number in enumerate(_numbers(message), start=1)}
    for observation in found:
        observation.order = places[observation.number]
    return found


def _numbers(message: Message) -> Iterator[int]:
    return (obx.number for obx in message.all("OBX"))


def _says_something(obx: Segment) -> bool:
    return any(obx.raw(place).strip() for place in (3, 5, 11))


def _orders(message: Message) -> Iterator[tuple[Segment | None, _Order]]:
    """Each order with the PID it stands under. Segments we do not know are passed over."""
    pid: Segment | None = None
    order = _Order()
    notes: list[str] | None = None
    for segment in message.segments:
        begins_order = segment.name == "ORC" or (segment.name == "OBR" and order.obr is not None)
        if segment.name == "PID" or begins_order:
            yield pid, order
            order = _Order()
        if segment.name == "PID":
            pid = segment
        elif segment.name == "OBX":
            notes = []
            order.results.append((segment, notes))
        elif segment.name == "NTE":
            if notes is not None:
                notes.extend(str(part) for part in segment.repetitions(3))
        else:
            _add(order, segment)
        if segment.name not in {"OBX", "NTE"}:
            notes = None
    yield pid, order


def _add(order: _Order, segment: Segment) -> None:
    if segment.name == "ORC":
        order.orc = segment
    elif segment.name == "OBR":
        order.obr = segment
    elif segment.name == "SPM" and order.specimen is None:
        order.specimen = segment


def _observed(
    message: Message, order: _Order, obx: Segment, notes: list[str], whose: Person
) -> Iterator[Observation]:
    state = _state(obx, order)
    said = values(obx, message.offset)
    if refusal := _refusal(obx, state, said):
        yield Observation(obx.number, 0, whose, refusal=refusal)
        return
    cells = _cells(message, order, obx, notes, whose, state)
    for place, value in enumerate(said or [""], start=1):
        column = "OBX-5" if place == 1 else f"OBX-5[{place}]"
        accession = _accession(order, obx, place)
        own = {"value": value, "accession": accession, "source_column": column}
        yield Observation(
            obx.number, 0, whose, cells=cells | own, finalises=state == "U" and not value
        )


def _state(obx: Segment, order: _Order) -> str:
    own = obx.text(11).upper()
    if own or order.obr is None:
        return own or "F"
    return ORDER_STATUSES.get(order.obr.text(25).upper(), "F")


def _refusal(obx: Segment, state: str, said: list[str]) -> Problem | None:
    kind = obx.text(2).upper()
    if state in NO_RESULT:
        return Problem(obx.number, "OBX-11", "not_a_result",
                       f"This line is {NO_RESULT[state]} and brings no result.",
                       "Nothing needs to be done.", state)  # fmt: skip
    if state not in STATUSES:
        return Problem(obx.number, "OBX-11", "unknown_status", "This status is not known.",
                       "Use a code of HL7 table 0085, such as P, F, C or W.",
                       state[:60])  # fmt: skip
    if kind in NOT_SCORED and said:
        return Problem(obx.number, "OBX-5", "not_scored",
                       f"This line holds {NOT_SCORED[kind]}: kept as it came, not read.",
                       "Open it where it came from; send values as NM, SN, ST or CWE.",
                       kind)  # fmt: skip
    return None


def _cells(
    message: Message, order: _Order, obx: Segment, notes: list[str], whose: Person, state: str
) -> dict[str, str]:
    code, name = _code(obx.first(3))
    identifier = whose.preferred
    return {
        "mrn": identifier.value,
        "identifier_system": identifier.system,
        "birth_date": whose.birth_date,
        "code": code,
        "test_name": name[:LONGEST_NAME],
        "unit": _unit(obx.first(6)),
        "collected_at": _collected(message, order, obx),
        "issued_at": _issued(message, order, obx, state),
        "status": STATUSES[state],
        "reference_range": str(obx.first(7)),
        "flag": _flag(obx),
        "note": _cut(" ".join(notes), LONGEST_NOTE),
        "source_row": str(obx.number),
    }


def _code(part: Part) -> tuple[str, str]:
    """The LOINC code in either half of OBX-3, else the local one, and what it is called."""
    halves = [(1, 2, 3), (4, 5, 6)]
    said = [tuple(part.component(number) for number in half) for half in halves]
    for code, name, system in said:
        if code and system.upper() in LOINC_NAMES:
            return code, name
    for code, name, system in said:
        if not system and LOINC.fullmatch(code):
            return code, name
    for code, name, _system in said:
        if code or name:
            return code or name, name
    return "", ""


def _unit(part: Part) -> str:
    """The UCUM half of OBX-6 where one is named so, else the first that says something."""
    if part.component(6).upper() == "UCUM" and part.component(4):
        return part.component(4)
    return part.component(1) or part.component(2) or part.component(4)


def _collected(message: Message, order: _Order, obx: Segment) -> str:
    stamps = [obx.text(14)]
    stamps += [order.obr.text(7)] if order.obr else []
    stamps += [order.specimen.text(17)] if order.specimen else []
    return next((iso(stamp, message.offset) for stamp in stamps if stamp), "")


def _issued(message: Message, order: _Order, obx: Segment, state: str) -> str:
    """When the laboratory said so. A correction without a time is as old as its message."""
    stamps = [order.obr.text(22)] if order.obr else []
    stamps += [obx.text(19)]
    stamps += [message.header.text(7)] if state in AFTERTHOUGHTS else []
    return next((iso(stamp, message.offset) for stamp in stamps if stamp), "")


def _flag(obx: Segment) -> str:
    said = (part.component(1).upper() for part in obx.repetitions(8))
    return next((FLAGS[flag] for flag in said if flag in FLAGS), "")


def _accession(order: _Order, obx: Segment, place: int) -> str:
    """Filler order number and sub-id: with time and test they say which result this is."""
    places = [(order.obr, 3), (order.orc, 3), (order.obr, 2), (order.orc, 2)]
    numbers = (segment.text(number) for segment, number in places if segment)
    number = next(filter(None, numbers), "")
    sub = str(obx.first(4)).replace(" ", ".")
    parts = [number, sub and f"/{sub}", f"#{place}" if place > 1 else ""]
    whole = "".join(parts)
    if len(whole) <= LONGEST_ACCESSION:
        return whole
    digest = blake2b(whole.encode(), digest_size=8).hexdigest()
    return f"{whole[: LONGEST_ACCESSION - len(digest) - 1]}~{digest}"


def _cut(text: str, longest: int) -> str:
    """A remark that fits; the message keeps the whole of it."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
