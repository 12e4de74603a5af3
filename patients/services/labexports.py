"""Files about laboratory imports that people open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

from patients import labcsv
from patients.labcsv import Malformed
from patients.labcsv.template import HEADER, ROWS
from patients.models import LabImport

BYTE_ORDER_MARK = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What `csv.writer` needs of a file: the line it has just been given."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def template() -> Iterator[str]:
    return lines([HEADER, *ROWS])


def ignored_columns(lab_import: LabImport) -> tuple[str, ...]:
    """Headings of the file that mean nothing to us; none when the file cannot be read."""
    try:
        with lab_import.file.open("rb") as file:
            return labcsv.inspect(file).ignored
    except (FileNotFoundError, labcsv.UnreadableFile):
        return ()


def rejected_rows(lab_import: LabImport) -> Iterator[str]:
    """The refused rows as they were sent, with reason and repair, to be put right and sent again.

    Reads the stored file once more, so that a row comes back with every cell it had.
    """
    problems = lab_import.problems.order_by("row").iterator(chunk_size=2000)
    with lab_import.file.open("rb") as file:
        layout = labcsv.inspect(file)
        refused = _refused(file, layout, {p.row: (p.message, p.repair) for p in problems})
        header = [*layout.header, "problem", "repair"]
        # The file's own delimiter: it decides how a comma in a number is read.
        yield from lines(chain([header], refused), delimiter=layout.delimiter)


def lines(rows: Iterable[Iterable[str]], *, delimiter: str = ",") -> Iterator[str]:
    """Rows as lines of CSV in which no cell is a formula, marked as UTF-8 for spreadsheets."""
    yield BYTE_ORDER_MARK
    line = _Line()
    writer = csv.writer(line, delimiter=delimiter)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
        yield line.text


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would execute. Numbers stay."""
    if not cell.startswith(FORMULA_STARTS) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(cell: str) -> bool:
    return cell[1:].replace(".", "", 1).isdecimal() and cell[0] in "+-"


def _refused(
    file: IO[bytes], layout: labcsv.Layout, problems: dict[int, tuple[str, str]]
) -> Iterator[list[str]]:
    for block in labcsv.records(file, layout):
        for row, record in block.records:
            if row in problems:
                yield [*_squared(record, len(layout.header)), *problems[row]]


def _squared(record: list[str] | Malformed, width: int) -> list[str]:
    cells = [record.line] if isinstance(record, Malformed) else record
    return (cells + [""] * width)[:width]
