"""What a resource comes down to: the form in which readers hand it on."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

LABEL = 200
CODE = 60


class Fact(NamedTuple):
    """One row of a table of the record: name of the model, and its columns."""

    table: str
    values: dict[str, Any]


class Pregnancy(NamedTuple):
    """A pregnancy since about the last menstrual period, or on `day` none (any more)."""

    day: date
    since: date
    is_over: bool = False


@dataclass(slots=True)
class Meaning:
    """What one resource says.

    `facts` go into the record, `rows` (by the names of patients.labcsv.layout.FIELDS, without
    the patient) to the intake of results. With neither, the resource is kept as sent, and
    `kept` says why. A resource of a kind that has facts and brings none ends those it brought
    before. `reviewed` names lists of the record that are said to be empty, `pregnancy` tells
    of the patient herself.
    """

    facts: list[Fact] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    kept: str = ""
    reviewed: dict[str, date] = field(default_factory=dict)
    pregnancy: Pregnancy | None = None


def kept(reason: str) -> Meaning:
    return Meaning(kept=reason)


def short(words: str, longest: int = LABEL) -> str:
    """Words for people, cut with a mark where they are longer than the column."""
    return words if len(words) <= longest else f"{words[: longest - 1]}…"
