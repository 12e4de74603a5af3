"""Lines of a file as rows that mean something, or as problems that say why not."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import partial
from operator import itemgetter
from typing import IO, NamedTuple

from . import cells
from .cells import Refusal, Remembered
from .layout import ABSENT, Layout
from .lines import Malformed, records


class Row(NamedTuple):
    """One result as the file states it. Numbers are in the row's own unit."""

    row: int
    identifier: str
    system: str
    code: str
    value: float | None
    comparator: str
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

    rows: list[Row]
    problems: list[Problem]
    next_byte: int
    next_row: int


def batches(
    file: IO[bytes], layout: Layout, *, zone: tzinfo, at_byte: int = 0, at_row: int = 0
) -> Iterator[Batch]:
    """Every line from `at_byte` on, as a Row or a Problem, about a megabyte at a time.

    `zone` is the site's, for times that are written without an offset.
    """
    reader = _Reader(layout, zone)
    for block in records(file, layout, at_byte=at_byte, at_row=at_row):
        rows: list[Row] = []
        problems: list[Problem] = []
        for place, record in block.records:
            try:
                rows.append(reader.row(place, record))
            except Refusal as refusal:
                problems.append(problem(place, layout, refusal))
        yield Batch(rows, problems, block.next_byte, block.next_row)


def problem(place: int, layout: Layout, refusal: Refusal) -> Problem:
    column = layout.heading(refusal.field) if refusal.field else ""
    return Problem(place, column, refusal.code, refusal.message, refusal.repair, refusal.seen)


class _Reader:
    """The columns of one file and what their cells have said so far."""

    def __init__(self, layout: Layout, zone: tzinfo):
        self.width = len(layout.header)
        # An absent column is read from the empty cell that `row` puts behind the record.
        self.pick = itemgetter(*(self.width if i == ABSENT else i for i in layout.columns))
        number = partial(cells.number, delimiter=layout.delimiter)
        self.values = Remembered(partial(number, field="value"))
        self.lows = Remembered(partial(_limit, number, "reference_low"))
        self.highs = Remembered(partial(_limit, number, "reference_high"))
        self.collected = Remembered(partial(cells.moment, field="collected_at", zone=zone))
        self.issued = Remembered(partial(_issue_time, zone=zone))
        self.statuses = Remembered(cells.status)
        self.identifiers = Remembered(cells.identifier)
        self.systems = Remembered(_system)
        self.codes = Remembered(_code)
        self.units = Remembered(partial(cells.short, field="unit", longest=30))
        self.accessions = Remembered(partial(cells.short, field="accession", longest=64))

    def row(self, place: int, record: list[str] | Malformed) -> Row:
        if isinstance(record, Malformed):
            # The line itself is not shown: it may name the patient. The download has it.
            raise Refusal("", record.code, record.message, record.repair)
        if len(record) != self.width:
            record = self._squared(record)
        record.append("")
        (mrn, system, code, value, unit, collected, status, issued, accession, low, high) = (
            self.pick(record)
        )
        state = self.statuses[status]
        comparator, number, as_sent = self._value(value, state)
        collected_at, has_time = self.collected[collected]
        return Row(
            place,
            self.identifiers[mrn],
            self.systems[system],
            self.codes[code],
            number,
            comparator,
            as_sent,
            self.units[unit],
            collected_at,
            has_time,
            state,
            self.issued[issued],
            self.accessions[accession],
            self.lows[low],
            self.highs[high],
        )

    def _value(self, text: str, status: str) -> tuple[str, float | None, str]:
        if text and not text.isspace():
            return self.values[text]
        if status in cells.WITHOUT_VALUE:
            return "", None, ""
        raise Refusal("value", "missing_value", "There is no value.",
                      "Fill in the value, or give the status cancelled.")  # fmt: skip

    def _squared(self, record: list[str]) -> list[str]:
        """The record at the width of the header, if only empty cells stand beyond it."""
        if len(record) < self.width or any(record[self.width :]):
            raise Refusal(
                "",
                "ragged_row",
                f"The line has {len(record)} cells, the header {self.width}.",
                "Put cells that hold a separator in double quotes; leave no cell out.",
            )
        return record[: self.width]


def _limit(number, field: str, text: str) -> float | None:
    return number(text, field=field)[1] if text.strip() else None


def _issue_time(text: str, *, zone: tzinfo) -> datetime | None:
    return cells.moment(text, field="issued_at", zone=zone)[0] if text.strip() else None


def _system(text: str) -> str:
    return cells.short(text, field="identifier_system", longest=100) or "mrn"


def _code(text: str) -> str:
    code = cells.short(text, field="code", longest=100)
    if not code:
        raise Refusal("code", "missing_code", "The row names no test.",
                      "Fill in the LOINC code or the short name of the test.")  # fmt: skip
    return code
