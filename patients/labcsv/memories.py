"""What single cells of each column say, each distinct text read once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np

from . import cells
from .cells import Range, Refusal, Remembered, Value
from .profile import Profile

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = date(1970, 1, 1).toordinal()
MICROSECOND = timedelta(microseconds=1)
NOT_SAID = int(np.iinfo(np.int64).min)  # a moment that the row does not give
NEVER = (NOT_SAID, False, 0)
NOTHING = Value("", None, "", "", "", "", "")
LONGEST_NOTE = 250


class Memory(Remembered[T | Refusal], Generic[T]):
    """What each text of a column was read as; a refusal is remembered as well.

    `blank` stands for the cell of a refused row, where nobody will look.
    """

    def __init__(self, read: Callable[[str], T], blank: T):
        super().__init__(partial(_read_or_refuse, read))
        self.blank = blank


def _read_or_refuse(read: Callable[[str], T], text: str) -> T | Refusal:
    try:
        return read(text)
    except Refusal as refusal:
        return refusal


def memories(profile: Profile, zone: tzinfo) -> dict[str, Memory[Any]]:
    """The readers of a file's columns, by field. `zone` is for times without an offset."""
    dates: Any = {"order": profile.date_order, "serials": profile.dates_as_serials}
    numbers = profile.numbers
    return {
        "status": Memory(cells.status, "final"),
        "value": Memory(partial(_value, numbers=numbers), NOTHING),
        "mrn": Memory(cells.identifier, ""),
        "identifier_system": Memory(partial(_system, profile.identifier_system), ""),
        "code": Memory(_code, ""),
        "test_name": Memory(_code, ""),
        "unit": Memory(partial(_unit, profile.default_unit), ""),
        "collected_at": Memory(partial(_moment, field="collected_at", zone=zone, **dates),
                               NEVER),
        "issued_at": Memory(partial(_moment_or_none, field="issued_at", zone=zone, **dates),
                            NEVER),
        "accession": Memory(partial(cells.short, field="accession", longest=64), ""),
        "reference_low": Memory(partial(_limit, numbers, "reference_low"), None),
        "reference_high": Memory(partial(_limit, numbers, "reference_high"), None),
        "reference_range": Memory(partial(_range, numbers=numbers), Range()),
        "flag": Memory(cells.flag, ("", "")),
        "note": Memory(_note, ""),
        "birth_date": Memory(partial(_day, **dates), None),
    }  # fmt: skip


def _moment(text: str, **how: Any) -> tuple[int, bool, int]:
    at, has_time = cells.moment(text, **how)
    return (at - EPOCH) // MICROSECOND, has_time, at.date().toordinal() - FIRST_DAY


def _moment_or_none(text: str, **how: Any) -> tuple[int, bool, int]:
    return _moment(text, **how) if text.strip() else NEVER


def _day(text: str, **how: Any) -> date | None:
    return cells.day(text, field="birth_date", **how) if text.strip() else None


def _value(text: str, *, numbers: cells.Numbers) -> Value:
    return cells.value(text, numbers=numbers) if text.strip() else NOTHING


def _limit(numbers: cells.Numbers, field: str, text: str) -> float | None:
    return cells.number(text, field=field, numbers=numbers)[1] if text.strip() else None


def _range(text: str, *, numbers: cells.Numbers) -> Range:
    return cells.reference_range(text, numbers=numbers) if text.strip() else Range()


def _system(default: str, text: str) -> str:
    return cells.short(text, field="identifier_system", longest=100) or default or "mrn"


def _unit(default: str, text: str) -> str:
    return cells.short(text, field="unit", longest=30) or default


def _note(text: str) -> str:
    """A remark in one printable line; one that is too long ends early, with a sign of it."""
    line = "".join(filter(str.isprintable, " ".join(text.split())))
    return line if len(line) <= LONGEST_NOTE else f"{line[:LONGEST_NOTE]}…"


def _code(text: str) -> str:
    code = cells.short(text, field="code", longest=100)
    if not code:
        raise Refusal("code", "missing_code", "The row names no test.",
                      "Fill in the LOINC code or the short name of the test.")  # fmt: skip
    return code
