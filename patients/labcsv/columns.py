"""A stretch of a file as columns of texts, one for each of our fields that the file has.

Almost all files are plain: no quotation marks, as many cells in every line. These are split by
a columnar reader at some hundred megabytes a second. Any stretch that is not plain goes through
the strict reader of `lines`. Both give the same columns; where a file is cut changes nothing.
"""

import codecs
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, NamedTuple

import numpy as np
import polars as pl

from .cells import Refusal
from .layout import ABSENT, FIELDS, Layout
from .lines import AS_WESTERN, WESTERN, Block, Malformed, defect, record_block

STRETCH = 2 * 1024 * 1024  # bytes of a plain stretch: some 30,000 rows, 15 MB while at work
LONGEST_PLAIN_LINE = 100_000  # longer ones are for the strict reader to judge
NEW_LINE, RETURN = ord("\n"), ord("\r")


class Texts(NamedTuple):
    """n records: the line each begins at, its cells by field, what was no record."""

    rows: np.ndarray  # int64 (n,)
    cells: pl.DataFrame  # n texts by field; a field that the file lacks has no column
    malformed: list[tuple[int, Refusal]]
    next_byte: int
    next_row: int


def stretches(
    file: IO[bytes], layout: Layout, *, at_byte: int = 0, at_row: int = 0
) -> Iterator[Texts]:
    """The file from a record's start to its end, a few megabytes at a time."""
    at_byte, at_row = max(at_byte, layout.first_byte), max(at_row, layout.first_row)
    size = file.seek(0, os.SEEK_END)
    while at_byte < size:
        texts = _plain(file, layout, at_byte, at_row, size)
        if texts is None:
            texts = _strict(record_block(file, layout, at_byte, at_row, size), layout)
        yield texts
        at_byte, at_row = texts.next_byte, texts.next_row


def of_rows(rows: Sequence[Mapping[str, str]]) -> Texts:
    """Rows that came by another way than a file, by the names of FIELDS, counted from 1."""
    names = [field for field in FIELDS if any(row.get(field) for row in rows)]
    cells = {name: [row.get(name) or "" for row in rows] for name in names}
    columns = [pl.Series(name, texts, dtype=pl.String) for name, texts in cells.items()]
    places = np.arange(1, len(rows) + 1, dtype="int64")
    return _sourced(Texts(places, _frame(columns, len(rows)), [], 0, len(rows) + 1))


def _plain(file: IO[bytes], layout: Layout, at_byte: int, at_row: int, size: int) -> Texts | None:
    """A stretch without anything that needs care, or None."""
    if not layout.encoding.is_narrow:
        return None
    file.seek(at_byte)
    data = file.read(STRETCH)
    if at_byte + len(data) < size:
        data = data[: data.rfind(b"\n") + 1]
    text = _plain_text(data, layout)
    if text is None:
        return None
    frame = pl.read_csv(
        text, has_header=False, separator=layout.delimiter, quote_char=None,
        new_columns=[f"{place}" for place in range(len(layout.header))],
        infer_schema=False, empty_string_is_null=False,
    )  # fmt: skip
    if _begins_with_space(text, layout):  # which the strict reader skips
        frame = frame.select(pl.all().str.strip_chars_start(" "))
    rows = np.arange(at_row, at_row + frame.height, dtype="int64")
    if (filled := _filled(frame)) is not None:
        frame, rows = frame.filter(filled), rows[filled.to_numpy()]
    columns = [frame.to_series(place).alias(field) for field, place in _places(layout)]
    next_row = at_row + text.count(b"\n")
    texts = Texts(rows, _frame(columns, len(rows)), [], at_byte + len(data), next_row)
    return _sourced(texts)


def _plain_text(data: bytes, layout: Layout) -> bytes | None:
    """The stretch as UTF-8 with every line ended by one \\n, if all its lines are plain."""
    if not data or b'"' in data or b"\0" in data or data.startswith(codecs.BOM_UTF8):
        return None
    if returns := data.count(b"\r"):
        if returns != data.count(b"\r\n"):
            return None
        lines = data.replace(b"\r\n", b"\n")
    else:
        lines = data
    if not lines.endswith(b"\n"):
        lines += b"\n"
    if not _is_regular(lines, layout):
        return None
    try:
        text = lines.decode(layout.encoding.name)
    except UnicodeDecodeError:
        return None
    if layout.encoding.name in WESTERN and AS_WESTERN.search(text):
        return None
    return lines if layout.encoding.name == "utf-8" else text.encode()


def _is_regular(lines: bytes, layout: Layout) -> bool:
    """Whether every line has the header's number of cells and an ordinary length."""
    letters = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(letters == NEW_LINE)
    marks = np.flatnonzero(letters == ord(layout.delimiter))
    marks_before = np.searchsorted(marks, ends)
    cells = np.diff(marks_before, prepend=0) + 1
    longest = np.diff(ends, prepend=-1).max()
    return bool((cells == len(layout.header)).all() and longest <= LONGEST_PLAIN_LINE)


def _begins_with_space(text: bytes, layout: Layout) -> bool:
    """Whether any cell does."""
    return text.startswith(b" ") or b"\n " in text or f"{layout.delimiter} ".encode() in text


def _filled(frame: pl.DataFrame) -> pl.Series | None:
    """Which rows hold anything; None when all do, as nearly always."""
    suspects = frame.to_series(0).str.strip_chars(" ") == ""
    if not suspects.any():
        return None
    return frame.select(pl.any_horizontal(pl.all().str.strip_chars(" ") != "")).to_series()


def _strict(block: Block, layout: Layout) -> Texts:
    width = len(layout.header)
    places: list[int] = []
    records: list[list[str]] = []
    malformed: list[tuple[int, Refusal]] = []
    for place, record in block.records:
        if isinstance(record, Malformed):
            # The line itself is not shown: it may name the patient. The download has it.
            malformed.append((place, Refusal("", record.code, record.message, record.repair)))
        elif len(record) < width or any(record[width:]):
            malformed.append((place, _ragged(len(record), width)))
        else:
            places.append(place)
            records.append(record)
    columns = [
        pl.Series(field, [record[place] for record in records], dtype=pl.String)
        for field, place in _places(layout)
    ]
    rows = np.array(places, "int64")
    texts = Texts(rows, _frame(columns, len(rows)), malformed, block.next_byte, block.next_row)
    return _sourced(texts)


def _ragged(cells: int, width: int) -> Refusal:
    return Refusal(
        "",
        "ragged_row",
        f"The line has {cells} cells, the header {width}.",
        "Put cells that hold a separator in double quotes; leave no cell out.",
    )


def _places(layout: Layout) -> list[tuple[str, int]]:
    """Our fields that the file has, and where."""
    return [(field, place) for field, place in zip(FIELDS, layout.columns, strict=False)
            if place != ABSENT]  # fmt: skip


def _frame(columns: list[pl.Series], height: int) -> pl.DataFrame:
    return pl.DataFrame(columns, height=height)


def _sourced(texts: Texts) -> Texts:
    """Rows of a canonical copy are numbered as in the file it was made from."""
    if "source_row" not in texts.cells.columns:
        return texts
    given = texts.cells["source_row"].cast(pl.Int64, strict=False).to_numpy()
    rows = np.where(np.isnan(given), texts.rows, given).astype("int64")
    return _without_defects(texts._replace(rows=rows))


def _without_defects(texts: Texts) -> Texts:
    """A copy has a row for every line that was no record, and says what was wrong with it."""
    if "source_problem" not in texts.cells.columns:
        return texts
    is_whole = texts.cells["source_problem"] == ""
    if is_whole.all():
        return texts
    whole = is_whole.to_numpy()
    defects = texts.cells["source_problem"].filter(~is_whole).to_list()
    found = zip(texts.rows[~whole].tolist(), map(defect, defects), strict=True)
    return texts._replace(
        rows=texts.rows[whole],
        cells=texts.cells.filter(is_whole),
        malformed=[*texts.malformed, *found],
    )
