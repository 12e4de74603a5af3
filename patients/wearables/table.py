"""A plain table of days, as CSV: what any other device's data can be brought into.

Headings: `day` (2026-03-01), and any of `steps`, `active_minutes`, `resting_heart_rate`,
`sleep_hours`, `heart_rate_variability` (SDNN, ms), `oxygen_saturation` (%), `source`.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import IO, Any

from .days import EARLIEST, METRICS, Day, Problem, Reading, Unreadable, accepted, implausible

SOURCE = "Wearable table"
MOST_BYTES = 16 * 1024 * 1024
LONGEST_SOURCE = 30
HEADINGS = {
    "day": ("day", "date"),
    "steps": ("steps", "step_count"),
    "active_minutes": ("active_minutes", "exercise_minutes"),
    "resting_heart_rate": ("resting_heart_rate", "resting_hr", "rhr"),
    "sleep_hours": ("sleep_hours", "hours_of_sleep"),
    "heart_rate_variability": ("heart_rate_variability", "hrv", "hrv_sdnn", "sdnn"),
    "oxygen_saturation": ("oxygen_saturation", "spo2"),
    "source": ("source", "device"),
}


class _Refused(Exception):
    def __init__(self, problem: Problem):
        super().__init__(problem.code)
        self.problem = problem


def read(file: IO[bytes]) -> Reading:
    """The days of a table. Raises Unreadable when it is none, or has no column of ours."""
    lines = io.StringIO(_text(file), newline="")
    first = lines.readline()
    delimiter = max(",;\t|", key=first.count)
    columns, reading = _columns(first, delimiter)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    seen: set[tuple[date, str]] = set()
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                _take(cells, rows.line_num + 1, columns, delimiter, reading, seen)
    except csv.Error:
        raise Unreadable(f"The quotation marks of line {rows.line_num + 1} do not match.") from None
    reading.days.sort(key=lambda day: (day.day, day.source))
    return reading


def _text(file: IO[bytes]) -> str:
    raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise Unreadable("The table is larger than 16 MB. A row a day needs far less.")
    if b"\0" in raw and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("This is no table of text. Save it as CSV.")
    encodings = (
        ["utf-16"] if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    )
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("The file is damaged or in an unknown encoding. Save it as UTF-8.")


def _columns(first: str, delimiter: str) -> tuple[dict[str, int], Reading]:
    """Where each of our columns stands. Columns that are not ours are counted as passed over."""
    headings = [
        cell.strip().strip('"').casefold().replace(" ", "_") for cell in first.split(delimiter)
    ]
    reading = Reading()
    columns: dict[str, int] = {}
    for place, heading in enumerate(headings):
        field = next((name for name, known in HEADINGS.items() if heading in known), None)
        if field is None and heading:
            reading.ignore(heading)
        elif field in columns:
            raise Unreadable(f"Two columns say “{field}”. Keep one of them.")
        elif field is not None:
            columns[field] = place
    if "day" not in columns or not columns.keys() & METRICS.keys():
        raise Unreadable(
            f"The first line must name the columns: day, and one or more of {', '.join(METRICS)}."
        )
    return columns, reading


def _take(
    cells: list[str],
    line: int,
    columns: dict[str, int],
    delimiter: str,
    reading: Reading,
    seen: set[tuple[date, str]],
) -> None:
    try:
        day = _day(cells, line, columns, delimiter)
        if (day.day, day.source) in seen:
            raise _refusal(line, "day", "repeated_day", "This day stands in the table twice.",
                           "Keep one row a day and source.", str(day.day))  # fmt: skip
        seen.add((day.day, day.source))
        reading.days.append(day)
    except _Refused as refused:
        reading.refuse(refused.problem)


def _day(cells: list[str], line: int, columns: dict[str, int], delimiter: str) -> Day:
    said = {
        field: cells[place].strip() if place < len(cells) else ""
        for field, place in columns.items()
    }
    on = _date(said["day"], line)
    values: dict[str, Any] = {
        name: _value(name, said[name], line, delimiter) for name in METRICS if said.get(name)
    }
    if not values:
        raise _refusal(line, "", "empty_row", "This row has no value.", "Fill it in or remove it.")
    source = said.get("source", "")
    if len(source) > LONGEST_SOURCE or not source.isprintable():
        raise _refusal(line, "source", "bad_source", "The source is too long.",
                       f"Use up to {LONGEST_SOURCE} characters.", source)  # fmt: skip
    return Day(on, source or SOURCE, row=line, **values)


def _date(text: str, line: int) -> date:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        on = None
    if on is None or len(text) != len("2026-03-01") or on < EARLIEST:
        raise _refusal(line, "day", "bad_day", "This is not a day that we can be sure of.",
                       "Write year-month-day, such as 2026-03-01.", text)  # fmt: skip
    return on


def _value(name: str, text: str, line: int, delimiter: str) -> float | int:
    plain = text.replace(",", ".") if delimiter != "," and text.count(",") == 1 else text
    try:
        number = float(plain) if "_" not in plain else None
    except ValueError:
        number = None
    if number is None:
        raise _refusal(line, name, "not_a_number", "This is not a number.",
                       "Write digits with a decimal point, without unit.", text)  # fmt: skip
    value = accepted(name, number)
    if value is None:
        raise _Refused(implausible(name, text, row=line, column=name))
    return value


def _refusal(
    line: int, column: str, code: str, message: str, repair: str, seen: str = ""
) -> _Refused:
    return _Refused(Problem(line, column, code, message, repair, seen[:60]))
