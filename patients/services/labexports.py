"""Files about laboratory imports that people open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import IO

from patients import labcsv
from patients.labcsv import Malformed, canonical
from patients.labcsv.guess import Guess, guess
from patients.labcsv.layout import FIELDS, from_profile
from patients.labcsv.profile import BadProfile, Profile
from patients.labcsv.template import HEADER, ROWS
from patients.models import LabImport
from patients.services import hl7in, labcopies, labtables

BYTE_ORDER_MARK = "\ufeff"
TABLES = {LabImport.Format.TABLE, LabImport.Format.WORKBOOK}
ADDED = ["problem", "repair"]
PROBLEM_HEADER = ["row", "column", "seen", "message", "repair"]
ALWAYS = {"mrn", "code", "value", "unit", "collected_at"}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What `csv.writer` needs of a file: the line it has just been given."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def template() -> Iterator[str]:
    return lines([HEADER, *ROWS])


def ignored_columns(lab_import: LabImport) -> tuple[str, ...]:
    """Headings of the file that are not read; none when the file cannot be read."""
    if lab_import.format not in TABLES:
        return ()
    try:
        profile = Profile.from_json(lab_import.profile)
        path = Path(lab_import.file.path)
        if not profile.columns:
            return _guess(path).ignored
        if canonical.is_needed(profile, lab_import.format):
            taken = {*profile.columns.values(), *profile.tests}
            return tuple(name for name in _guess(path).header if name not in taken)
        with path.open("rb") as file:
            return from_profile(file, profile).ignored
    except (FileNotFoundError, labcsv.UnreadableFile, BadProfile):
        return ()


@lru_cache(maxsize=64)
def _guess(path: Path) -> Guess:
    return guess(path)


def rejected_rows(lab_import: LabImport) -> Iterator[str]:
    """The rows that were not stored as they were sent, with reason and repair, to be put right
    and sent again.

    Reads the stored file once more, so that a row comes back with every cell it had. What is
    no table comes as a list of what was wrong where. Raises PermanentFailure when the file is
    gone.
    """
    problems = lab_import.problems.order_by("row", "column")
    if lab_import.format == LabImport.Format.HL7:
        yield from lines(hl7in.refused_table(lab_import))
        return
    if lab_import.format not in TABLES:
        yield from lines(chain([PROBLEM_HEADER], problems.values_list(*PROBLEM_HEADER).iterator()))
        return
    with labtables.opened(lab_import) as (file, layout, _size):
        if layout.profile.sources:
            yield from _of_copy(file, layout, lab_import)
        else:
            refused = _refused(file, layout, _by_row(problems))
            header = [*layout.header, *ADDED]
            # The file's own delimiter: it decides how a comma in a number is read.
            yield from lines(chain([header], refused), delimiter=layout.delimiter)
    labcopies.remove(lab_import)


def _by_row(problems) -> dict[int, tuple[str, str]]:
    return {one.row: (one.message, one.repair) for one in problems.iterator(chunk_size=2000)}


def _of_copy(file: IO[bytes], layout: labcsv.Layout, lab_import: LabImport) -> Iterator[str]:
    """Rows of a workbook, an archive or a wide table: one result a line, under our headings."""
    problems = lab_import.problems.iterator(chunk_size=2000)
    wanted = {(one.row, one.column): (one.message, one.repair) for one in problems}
    of_rows = {row: said for (row, _column), said in wanted.items()}
    fields = list(FIELDS)
    kept = [name for name in fields if name in layout.profile.sources or name in ALWAYS]
    at = {name: layout.header.index(name) for name in [*kept, "source_row", "source_column"]}

    def refused() -> Iterator[list[str]]:
        for block in labcsv.records(file, layout):
            for _row, record in block.records:
                cells = _squared(record, len(layout.header))
                row, column = int(cells[at["source_row"]] or 0), cells[at["source_column"]]
                said = wanted.get((row, column)) if column else of_rows.get(row)
                if said is not None:
                    yield [*(cells[at[name]] for name in kept), *said]

    comma = layout.profile.decimal == ","
    yield from lines(chain([[*kept, *ADDED]], refused()), delimiter=";" if comma else ",")


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
