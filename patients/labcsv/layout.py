"""Which column of a file says what."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from .encoding import BLOCK, Encoding, UnreadableFile, as_stated
from .fields import FIELDS, REQUIRED, REQUIRED_IN_WIDE, WORDS, headings
from .profile import Profile

__all__ = ["ABSENT", "FIELDS", "REQUIRED", "Layout", "UnreadableFile", "from_profile"]

ABSENT = -1
MOST_COLUMNS = 10_000
SEPARATOR_LINE = re.compile(r"sep=(.?)", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """How to read one file. `columns[i]` is the place of the i-th of FIELDS, or ABSENT."""

    encoding: Encoding
    delimiter: str
    header: tuple[str, ...]
    columns: tuple[int, ...]
    ignored: tuple[str, ...]
    first_byte: int
    first_row: int
    profile: Profile = field(default_factory=Profile)

    def heading(self, field: str, source_column: str = "") -> str:
        """What the file calls one of our fields.

        In a copy of a wide table `source_column` is the test's column, which names the cell.
        """
        if source_column:
            return source_column[:60]
        if field in self.profile.sources:
            return self.profile.sources[field][:60]
        place = self.columns[list(FIELDS).index(field)]
        return field if place == ABSENT else self.header[place][:60]


def from_profile(file: IO[bytes], profile: Profile, *, is_complete: bool = True) -> Layout:
    """The layout of a file that is read as a profile says. Raises UnreadableFile.

    An incomplete profile does not name all the columns that results need.
    """
    encoding = as_stated(file, profile.encoding)
    lines = head_lines(file, encoding)
    header, used = _header(lines, profile)
    first_line = max(used, profile.units_row, profile.reference_row)
    columns = _columns(header, profile, is_complete=is_complete)
    taken = {*columns, *(header.index(name) for name in profile.tests if name in header)}
    return Layout(
        encoding=encoding,
        delimiter=profile.delimiter,
        header=header,
        columns=columns,
        ignored=tuple(name for place, name in enumerate(header) if place not in taken),
        first_byte=encoding.mark + encoding.size("".join(lines[:first_line])),
        first_row=first_line + 1,
        profile=profile,
    )


def head_lines(file: IO[bytes], encoding: Encoding) -> list[str]:
    """The physical lines with which a file begins, with their ends."""
    file.seek(encoding.mark)
    return list(io.StringIO(encoding.decoder().decode(file.read(BLOCK)), newline=""))


def is_separator_line(line: str) -> bool:
    """The `sep=;` that Excel puts on top."""
    return bool(SEPARATOR_LINE.fullmatch(line.strip(' \t\r\n"')))


def parse(lines: Sequence[str], delimiter: str) -> tuple[list[str], int]:
    """The first record of these lines and how many of them it takes; [] if it is none."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        cells = next(reader, [])
    except csv.Error:
        return [], 1
    return cells, max(1, reader.line_num)


def _header(lines: Sequence[str], profile: Profile) -> tuple[tuple[str, ...], int]:
    """The headings, and the number of lines before the first record."""
    if profile.header_row:
        before = profile.header_row - 1
        cells, used = parse(lines[before:], profile.delimiter)
        names = headings(cells)
        return _narrow_enough(names), before + used
    before = next((i for i, line in enumerate(lines) if _is_content(line)), len(lines))
    cells, _used = parse(lines[before:], profile.delimiter)
    return _narrow_enough(headings([""] * len(cells))), before


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not is_separator_line(line)


def _narrow_enough(header: tuple[str, ...]) -> tuple[str, ...]:
    if len(header) > MOST_COLUMNS:
        raise UnreadableFile(
            f"The table has {len(header)} columns; at most {MOST_COLUMNS} can be read. "
            "Send fewer columns."
        )
    return header


def _columns(header: tuple[str, ...], profile: Profile, *, is_complete: bool) -> tuple[int, ...]:
    """Where each of FIELDS stands, by the headings of the profile."""
    absent = [name for name in profile.columns.values() if name not in header]
    if absent:
        raise UnreadableFile(
            f"The file has no column “{absent[0]}”, which its profile names. "
            "Say anew which column is which."
        )
    places = {name: header.index(heading) for name, heading in profile.columns.items()}
    if "code" not in places and "test_name" in places:
        places["code"] = places["test_name"]
    if is_complete:
        _check_complete(places, profile)
    return tuple(places.get(name, ABSENT) for name in FIELDS)


def _named(field: str) -> str:
    """`Patient number (mrn)`: what people call it, and what the template does."""
    return f"{WORDS[field]} ({field})"


def _check_complete(places: Mapping[str, int], profile: Profile) -> None:
    needed = REQUIRED if profile.layout == "long" else REQUIRED_IN_WIDE
    if missing := [name for name in needed if name not in places]:
        raise UnreadableFile(
            f"The first line must name the columns. Missing: {', '.join(map(_named, missing))}. "
            "The template shows how such a file begins."
        )
    if profile.layout == "wide" and not profile.tests:
        raise UnreadableFile("No column of this table is known to be a test.")
