"""Records of a file with the bytes they end at; a malformed one costs one line, no more."""

import csv
import io
import os
import re
from collections.abc import Iterator
from typing import IO, NamedTuple

from .encoding import BLOCK
from .layout import Layout
from .refusal import Refusal

Cells = list[str]
LINE_END = re.compile("\r\n|\n|\r")
END_OF_TEXT = "\x1a"  # Ctrl-Z, with which programs of the days of DOS end a text
FOREIGN = re.compile("[\x00\udc80-\udcff]")
# What a letter in UTF-8 looks like in a file that is read as Windows-1252: Ã¼ for ü, Âµ for µ.
WESTERN = {"cp1252", "latin-1", "iso8859-15"}
AS_WESTERN = re.compile("[ÂÃ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸŠšŽžŒœŸ]|Î\xbc")
FOREIGN_OR_UTF8 = re.compile(f"{FOREIGN.pattern}|{AS_WESTERN.pattern}")


class Malformed(NamedTuple):
    """A line that is not a record: why, for the person who sent it, and the line itself."""

    code: str
    message: str
    repair: str
    line: str


class Block(NamedTuple):
    """Whole records of a stretch of the file, each with its line, and where the next starts."""

    records: list[tuple[int, Cells | Malformed]]
    next_byte: int
    next_row: int


UNCLOSED = (
    "unclosed_quote",
    "A quotation mark opens here and is not closed.",
    "Remove it, or close it before the end of the cell.",
)
BAD_QUOTES = (
    "bad_quotes",
    "The quotation marks of this line do not match.",
    "Put cells with commas or quotation marks in double quotes, and double those inside.",
)
TOO_LONG = (
    "line_too_long",
    "This line is longer than 1 MB.",
    "Look for a missing line end or a cell with a whole document in it.",
)
CELL_TOO_LONG = (
    "cell_too_long",
    "A cell that begins in this line is longer than 128 KB: refused with all lines of it.",
    "Results need no such cell; remove it, or close its quotation mark.",
)
FOREIGN_BYTES = {
    True: (
        "nul_byte",
        "The line holds NUL bytes, which no text has.",
        "Export the file again; the copy is damaged.",
    ),
    False: (
        "bad_encoding",
        "Some characters of this line are in another encoding than the rest of the file.",
        "Save the whole file as UTF-8.",
    ),
}
RAGGED = (
    "ragged_row",
    "The line has another number of cells than the header.",
    "Put cells that hold a separator in double quotes; leave no cell out.",
)
TEST_TWICE = (
    "test_in_two_columns",
    "Two columns of this line are of one test and say different things.",
    "Say in the mapping which test each column is, or leave out the one that does not hold.",
)
SAME_AGAIN = (
    "same_again",
    "This line and those after it have the fault of the thousand lines before it.",
    "Mend what the lines before have in common, and send the file again.",
)
MOST_ALIKE = 1000  # refusals of one cause in a row; more tell nobody more
DEFECTS = {
    defect[0]: defect
    for defect in (
        RAGGED,
        TEST_TWICE,
        UNCLOSED,
        BAD_QUOTES,
        TOO_LONG,
        CELL_TOO_LONG,
        SAME_AGAIN,
        *FOREIGN_BYTES.values(),
    )
}


def defect(code: str) -> Refusal:
    """Why a line was no record, by the code that a canonical copy keeps of it."""
    return Refusal("", *DEFECTS.get(code, RAGGED))


def records(
    file: IO[bytes], layout: Layout, *, at_byte: int = 0, at_row: int = 0
) -> Iterator[Block]:
    """The file from a record's start to its end, in blocks of about one megabyte."""
    at_byte, at_row = max(at_byte, layout.first_byte), max(at_row, layout.first_row)
    size = file.seek(0, os.SEEK_END)
    while at_byte < size:
        block = record_block(file, layout, at_byte, at_row, size)
        yield block
        at_byte, at_row = block.next_byte, block.next_row


def record_block(file: IO[bytes], layout: Layout, at_byte: int, at_row: int, size: int) -> Block:
    """Whole records from `at_byte`, where one begins, as many as a block holds."""
    is_last = size - at_byte <= BLOCK
    lines = _lines(file, layout, at_byte, is_last)
    if not lines:
        return _skip_line(file, layout, at_byte, at_row, size)
    found, used = _parse(lines, layout, is_last)
    if not used:
        return _skip_record(file, layout, at_byte, at_row, size)
    text = "".join(lines[:used])
    foreign = _foreign(layout)
    if foreign.search(text):
        found = [(place, _native(cells, foreign)) for place, cells in found]
    return Block(
        records=[(at_row + place, cells) for place, cells in _told_once(found, layout)],
        next_byte=at_byte + layout.encoding.size(text),
        next_row=at_row + used,
    )


def _lines(file: IO[bytes], layout: Layout, at_byte: int, is_last: bool) -> list[str]:
    """Whole physical lines with their ends, as many as a block holds."""
    file.seek(at_byte)
    text = layout.encoding.decoder().decode(file.read(BLOCK), is_last)
    lines = list(io.StringIO(text, newline=""))
    # A carriage return at the very end may be the first half of a line end.
    if lines and not is_last and not lines[-1].endswith("\n"):
        lines.pop()
    return lines


def _parse(
    lines: list[str], layout: Layout, is_last: bool
) -> tuple[list[tuple[int, Cells | Malformed]], int]:
    """Records by the place of their first line, and how many lines they use.

    `strict` is what keeps `"5"6` from being read as 56. A record that fails costs its first
    line; reading goes on with the next one, so that an unclosed quotation mark does not swallow
    the file. One that is longer than records are ends the block before it; where it stands first,
    no line is used.
    """
    found: list[tuple[int, Cells | Malformed]] = []
    start = 0
    while start < len(lines):
        rest = map(lines.__getitem__, range(start, len(lines)))
        reader = csv.reader(rest, delimiter=layout.delimiter, strict=True, skipinitialspace=True)
        place = start
        try:
            for cells in reader:
                is_at_end = is_last and start + reader.line_num == len(lines)
                if any(cells) and not (is_at_end and cells == [END_OF_TEXT]):
                    found.append((place, cells))
                place = start + reader.line_num
        except csv.Error as error:
            is_open = "unexpected end" in str(error)
            if "field limit" in str(error) or (is_open and not is_last):
                return found, place
            found.append((place, Malformed(*(UNCLOSED if is_open else BAD_QUOTES),
                                           lines[place].rstrip("\r\n"))))  # fmt: skip
            start = place + 1
        else:
            break
    return found, len(lines)


def _told_once(
    found: list[tuple[int, Cells | Malformed]], layout: Layout
) -> Iterator[tuple[int, Cells | Malformed]]:
    """The records, of more than a thousand in a row that one cause makes none the first ones.

    Where a document was pasted into a cell, or a page of another program into the file, a million
    lines are refused by one thing that a person has to mend.
    """
    width, cause, count = len(layout.header), "", 0
    for place, record in found:
        now = _cause(record, width)
        count = count + 1 if now and now == cause else 1
        cause = now
        if not now or count <= MOST_ALIKE:
            yield place, record
        elif count == MOST_ALIKE + 1:
            yield place, Malformed(*SAME_AGAIN, "")


def _cause(record: Cells | Malformed, width: int) -> str:
    """Why this is no record of a table of that width; "" when it is one."""
    if isinstance(record, Malformed):
        return record.code
    return RAGGED[0] if len(record) < width or any(record[width:]) else ""


def _foreign(layout: Layout) -> re.Pattern[str]:
    """What shows that a line is in another encoding than its file."""
    return FOREIGN_OR_UTF8 if layout.encoding.name in WESTERN else FOREIGN


def _native(cells: Cells | Malformed, foreign: re.Pattern[str]) -> Cells | Malformed:
    """The cells, unless one holds what is no text of this file's encoding."""
    if isinstance(cells, Malformed) or not any(foreign.search(cell) for cell in cells):
        return cells
    has_nul = any("\0" in cell for cell in cells)
    return Malformed(*FOREIGN_BYTES[has_nul], "")


def _skip_line(file: IO[bytes], layout: Layout, at_byte: int, at_row: int, size: int) -> Block:
    """Refuse a line that is longer than a block, and find where the next one begins."""
    decoder = layout.encoding.decoder()
    file.seek(at_byte)
    end = at_byte
    while block := file.read(BLOCK):
        text = decoder.decode(block)
        if line_end := LINE_END.search(text):
            end += layout.encoding.size(text[: line_end.end()])
            break
        end += layout.encoding.size(text)
    else:
        end = size
    return Block([(at_row, Malformed(*TOO_LONG, ""))], end, at_row + 1)


def _skip_record(file: IO[bytes], layout: Layout, at_byte: int, at_row: int, size: int) -> Block:
    """Refuse a record with a cell that is too long, up to the next line that is a whole one.

    A cell whose quotation mark is never closed ends there too, and costs its own line.
    """
    byte, row = at_byte, at_row
    while byte < size:
        lines = _lines(file, layout, byte, size - byte <= BLOCK)
        if not lines:
            longer = _skip_line(file, layout, byte, row, size)
            byte, row = longer.next_byte, longer.next_row
            continue
        begin = 1 if byte == at_byte else 0
        wholes = (place for place in range(begin, len(lines)) if _is_whole(lines[place], layout))
        used = next(wholes, len(lines))
        byte, row = byte + layout.encoding.size("".join(lines[:used])), row + used
        if used < len(lines):
            break
    return Block([(at_row, Malformed(*CELL_TOO_LONG, ""))], byte, row)


def _is_whole(line: str, layout: Layout) -> bool:
    """Whether a line by itself is a record with the header's number of cells."""
    width = len(layout.header)
    if line.count(layout.delimiter) < width - 1:
        return False
    try:
        reader = csv.reader([line], delimiter=layout.delimiter, strict=True, skipinitialspace=True)
        cells = next(reader, [])
    except csv.Error:
        return False
    return len(cells) >= width and any(cells) and not any(cells[width:])
