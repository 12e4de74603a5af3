"""Whom a message is about: the numbers of PID-3, the day of birth, the name."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Part, Segment
from .times import day

OWN = "mrn"  # the namespace of numbers that come without one
RECORD_NUMBERS = {"MR", "MRN"}


@dataclass(frozen=True)
class Identifier:
    """A number, and the names under which its assigning authority may be known."""

    value: str
    systems: tuple[str, ...] = (OWN,)
    kind: str = ""

    @property
    def system(self) -> str:
        return self.systems[0]

    @property
    def is_record_number(self) -> bool:
        return self.kind in RECORD_NUMBERS or not self.kind


@dataclass(frozen=True)
class Person:
    identifiers: tuple[Identifier, ...] = ()
    birth_date: str = ""  # ISO day, or "" when not known to the day
    family_name: str = ""

    @property
    def preferred(self) -> Identifier:
        """The medical record number, else the first number given."""
        named = [found for found in self.identifiers if found.kind in RECORD_NUMBERS]
        return next(iter([*named, *self.identifiers]), Identifier(""))


NOBODY = Person()


def person(pid: Segment) -> Person:
    parts = [*pid.repetitions(3)] or [*pid.repetitions(2)]
    found = [_identifier(part) for part in parts if part.component(1)]
    return Person(
        identifiers=tuple(dict.fromkeys(found)),
        birth_date=day(pid.text(7)),
        family_name=pid.text(5),
    )


def _identifier(part: Part) -> Identifier:
    namespace, universal = part.component(4, 1), part.component(4, 2)
    kind = part.component(4, 3).upper()
    systems = [namespace, universal]
    systems += [f"urn:oid:{universal}"] if universal and kind in {"ISO", ""} else []
    known = tuple(dict.fromkeys(system for system in systems if system))
    return Identifier(part.component(1), known or (OWN,), part.component(5).upper())
