"""Which column of a file says what."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from .encoding import BLOCK, Encoding, UnreadableFile, detect

__all__ = ["FIELDS", "Layout", "UnreadableFile", "inspect"]

DELIMITERS = ",;\t|"
# What we read, each with the headings that mean it; the first one is ours and wins.
FIELDS = {
    "mrn": ("mrn", "patient_id", "identifier", "patient_identifier", "patient", "patient_mrn",
            "medical_record_number", "subject_id", "pid"),
    "identifier_system": ("identifier_system", "system", "assigning_authority"),
    "code": ("code", "loinc", "loinc_code", "test_code", "analyte", "test", "test_name",
             "component", "analyte_name"),
    "value": ("value", "result", "result_value", "value_numeric", "numeric_value"),
    "unit": ("unit", "units", "uom", "ucum", "result_unit"),
    "collected_at": ("collected_at", "collected", "collection_time", "collection_date",
                     "collected_on", "specimen_collected_at", "taken_at", "effective_at",
                     "observed_at", "date", "datetime"),
    "status": ("status", "result_status"),
    "issued_at": ("issued_at", "issued", "reported_at", "resulted_at", "result_time",
                  "released_at"),
    "accession": ("accession", "accession_number", "sample_id", "specimen_id", "order_id"),
    "reference_low": ("reference_low", "ref_low", "normal_low", "range_low"),
    "reference_high": ("reference_high", "ref_high", "normal_high", "range_high"),
}  # fmt: skip
REQUIRED = ("mrn", "code", "value", "unit", "collected_at")
ABSENT = -1


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

    def heading(self, field: str) -> str:
        """What the file calls one of our fields."""
        place = self.columns[list(FIELDS).index(field)]
        return field if place == ABSENT else self.header[place][:60]


def inspect(file: IO[bytes]) -> Layout:
    """Find encoding, delimiter and columns of a file, or raise UnreadableFile."""
    encoding = detect(file)
    file.seek(encoding.mark)
    text = encoding.decoder().decode(file.read(BLOCK))
    lines = list(io.StringIO(text, newline=""))
    place = next((i for i, line in enumerate(lines) if _is_heading(line)), None)
    if place is None:
        raise UnreadableFile("The file has no lines of text.")
    delimiter, header = _split(lines[place])
    columns = _columns(header)
    used = {column for column in columns if column != ABSENT}
    return Layout(
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        columns=columns,
        ignored=tuple(name for i, name in enumerate(header) if i not in used and name),
        first_byte=encoding.mark + encoding.size("".join(lines[: place + 1])),
        first_row=place + 2,
    )


def _is_heading(line: str) -> bool:
    """Not empty, and not the `sep=;` that Excel puts on top."""
    text = line.strip(' \t\r\n"')
    return bool(text) and not re.fullmatch(r"sep=.?", text, re.IGNORECASE)


def _split(line: str) -> tuple[str, tuple[str, ...]]:
    """The delimiter under which the most headings are known, and the headings."""
    best = max(DELIMITERS, key=lambda delimiter: len(_known(_cells(line, delimiter))))
    return best, _cells(line, best)


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        record = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return ()
    return tuple(cell.strip() for cell in record)


def _known(header: Sequence[str]) -> set[str]:
    names = {name for names in FIELDS.values() for name in names}
    return {_plain(cell) for cell in header} & names


def _columns(header: Sequence[str]) -> tuple[int, ...]:
    plain = [_plain(cell) for cell in header]
    columns = {field: _place(field, plain) for field in FIELDS}
    if missing := [field for field in REQUIRED if columns[field] == ABSENT]:
        raise UnreadableFile(
            f"The first line must name the columns. Missing: {', '.join(missing)}. "
            "The template shows how such a file begins."
        )
    return tuple(columns.values())


def _place(field: str, header: list[str]) -> int:
    """Where a field stands. Two headings that may both mean it are refused, not guessed."""
    names = FIELDS[field]
    meant = [name for name in header if name in names]
    if len(meant) > 1 and field != "code":
        ours = [name for name in meant if name == names[0]]
        if len(ours) != 1:
            raise UnreadableFile(
                f"More than one column may be “{names[0]}”: {', '.join(meant)}. Keep one of them."
            )
        meant = ours
    # A code may stand beside its name: the more exact one is listed first in FIELDS.
    meant.sort(key=names.index)
    return header.index(meant[0]) if meant else ABSENT


def _plain(heading: str) -> str:
    return re.sub(r"[\s\-.]+", "_", heading.strip().strip('"').casefold())
