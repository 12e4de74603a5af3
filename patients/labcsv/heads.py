"""The beginning of a table: where its header stands and what the columns seem to be."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .fields import EXTRA_FIELDS, headings, meanings
from .layout import SEPARATOR_LINE, is_separator_line
from .moments import is_day
from .tests_across import is_test, looks_like_results

DELIMITERS = ",;\t|"
MOST_LINES = 60  # titles above a header, at most
FEWEST_COLUMNS = 4
FIGURES = re.compile(r"[<>]?[\d.,:/\s+-]+(?:%|[TZ].*)?")
Records = Sequence[tuple[int, list[str]]]  # each with the line it begins at, the first being 1


class Head(NamedTuple):
    """A header among the first records of a table; row 0 stands for none."""

    delimiter: str
    row: int
    header: tuple[str, ...]
    below: Records  # the records under it


class Start(NamedTuple):
    """What a person says of the beginning of a table, where the guess was wrong.

    `row` is the line of the headings: 0 where none names the columns, None where nobody said.
    """

    delimiter: str = ""
    row: int | None = None

    @property
    def is_said(self) -> bool:
        return bool(self.delimiter) or self.row is not None


NOTHING_SAID = Start()


def of_text(lines: Sequence[str], start: Start = NOTHING_SAID) -> Head | None:
    """The header of a text file, under the delimiter that makes the most sense of it."""
    if start.row is not None:
        heads = [at_row(records_of(lines, sign), start.row, sign)
                 for sign in start.delimiter or DELIMITERS]  # fmt: skip
        return max(filter(None, heads), key=lambda head: len(head.header), default=None)
    if start.delimiter:
        best = _with_delimiter(lines, start.delimiter)
        return best if _sense(best) else _without_header(lines, start.delimiter)
    stated = [SEPARATOR_LINE.fullmatch(line.strip(' \t\r\n"')) for line in lines[:1]]
    signs = stated[0][1] if stated and stated[0] and stated[0][1] in DELIMITERS else ""
    candidates = [_with_delimiter(lines, sign) for sign in signs or DELIMITERS]
    best = max(candidates, key=lambda head: (_sense(head), len(head.header)))
    if _sense(best):
        return best
    return _without_header(lines, signs or DELIMITERS)


def of_sheets(sheets: Mapping[str, Records]) -> tuple[str, Head] | None:
    """The first sheet that has a header, and that; one known word makes no header yet."""
    found = {name: _best([record for record in records if any(record[1])], "")
             for name, records in sheets.items()}  # fmt: skip
    for least in (2, 1):
        for name, head in found.items():
            if _sense(head) >= least:
                return name, head
    return None


def at_row(records: Records, row: int, delimiter: str = "") -> Head | None:
    """The header in a line that a person has named; None where nothing begins there."""
    if row == 0 and records:
        width = max(len(cells) for _row, cells in records)
        return Head(delimiter, 0, headings([""] * width), records)
    for place, (line, cells) in enumerate(records):
        if line == row:
            return Head(delimiter, row, headings(cells), records[place + 1 :])
    return None


def may_be_table(lines: Sequence[str]) -> bool:
    """Whether most lines are cut into cells by one sign, whatever they mean."""
    for sign in DELIMITERS:
        records = records_of(lines, sign)
        wide = [cells for _row, cells in records if len(cells) >= FEWEST_COLUMNS]
        if len(wide) >= 2 and 2 * len(wide) > len(records):
            return True
    return False


def is_turned(records: Records) -> bool:
    """Whether dates stand side by side and tests one below the other."""
    for place, (_row, cells) in enumerate(records[:MOST_LINES]):
        filled = [cell for cell in cells if cell.strip()]
        dated = [number for number, cell in enumerate(cells) if is_day(cell)]
        if len(dated) < 2 or 2 * len(dated) < len(filled):
            continue
        below = [row for _line, row in records[place + 1 :]]
        tests = [
            row[n] for row in below for n in range(dated[0]) if n < len(row) and row[n].strip()
        ]
        results = [row[dated[0]] for row in below if dated[0] < len(row)]
        if any(map(is_test, tests)) and looks_like_results(results):
            return True
    return False


def records_of(lines: Sequence[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """The first records of a text, each with its line; reading stops where quotes go wrong."""
    found: list[tuple[int, list[str]]] = []
    reader = csv.reader(lines[:MOST_LINES], delimiter=delimiter, skipinitialspace=True)
    place = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)) and not is_separator_line(lines[place - 1]):
                found.append((place, cells))
            place = reader.line_num + 1
    except csv.Error:
        pass  # what was read until here is enough to look at
    return found


def _with_delimiter(lines: Sequence[str], delimiter: str) -> Head:
    return _best(records_of(lines, delimiter), delimiter)


def _best(records: Records, delimiter: str) -> Head:
    """The record that knows the most headings, as a header."""
    records = records[:MOST_LINES]
    scores = [_known(cells) for _row, cells in records]
    if not scores:
        return Head(delimiter, 0, (), [])
    place = scores.index(max(scores))
    row, cells = records[place]
    return Head(delimiter, row, headings(cells), records[place + 1 :])


def _sense(head: Head) -> int:
    return _known(head.header) if head.row else 0


def _known(cells: Iterable[str]) -> int:
    """How many of our fields a record names, and in a table with a patient how many tests."""
    named = [cell for cell in cells if cell.strip()]
    fields = meanings(named).keys() - EXTRA_FIELDS.keys()
    return len(fields) + (sum(map(is_test, named)) if "mrn" in fields else 0)


def _without_header(lines: Sequence[str], delimiters: str) -> Head | None:
    """A table whose headings are not known, or are none: a person says which column is which."""
    for delimiter in delimiters:
        records = records_of(lines, delimiter)
        widths = {len(cells) for _row, cells in records}
        if len(widths) == 1 and (width := widths.pop()) >= FEWEST_COLUMNS:
            row, cells = records[0]
            if _are_headings(cells):
                return Head(delimiter, row, headings(cells), records[1:])
            return Head(delimiter, 0, headings([""] * width), records)
    return None


def _are_headings(cells: Sequence[str]) -> bool:
    """Words without numbers, dates and empty cells, none of them said twice."""
    named = [cell.strip() for cell in cells if cell.strip()]
    is_named = len(named) >= len(cells) - 1
    return is_named and len(set(named)) == len(named) and not any(map(FIGURES.fullmatch, named))
