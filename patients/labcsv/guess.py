"""How a file seems to be meant, and what of that a person must settle.

The profile of a Guess may be used as it is: whatever is in doubt is left open in it, and open
things make rows be refused with a sentence, never be read in the likelier way.
"""

import gzip
import io
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from . import heads, mapping, workbook
from .encoding import UnreadableFile, detect
from .evidence import Doubt
from .fields import meanings
from .formats import TOO_LARGE, may_hold
from .formats import detect as detect_format
from .heads import Start
from .layout import Layout, from_profile, head_lines
from .lines import Block, Malformed, record_block, records
from .mapping import Table
from .profile import Profile

__all__ = ["Doubt", "Guess", "NoHeadings", "Start", "guess", "inspect"]

LOOKED_AT = 4 * 1024 * 1024  # bytes at the beginning of a text
LOOKS = 7  # looks into the rest of it, about a megabyte each
LONGEST_LINE = 1024 * 1024
MOST_KEPT = 2000  # records
MOST_TEXTS = 100_000  # cells of a column that are not the same
SHOWN = 20
NO_SUCH_LINE = "Line {row} of the file names no columns. Say in which line the headings stand."
TURNED = (
    "The dates stand side by side and the tests one below the other. Turn the table round: copy "
    "it in the spreadsheet, choose Paste special, Transpose, and add a column with the patient "
    "number. Then each line is one sample with its date, and each test has a column."
)


class NoHeadings(UnreadableFile):
    """Nothing is known to name the columns; a person who sees the file can say what does."""


@dataclass(frozen=True)
class Guess:
    """What a file seems to be. Formats other than tables have no profile worth looking at."""

    format: str
    profile: Profile = field(default_factory=Profile)
    doubts: tuple[Doubt, ...] = ()
    header: tuple[str, ...] = ()
    sample_rows: tuple[tuple[str, ...], ...] = ()
    row_estimate: int = 0
    ignored: tuple[str, ...] = ()  # headings and sheets that are not read


def guess(
    path: Path, *, remembered: Profile | None = None, start: Start = heads.NOTHING_SAID
) -> Guess:
    """Look at a file. Raises UnreadableFile for what cannot be read at all.

    `remembered` is how the last file of the same source was read; it is followed as far as the
    columns are the same. `start` is where a person says that the table begins.
    """
    found = detect_format(path)
    if found.name == "workbook":
        return _of_workbook(path, remembered, start)
    if found.name != "table":
        return Guess(found.name, Profile(compression=found.compression))
    if not found.compression:
        with path.open("rb") as file:
            return _of_text(file, file.seek(0, 2), Profile(), remembered, start)
    packed = Profile(compression=found.compression)
    head, size = _unpacked_head(path)
    return _of_text(head, size, packed, remembered, start)


def inspect(file: IO[bytes]) -> Layout:
    """How a plain text is read when nobody is asked, or UnreadableFile."""
    guessed = _of_text(file, file.seek(0, 2), Profile(), None)
    for doubt in guessed.doubts:
        if doubt.code == "column_doubled":
            raise UnreadableFile(f"{doubt.message} {doubt.repair}")
    return from_profile(file, guessed.profile)


def _of_text(
    file: IO[bytes],
    size: int,
    basis: Profile,
    remembered: Profile | None,
    start: Start = heads.NOTHING_SAID,
) -> Guess:
    encoding = detect(file)
    lines = head_lines(file, encoding)
    head = heads.of_text(lines, start)
    if not start.is_said:
        signs = head.delimiter if head else heads.DELIMITERS
        _check_not_turned(head, [heads.records_of(lines, sign) for sign in signs])
    if head is None and start.row:
        raise UnreadableFile(NO_SUCH_LINE.format(row=start.row))
    if head is None:
        sentence = (
            "No table of results was found in this file. Its first line must name the columns, "
            "as in the template."
        )
        raise NoHeadings(sentence) if heads.may_be_table(lines) else UnreadableFile(sentence)
    basis = replace(basis, encoding=encoding.name, delimiter=head.delimiter, header_row=head.row)
    profile, doubts = mapping.columns(head, basis)
    table = _look(file, head, profile, size)
    return _guessed("table", table, profile, doubts, remembered)


class _Look:
    """What is seen of a text: its first records, and the cells that tell how it is written."""

    def __init__(self, layout: Layout, profile: Profile):
        self.width = len(layout.header)
        self.rows: list[list[str]] = []
        self.count = 0
        self.texts: dict[str, set[str]] = {name: set() for name in mapping.followed(profile)}
        self.places = [(layout.header.index(name), texts) for name, texts in self.texts.items()]

    def at(self, block: Block) -> None:
        records = [cells for _row, cells in block.records if not isinstance(cells, Malformed)]
        self.rows.extend(records[: MOST_KEPT - len(self.rows)])
        self.count += len(block.records)
        for place, texts in self.places:
            if len(texts) < MOST_TEXTS:
                texts.update(cells[place] for cells in records if len(cells) >= self.width)


def _look(file: IO[bytes], head: heads.Head, profile: Profile, size: int) -> Table:
    """The first megabytes, and a look into the file here and there.

    Records are taken apart as strictly as an import does it.
    """
    layout = from_profile(file, profile, is_complete=False)
    look = _Look(layout, profile)
    end, there = layout.first_byte, file.seek(0, os.SEEK_END)
    for block in records(file, layout):
        look.at(block)
        end = block.next_byte
        if end >= LOOKED_AT:
            break
    if not look.count:
        raise UnreadableFile("The file has a header and no rows under it.")
    is_whole, share = end >= size, (size - layout.first_byte) / max(end - layout.first_byte, 1)
    count = look.count * max(share, 1.0)
    for place in () if end >= there else range(1, LOOKS + 1):
        look.at(_block_at(file, layout, end + (there - end) * place // (LOOKS + 1), there))
    return Table(head.header, look.rows, count, is_whole=is_whole, texts=look.texts)


def _block_at(file: IO[bytes], layout: Layout, place: int, size: int) -> Block:
    """The records behind the next line end. Of UTF-16 none: a byte may be half of another."""
    file.seek(place)
    if not layout.encoding.is_narrow or not file.readline(LONGEST_LINE).endswith(b"\n"):
        return Block([], place, 0)
    return record_block(file, layout, file.tell(), 0, size)


def _check_not_turned(head: heads.Head | None, tables: Iterable[heads.Records]) -> None:
    """Refuse a table whose dates are its headings, before its columns are asked for."""
    if head is not None and "collected_at" in meanings(head.header):
        return
    if any(map(heads.is_turned, tables)):
        raise UnreadableFile(TURNED)


def _of_workbook(
    path: Path, remembered: Profile | None, start: Start = heads.NOTHING_SAID
) -> Guess:
    """The first sheet with a header that is known; the others are named as ignored."""
    heights = workbook.heads(path)
    sheets = {name: sheet.rows for name, sheet in heights.items() if _has_content(sheet.rows)}
    hidden = [f"Hidden sheet “{name}”" for name, sheet in heights.items() if sheet.is_hidden]
    if not sheets and hidden:
        raise UnreadableFile(
            "All that this workbook holds is on hidden sheets. Show the sheet with the results, "
            "save the workbook and upload it again."
        )
    if not sheets:
        raise UnreadableFile("The workbook is empty.")
    found = heads.of_sheets(sheets) if start.row is None else _stated(sheets, start.row)
    if start.row is None:
        _check_not_turned(found and found[1], sheets.values())
    if found is None and start.row:
        raise UnreadableFile(NO_SUCH_LINE.format(row=start.row))
    if found is None:
        raise NoHeadings(
            "No sheet of this workbook has a line that names the columns. "
            "The template shows how such a table begins."
        )
    name, head = found
    profile, doubts = mapping.columns(head, Profile(header_row=head.row, sheet=name[:100]))
    first = max(head.row, profile.units_row, profile.reference_row)
    rows = [cells for row, cells in sheets[name] if row > first and any(cells)]
    if not rows:
        raise UnreadableFile(f"The sheet “{name}” has a header and no rows under it.")
    share = max(heights[name].height / len(sheets[name]), 1.0)
    table = Table(head.header, rows, len(rows) * share, is_whole=share == 1.0, is_sheet=True)
    guessed = _guessed("workbook", table, profile, doubts, remembered)
    others = [f"Sheet “{other}”" for other in sheets if other != name]
    return replace(guessed, ignored=(*guessed.ignored, *others, *hidden))


def _stated(sheets: Mapping[str, heads.Records], row: int) -> tuple[str, heads.Head] | None:
    """The headings that a person has named, in the sheet that would be read."""
    guessed = heads.of_sheets(sheets)
    name = guessed[0] if guessed else next(iter(sheets))
    head = heads.at_row(sheets[name], row)
    return head and (name, head)


def _guessed(
    format: str,  # noqa: A002 - as the model calls it
    table: Table,
    profile: Profile,
    doubts: list[Doubt],
    remembered: Profile | None,
) -> Guess:
    is_known = remembered is not None and mapping.fits(remembered, profile, table.header)
    if remembered is not None and is_known:
        profile, doubts = mapping.as_before(remembered, profile)
    else:
        doubts = [*doubts, *mapping.unknown_tests(table, profile)]
    profile, open_questions = mapping.writing(table, profile)
    if remembered is not None and is_known:
        profile, open_questions = mapping.settle(profile, open_questions, remembered)
    used = {*profile.columns.values(), *profile.tests}
    return Guess(
        format=format,
        profile=profile,
        doubts=(*doubts, *open_questions),
        header=table.header,
        sample_rows=tuple(tuple(row) for row in table.rows[:SHOWN]),
        row_estimate=mapping.results_in(table, profile),
        ignored=tuple(name for name in table.header if name not in used),
    )


def _has_content(rows: heads.Records) -> bool:
    return any(any(cells) for _row, cells in rows)


def _unpacked_head(path: Path) -> tuple[IO[bytes], int]:
    """The first megabytes of a gzip archive, whole lines, and about how much it holds."""
    try:
        with gzip.open(path) as file:
            head = file.read(LOOKED_AT + 1)
    except (OSError, EOFError, zlib.error):
        raise UnreadableFile("The gzip archive is damaged. Pack it again.") from None
    if len(head) <= LOOKED_AT:
        return io.BytesIO(head), len(head)
    with path.open("rb") as packed:
        packed_size = packed.seek(-4, 2) + 4
        size = max(int.from_bytes(packed.read(4), "little"), len(head))
    if not may_hold(size, packed_size):
        raise UnreadableFile(TOO_LARGE)
    whole = head[: head.rfind(b"\n") + 1] or head
    return io.BytesIO(whole[: len(whole) // 2 * 2]), size
