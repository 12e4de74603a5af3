"""A working copy of a table in one form: UTF-8, long, headed by the names of FIELDS.

Workbooks, archives, wide tables and UTF-16 are copied once; the import then reads the copy and
may stop and go on anywhere. Cells are copied as texts, so that a problem can show what stood
in the file; numbers and dates are still to be read by `Profile.of_copy`. `source_row` and
`source_column` say where each result stands in the file itself. A line that is no record has
its row too, with the code of what is wrong with it in `source_problem`.
"""

import csv
import gzip
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from ml import analytes

from . import lines, words, workbook
from .encoding import BLOCK, UnreadableFile
from .fields import EXTRA_FIELDS, FIELDS, headings
from .formats import TOO_LARGE, may_hold
from .layout import from_profile, head_lines, parse
from .lines import Malformed
from .profile import Profile

Cells = list[str]
Rows = Iterator[tuple[int, Cells | Malformed]]
MOST_RESULTS = 20_000_000
NAMES = list(FIELDS)


class _Table(NamedTuple):
    """An opened table: headings, a wide one's reference ranges, and the records below."""

    header: Sequence[str]
    usual: Sequence[str]
    rows: Rows


def is_needed(profile: Profile, format: str) -> bool:  # noqa: A002 - as the model calls it
    """Whether a file is read from a copy; long text in a plain encoding is read as it is."""
    return (
        format == "workbook"
        or bool(profile.compression)
        or profile.layout == "wide"
        or profile.encoding.startswith("utf-16")
        or not profile.columns.keys().isdisjoint(EXTRA_FIELDS)
    )


def write(source: Path, target: Path, profile: Profile, format: str) -> None:  # noqa: A002
    """Write the copy; the same file and profile give the same bytes. Raises UnreadableFile.

    The caller gives `target` its name when all is written: a copy may be cut short.
    """
    with _opened(source, target, profile, format) as table:
        results = _wide(table, profile) if profile.layout == "wide" else _long(table, profile)
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(NAMES)
            writer.writerows(_counted(results))
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def _opened(
    source: Path,
    target: Path,
    profile: Profile,
    format: str,  # noqa: A002
) -> Iterator[_Table]:
    if format == "workbook":
        yield _of_sheet(workbook.rows(source, profile.sheet, decimal=profile.decimal), profile)
        return
    with _unpacked(source, target) if profile.compression else source.open("rb") as file:
        yield _of_text(file, profile)


def _of_text(file: IO[bytes], profile: Profile) -> _Table:
    layout = from_profile(file, profile)
    usual: Cells = []
    if profile.reference_row:
        physical = head_lines(file, layout.encoding)
        usual, _used = parse(physical[profile.reference_row - 1 :], profile.delimiter)
    blocks = lines.records(file, layout)
    return _Table(layout.header, usual, (record for block in blocks for record in block.records))


def _of_sheet(rows: workbook.Rows, profile: Profile) -> _Table:
    header: tuple[str, ...] = ()
    usual: Cells = []
    first = max(profile.header_row, profile.units_row, profile.reference_row)
    for row, cells in rows:
        if row == profile.header_row:
            header = headings(cells)
        if row == profile.reference_row:
            usual = cells
        if row >= first:
            break
    absent = [name for name in profile.columns.values() if name not in header]
    if absent:
        raise UnreadableFile(
            f"The sheet has no column “{absent[0]}”, which its profile names. "
            "Say anew which column is which."
        )
    return _Table(header, usual, ((row, cells) for row, cells in rows if any(cells)))


@contextmanager
def _unpacked(source: Path, target: Path) -> Iterator[IO[bytes]]:
    """The text of a gzip archive in a file that vanishes, beside the copy."""
    packed = source.stat().st_size
    with tempfile.TemporaryFile(dir=target.parent) as file:
        try:
            with gzip.open(source) as archive:
                while block := archive.read(BLOCK):
                    file.write(block)
                    if not may_hold(file.tell(), packed):
                        raise UnreadableFile(TOO_LARGE)
        except (OSError, EOFError, zlib.error) as error:
            if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
                raise  # the disk, not the archive
            raise UnreadableFile("The gzip archive is damaged. Pack it again.") from None
        yield file


def _counted(results: Iterable[Cells]) -> Iterator[Cells]:
    for count, cells in enumerate(results, start=1):
        if count > MOST_RESULTS:
            raise UnreadableFile(
                f"The file holds more than {MOST_RESULTS} results. Split it and send the parts."
            )
        yield cells


def _long(table: _Table, profile: Profile) -> Iterator[Cells]:
    fill = _filler(table.header, profile.columns)
    for row, record, defect in _judged(table.rows, len(table.header)):
        yield _no_record(row, defect) if defect else fill(row, record)


def _wide(table: _Table, profile: Profile) -> Iterator[Cells]:
    """A result for every filled cell of a test."""
    fill = _filler(table.header, profile.columns)
    tests = [(place, _said_of(place, name, table, profile.tests[name]))
             for place, name in enumerate(table.header) if name in profile.tests]  # fmt: skip
    value = NAMES.index("value")
    twins = _twins(table, profile)
    for row, record, defect in _judged(table.rows, len(table.header)):
        if defect:
            yield _no_record(row, defect)
            continue
        if torn := _contradicting(record, twins):
            yield _no_record(row, lines.TEST_TWICE[0])
        shared = fill(row, record)
        for place, said in tests:
            if record[place].strip() not in words.NOT_DONE and place not in torn:
                result = shared.copy()
                result[value] = record[place]
                for at, text in said:
                    result[at] = text
                yield result


def _twins(table: _Table, profile: Profile) -> list[list[int]]:
    """Columns of one test in one unit, where a table has several."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, heading in enumerate(table.header):
        if test := profile.tests.get(heading):
            known = analytes.resolve(test["code"])
            name = known.code if known else test["code"]
            places.setdefault((name, test.get("unit", "")), []).append(place)
    return [columns for columns in places.values() if len(columns) > 1]


def _contradicting(record: Cells, twins: list[list[int]]) -> set[int]:
    """The columns of a test that say different things in this line: nobody knows which holds."""
    torn: set[int] = set()
    for places in twins:
        said = {record[place].strip() for place in places} - words.NOT_DONE
        if len(said) > 1:
            torn.update(places)
    return torn


def _said_of(
    place: int, heading: str, table: _Table, test: Mapping[str, str]
) -> list[tuple[int, str]]:
    """What is the same for every result of a test, by the places of FIELDS."""
    usual = table.usual[place].strip() if place < len(table.usual) else ""
    said = {
        "code": test["code"],
        "test_name": heading,
        "unit": test.get("unit", ""),
        "reference_range": usual,
        "source_column": heading,
    }
    return [(NAMES.index(name), text) for name, text in said.items()]


def _judged(rows: Rows, width: int) -> Iterator[tuple[int, Cells, str]]:
    """Records with the code of what is wrong with each, or ""."""
    for row, record in rows:
        if isinstance(record, Malformed):
            yield row, [], record.code
        elif len(record) < width or any(record[width:]):
            yield row, [], lines.RAGGED[0]
        else:
            yield row, record, "nul_byte" if any("\0" in cell for cell in record) else ""


def _filler(header: Sequence[str], columns: Mapping[str, str]) -> Callable[[int, Cells], Cells]:
    """A function that puts the cells of a record in the order of FIELDS."""
    places = [header.index(columns[name]) if name in columns else None for name in NAMES]
    time, number = (
        header.index(columns[name]) if name in columns else None
        for name in ("collected_time", "value_numeric")
    )
    date_at, row_at, value_at = map(NAMES.index, ("collected_at", "source_row", "value"))

    def fill(row: int, record: Cells) -> Cells:
        cells = ["" if place is None else record[place] for place in places]
        if time is not None and record[time].strip():
            cells[date_at] = f"{cells[date_at].strip()} {record[time].strip()}"
        if number is not None and words.says_nothing(cells[value_at]):
            cells[value_at] = record[number] if record[number].strip() else cells[value_at]
        cells[row_at] = str(row)
        return cells

    return fill


def _no_record(row: int, defect: str) -> Cells:
    cells = [""] * len(NAMES)
    cells[NAMES.index("source_row")] = str(row)
    cells[NAMES.index("source_problem")] = defect
    return cells
