"""What one cell says: a number, a moment, a status. Anything doubtful is refused, not guessed."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, time, timedelta, tzinfo
from typing import Generic, TypeVar

T = TypeVar("T")
MOST_REMEMBERED = 200_000
MOST_SHOWN = 60

NUMBER = re.compile(
    r"(<=|>=|<|>|≤|≥)?\s*([+-]?)(\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE]([+-]?\d{1,2}))?", re.ASCII
)
GROUPED = re.compile(r"[^\d]*\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d+)?", re.ASCII)
# 1,234 is a thousand in one country and one and a bit in another; 0,234 is not in doubt.
EITHER_WAY = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
COMPARATORS = {None: "", "≤": "<=", "≥": ">="}
MOST_DIGITS = 15  # what a double holds exactly; more would be cut off silently

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?\s?(?:Z|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII,
)
EARLIEST_YEAR = 1900
WIDEST_OFFSET = timedelta(hours=14)

# Words, and the codes of HL7 table 0085 and FHIR, for the state of a result.
STATUSES = {
    "": "final",
    "final": "final", "f": "final", "complete": "final", "completed": "final",
    "verified": "final",
    "preliminary": "preliminary", "prelim": "preliminary", "p": "preliminary",
    "r": "preliminary", "unverified": "preliminary",
    "registered": "registered", "i": "registered", "pending": "registered",
    "corrected": "corrected", "correction": "corrected", "c": "corrected",
    "amended": "amended",
    "cancelled": "cancelled", "canceled": "cancelled", "x": "cancelled",
    "enteredinerror": "entered-in-error", "w": "entered-in-error", "d": "entered-in-error",
    "wrong": "entered-in-error", "deleted": "entered-in-error",
}  # fmt: skip
WITHOUT_VALUE = {"registered", "cancelled", "entered-in-error"}


class Refusal(Exception):
    """A cell that does not say what its column asks for."""

    def __init__(self, field: str, code: str, message: str, repair: str, seen: str = ""):
        super().__init__(code)
        self.field, self.code, self.message, self.repair = field, code, message, repair
        self.seen = seen[:MOST_SHOWN]


class Remembered(dict[str, T], Generic[T]):
    """What each text was read as. Laboratory files say the same few thousand things."""

    def __init__(self, read: Callable[[str], T]):
        super().__init__()
        self.read = read

    def __missing__(self, text: str) -> T:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[text] = meaning = self.read(text)
        return meaning


def number(text: str, *, field: str, delimiter: str) -> tuple[str, float, str]:
    """Comparator, number, and the cell as sent. `<0.5` keeps its sign; `1_000` is refused.

    A decimal comma is read where the comma does not separate cells.
    """
    cell = text.strip()
    found = NUMBER.fullmatch(cell)
    if not found:
        raise _no_number(cell, field)
    comparator, sign, digits, exponent = found.groups()
    if "," in digits and delimiter == ",":
        raise Refusal(
            field,
            "decimal_comma",
            "A comma in a number may be a decimal comma or part of a thousand.",
            "Write the number with a decimal point and without separators, such as 1234.5.",
            cell,
        )
    # Who separates cells by semicolons may also separate thousands by points.
    if ("," in digits or delimiter == ";") and EITHER_WAY.fullmatch(digits):
        raise _ambiguous(cell, field)
    if len(re.sub("[.,]", "", digits).strip("0")) > MOST_DIGITS or len(cell) > 40:
        raise Refusal(
            field,
            "too_many_digits",
            f"The number has more than {MOST_DIGITS} digits.",
            "Round it as the laboratory reports it.",
            cell,
        )
    plain = f"{sign}{digits.replace(',', '.')}e{exponent or 0}"
    return COMPARATORS.get(comparator, comparator or ""), float(plain) + 0.0, cell


def _ambiguous(cell: str, field: str) -> Refusal:
    return Refusal(
        field,
        "ambiguous_number",
        "This may be a thousand or a number with three decimals.",
        "Write it without a thousands separator and with another number of decimals, or send "
        "the file with commas between the cells and decimal points.",
        cell,
    )


def _no_number(cell: str, field: str) -> Refusal:
    if GROUPED.fullmatch(cell):
        return Refusal(
            field,
            "thousands_separator",
            "The number has a thousands separator.",
            "Write it without one, such as 1234.5.",
            cell,
        )
    return Refusal(
        field,
        "not_a_number",
        "This is not a number.",
        "Write digits with a decimal point, if need be after < or >; remove units and remarks.",
        cell,
    )


def moment(text: str, *, field: str, zone: tzinfo) -> tuple[datetime, bool]:
    """A moment, and whether the cell gave a time of day.

    A time without an offset is the site's. A day alone is noon of that day there: noon is
    the same day for every reader within eleven hours, midnight is not.
    """
    cell = text.strip()
    if not (DAY.fullmatch(cell) or MOMENT.fullmatch(cell)):
        raise _no_moment(cell, field)
    try:
        at = datetime.fromisoformat(cell.replace(" Z", "Z"))
    except ValueError:
        raise _no_moment(cell, field) from None
    if at.year < EARLIEST_YEAR:
        raise _no_moment(cell, field)
    if at.tzinfo is not None:
        if abs(at.utcoffset() or timedelta()) > WIDEST_OFFSET:
            raise _no_moment(cell, field)
        return at, True
    if len(cell) == len("2026-03-01"):
        return datetime.combine(at, time(12), zone), False
    return _local(at, zone, cell, field), True


def _local(at: datetime, zone: tzinfo, cell: str, field: str) -> datetime:
    early, late = at.replace(tzinfo=zone), at.replace(tzinfo=zone, fold=1)
    if early.utcoffset() != late.utcoffset():
        raise Refusal(
            field,
            "ambiguous_time",
            "The clocks were changed then: this time happened twice or never.",
            "Add the offset from UTC, such as 2026-03-01T08:30+01:00.",
            cell,
        )
    return early


def _no_moment(cell: str, field: str) -> Refusal:
    what = (
        "There is no date." if not cell else "This is not a date and time that we can be sure of."
    )
    repair = "Write year-month-day and the time, such as 2026-03-01 08:30 or 2026-03-01T08:30Z."
    return Refusal(field, "missing_time" if not cell else "bad_time", what, repair, cell)


def status(text: str) -> str:
    """The state of a result; an empty cell says final."""
    word = re.sub(r"[\s_-]+", "", text.casefold())
    if word not in STATUSES:
        raise Refusal(
            "status",
            "unknown_status",
            "This status is not known.",
            "Use registered, preliminary, final, corrected, amended, cancelled or "
            "entered-in-error.",
            text.strip(),
        )
    return STATUSES[word]


def identifier(text: str) -> str:
    """A patient's number, in one form of Unicode and without what cannot be seen."""
    cell = unicodedata.normalize("NFC", text.strip())
    if not cell:
        raise Refusal(
            "mrn", "missing_patient", "The row names no patient.", "Fill in the patient's number."
        )
    if len(cell) > 64 or not cell.isprintable() or any(map(_is_invisible, cell)):
        raise Refusal(
            "mrn",
            "bad_identifier",
            "The patient's number has characters that cannot be seen, or too many.",
            "Type it again.",
            masked(cell),
        )
    return cell


def short(text: str, *, field: str, longest: int) -> str:
    """A code, unit or sample number: one printable line of a known length."""
    cell = text.strip()
    if len(cell) > longest or not cell.isprintable():
        raise Refusal(
            field,
            "cell_too_long",
            f"This cell is longer than {longest} characters or has some that do not print.",
            "Shorten it, or type it again.",
            cell,
        )
    return cell


def masked(text: str) -> str:
    """An identifier as a problem list may show it: the end, enough to find the row by."""
    shown = text[-2:] if len(text) > 4 else ""
    return "•" * min(8, len(text) - len(shown)) + shown


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cf", "Cc", "Co", "Cn"}
