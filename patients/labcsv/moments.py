"""When something was: a moment or a day. What may be two days is refused, not guessed."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

from .refusal import Reason, Refusal

EARLIEST_YEAR = 1900
WIDEST_OFFSET = timedelta(hours=14)
ORDERS = ("ymd", "dmy", "mdy")
SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone
SERIAL = re.compile(r"\d{3,6}(?:[.,]\d{1,15})?", re.ASCII)
FIRST_SERIAL, LAST_SERIAL = 61, 109_574  # before: a day that never was; until the year 2199

CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
ZONE = r"(?:\s?(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?|[A-Z]{3,5}))?"
REST = re.compile(rf"(?:(?:[T\s]|,\s)\s*{CLOCK}{ZONE})?", re.ASCII)
MONTH = r"(?P<name>[^\W\d_]{3,10})\.?"
YEAR = r"(?P<year>[0-9]{4}|[0-9]{2})(?![0-9])"
DAY = r"(?P<day>[0-9]{1,2})"
# Ways to write a day; `a` and `b` are day and month in the order of the file.
DAYS = [
    re.compile(rf"(?P<year>[0-9]{{4}})(?P<sign>[-/.])(?P<month>[0-9]{{1,2}})(?P=sign){DAY}"),
    re.compile(rf"(?P<a>[0-9]{{1,2}})(?P<sign>[-/.])(?P<b>[0-9]{{1,2}})(?P=sign){YEAR}"),
    re.compile(rf"{DAY}(?:[-/]|\.?\s?){MONTH}[-/.,\s]*{YEAR}"),
    re.compile(rf"{MONTH}\s{DAY}(?:st|nd|rd|th)?,?\s{YEAR}"),
    re.compile(rf"(?P<year>[0-9]{{4}})[-/\s]{MONTH}[-/\s]{DAY}"),
]
# 20260301 and what HL7 puts behind it.
COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:T?(?P<hour>\d{2})(?P<minute>\d{2})"
    r"(?:(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?(?P<zone>Z|[+-]\d{4})?)?",
    re.ASCII,
)
MONTHS = {
    name: number
    for number, names in enumerate(
        ["jan january januar janvier janv enero ene januari",
         "feb february februar février fevrier févr fevr febrero februari",
         "mar march märz maerz mär mrz mars marzo maart mrt",
         "apr april avril avr abril abr", "may mai mayo mei",
         "jun june juni juin junio", "jul july juli juillet juil julio",
         "aug august août aout agosto ago augustus",
         "sep sept september septembre septiembre", "oct october oktober okt octobre octubre",
         "nov november novembre noviembre",
         "dec december dezember dez décembre decembre déc diciembre dic"], start=1)
    for name in names.split()
}  # fmt: skip

REPAIR = "Write year-month-day and the time, such as 2026-03-01 08:30 or 2026-03-01T08:30Z."
BAD_TIME = Reason("bad_time", "This is not a date and time that we can be sure of.", REPAIR)
MISSING_TIME = Reason("missing_time", "There is no date.", REPAIR)
NO_ORDER = Reason(
    "ambiguous_date",
    "Which is the day and which the month?",
    "Say whether the file writes the day or the month first, or write 2026-03-01.",
)
NO_CENTURY = Reason(
    "two_digit_year",
    "The year has two digits: the century, and which number is the year, are not sure.",
    "Write the year with four digits, such as 2026-03-01.",
)
END_OF_DAY = Reason(
    "bad_time",
    "24:00 may mean the beginning or the end of this day.",
    "Write 00:00 of the day that begins then.",
)
UNKNOWN_ZONE = Reason(
    "unknown_zone",
    "This time zone is not that of the file at that time.",
    "Write the offset from UTC, such as 2026-03-01T08:30+01:00.",
)
AMBIGUOUS_TIME = Reason(
    "ambiguous_time",
    "The clocks were changed then: this time happened twice or never.",
    "Add the offset from UTC, such as 2026-03-01T08:30+01:00.",
)


class _Day(NamedTuple):
    year: int
    month: int
    day: int
    rest: str  # what stands behind the day


def moment(
    text: str, *, field: str, zone: tzinfo, order: str = "ymd", serials: bool = False
) -> tuple[datetime, bool]:
    """A moment, and whether the cell gave a time of day.

    A time without an offset is the site's. A day alone is noon of that day there: noon is
    the same day for every reader within eleven hours, midnight is not.
    """
    cell = text.strip()
    if serials and SERIAL.fullmatch(cell):
        return _of_serial(cell, zone, field)
    if compact := COMPACT.fullmatch(cell):
        day, parts = _named_day(compact, "", order, cell, field), compact.groupdict()
    else:
        day = _day(cell, order, field)
        rest = REST.fullmatch(day.rest)
        if not rest:
            raise no_moment(cell, field)
        parts = rest.groupdict()
    on = _date(day, cell, field)
    if parts["hour"] is None:
        return datetime.combine(on, time(12), zone), False
    return _zoned(_with_clock(on, parts, cell, field), parts["zone"], zone, cell, field), True


def day(text: str, *, field: str, order: str = "ymd", serials: bool = False) -> date:
    """A day such as a birth date; a time behind it is not looked at."""
    return moment(text, field=field, zone=UTC, order=order, serials=serials)[0].date()


def orders_of(text: str) -> set[str] | None:
    """Which of day-first and month-first a cell allows; None if it is not written so."""
    found = DAYS[1].match(text.strip())
    if not found or len(found["year"]) != 4:
        return None
    first, second = int(found["a"]), int(found["b"])
    return {order for order, month in (("dmy", second), ("mdy", first)) if month <= 12}


def is_day(text: str) -> bool:
    """Whether a cell gives a day, if need be one that only a person can be sure of."""
    try:
        day(text, field="")
    except Refusal as refusal:
        return refusal.code in {"ambiguous_date", "two_digit_year"}
    return True


def is_clock(text: str) -> bool:
    """Whether a cell gives a time of day alone."""
    return bool(re.fullmatch(CLOCK, text.strip(), re.ASCII))


def _day(cell: str, order: str, field: str) -> _Day:
    for pattern in DAYS:
        if found := pattern.match(cell):
            return _named_day(found, cell[found.end() :], order, cell, field)
    raise no_moment(cell, field)


def _named_day(found: re.Match, rest: str, order: str, cell: str, field: str) -> _Day:
    parts = found.groupdict()
    if len(parts["year"]) == 2:
        raise NO_CENTURY.of(cell, field)
    if "a" in parts:
        if order == "ymd":
            raise NO_ORDER.of(cell, field)
        numbers = [int(parts["a"]), int(parts["b"])]
        day, month = numbers if order == "dmy" else numbers[::-1]
        return _Day(int(parts["year"]), month, day, rest)
    month = int(parts["month"]) if "month" in parts else MONTHS.get(parts["name"].casefold(), 0)
    return _Day(int(parts["year"]), month, int(parts["day"]), rest)


def _date(day: _Day, cell: str, field: str) -> date:
    try:
        on = date(day.year, day.month, day.day)
    except ValueError:
        raise no_moment(cell, field) from None
    if on.year < EARLIEST_YEAR:
        raise no_moment(cell, field)
    return on


def _with_clock(on: date, parts: Mapping[str, str | None], cell: str, field: str) -> datetime:
    hour, minute = int(parts["hour"] or 0), int(parts["minute"] or 0)
    fraction = (parts["fraction"] or "").ljust(9, "0")
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            raise no_moment(cell, field)
        hour = hour % 12 + (12 if half in "pP" else 0)
    if hour == 24:
        raise END_OF_DAY.of(cell, field)
    if fraction[6:].strip("0"):
        raise no_moment(cell, field)
    try:
        clock = time(hour, minute, int(parts["second"] or 0), int(fraction[:6]))
    except ValueError:
        raise no_moment(cell, field) from None
    return datetime.combine(on, clock)


def _zoned(at: datetime, name: str | None, zone: tzinfo, cell: str, field: str) -> datetime:
    if not name:
        return _local(at, zone, cell, field)
    if name in {"Z", "z", "UTC", "GMT"}:
        return at.replace(tzinfo=UTC)
    if name[0] in "+-":
        return at.replace(tzinfo=_offset(name, cell, field))
    for fold in (0, 1):
        there = at.replace(tzinfo=zone, fold=fold)
        # A time that the clocks skipped comes back from UTC as another one.
        if there.tzname() == name and _is_real(there):
            return there
    raise UNKNOWN_ZONE.of(cell, field)


def _offset(name: str, cell: str, field: str) -> timezone:
    hours, minutes = int(name[1:3]), int(name[3:].strip(":") or 0)
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > WIDEST_OFFSET:
        raise no_moment(cell, field)
    return timezone(-offset if name[0] == "-" else offset)


def _is_real(at: datetime) -> bool:
    again = at.astimezone(UTC).astimezone(at.tzinfo)
    return again.replace(tzinfo=None) == at.replace(tzinfo=None)


def _local(at: datetime, zone: tzinfo, cell: str, field: str) -> datetime:
    early, late = at.replace(tzinfo=zone), at.replace(tzinfo=zone, fold=1)
    if early.utcoffset() != late.utcoffset():
        raise AMBIGUOUS_TIME.of(cell, field)
    return early


def _of_serial(cell: str, zone: tzinfo, field: str) -> tuple[datetime, bool]:
    days = float(cell.replace(",", "."))
    if not FIRST_SERIAL <= days < LAST_SERIAL:
        raise no_moment(cell, field)
    # A spreadsheet's clock is a fraction of a day, good to about a hundredth of a second.
    at = SERIAL_ZERO + timedelta(seconds=round(days * 86400))
    if days.is_integer():
        return datetime.combine(at.date(), time(12), zone), False
    return _local(at, zone, cell, field), True


def no_moment(cell: str, field: str) -> Refusal:
    return (BAD_TIME if cell else MISSING_TIME).of(cell, field)
