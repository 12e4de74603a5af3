"""A file as rows that mean something, and problems that say why the others do not."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import IO, NamedTuple

import numpy as np

from .cells import Refusal
from .columns import stretches
from .layout import Layout
from .memories import EPOCH, NOT_SAID
from .readings import STATUSES, Reader, Readings

NOWHERE_ELSE: Mapping[str, str] = {}


class Row(NamedTuple):
    """One result as the file states it. Numbers are in the row's own unit."""

    row: int
    identifier: str
    system: str
    code: str
    value: float | None
    comparator: str
    text: str
    value_as_sent: str
    unit: str
    collected_at: datetime
    has_time: bool
    status: str
    issued_at: datetime | None
    accession: str
    reference_low: float | None
    reference_high: float | None


class Problem(NamedTuple):
    """A row that was refused, as ImportProblem stores it."""

    row: int
    column: str
    code: str
    message: str
    repair: str
    seen: str


class Batch(NamedTuple):
    """What a stretch of the file holds, and where the next one starts."""

    readings: Readings
    malformed: list[tuple[int, Refusal]]  # lines that are no records
    layout: Layout
    next_byte: int
    next_row: int

    @property
    def rows(self) -> list[Row]:
        """The rows that say something, each by itself."""
        count = len(self.readings.rows)
        return [row_at(self.readings, n) for n in range(count) if n not in self.readings.refused]

    @property
    def problems(self) -> list[Problem]:
        """Why the others do not, in their order."""
        refused = problems(self.readings, self.readings.refused, self.layout)
        return sorted([*refused, *problems_of_lines(self.malformed)])


def batches(
    file: IO[bytes],
    layout: Layout,
    *,
    zone: tzinfo,
    at_byte: int = 0,
    at_row: int = 0,
) -> Iterator[Batch]:
    """Every line from `at_byte` on, some megabytes at a time, read as the layout's profile says.

    `zone` is the site's, for times that are written without an offset.
    """
    reader = Reader(layout.profile, zone=zone)
    for texts in stretches(file, layout, at_byte=at_byte, at_row=at_row):
        yield Batch(reader.read(texts), texts.malformed, layout, texts.next_byte, texts.next_row)


def problems(
    readings: Readings,
    refused: dict[int, Refusal],
    layout: Layout | None,
    places: Mapping[str, str] = NOWHERE_ELSE,
) -> list[Problem]:
    """Refusals by the place of their rows as problems by line and column of the file.

    Without a layout the columns are called as FIELDS calls them, or as `places` does: where a
    message says what a table says in a column.
    """
    columns = source_columns(readings)
    return [
        Problem(
            int(readings.rows[place]),
            _column(refusal.field, columns[place] if columns else "", layout, places),
            refusal.code,
            refusal.message,
            refusal.repair,
            refusal.seen,
        )
        for place, refusal in refused.items()
    ]


def problems_of_lines(malformed: Iterable[tuple[int, Refusal]]) -> list[Problem]:
    return [Problem(row, "", refusal.code, refusal.message, refusal.repair, refusal.seen)
            for row, refusal in malformed]  # fmt: skip


def row_at(readings: Readings, place: int) -> Row:
    value, issued_at = readings.value.at(place), int(readings.issued.at[place])
    return Row(
        row=int(readings.rows[place]),
        identifier=readings.identifier.at(place),
        system=readings.system.at(place),
        code=readings.code.at(place),
        value=value.number,
        comparator=value.comparator,
        text=value.text,
        value_as_sent=value.as_sent,
        unit=readings.unit.at(place) or value.unit,
        collected_at=_moment(int(readings.collected.at[place])),
        has_time=bool(readings.collected.has_time[place]),
        status=STATUSES[readings.status[place]],
        issued_at=None if issued_at == NOT_SAID else _moment(issued_at),
        accession=readings.accession[place],
        reference_low=_or_none(readings.low[place]),
        reference_high=_or_none(readings.high[place]),
    )


def _column(
    field: str, source_column: str, layout: Layout | None, places: Mapping[str, str]
) -> str:
    if source_column and field in places:
        # The second value of a repeated field is told apart by the field.
        _first, sign, _repetition = source_column.partition("[")
        if field == "value":
            return source_column
        return f"{places[field]} of {source_column}" if sign else places[field]
    if layout is None or not (field or source_column):
        return source_column or field
    return layout.heading(field, source_column)


def source_columns(readings: Readings) -> list[str] | None:
    """In a copy of a wide table: which column of the file each row stood in."""
    if "source_column" not in readings.texts.columns:
        return None
    return readings.texts["source_column"].to_list()


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
