"""The beginning of a table: where its header stands and what the columns seem to be."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .fields import EXTRA_FIELDS, headings, meanings
from .layout import SEPARATOR_LINE, is_separator_line
from .tests_across import is_test

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


def of_text(lines: Sequence[str]) -> Head | None:
    """The header of a text file, under the delimiter that makes the most sense of it."""
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
