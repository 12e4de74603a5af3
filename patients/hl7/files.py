"""A file of messages: single, one after the other, or in batches between FHS, BHS, BTS and FTS.

Read in pieces, so that a file of any length costs the memory of its longest message.
"""

import codecs
import gzip
import re
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple, Protocol

from .message import Unreadable

BLOCK = 1024 * 1024
LONGEST_MESSAGE = 16 * 1024 * 1024
MOST_UNPACKED = 1024 * 1024 * 1024
# Files that were put together by hand have marks of UTF-8 in the middle.
BEGINNING = re.compile(rb"(?:\A|(?<=[\r\n\x0b\x1c])|(?<=\xef\xbb\xbf))MSH(?=[^\w\s])")
WRAPPER = re.compile(rb"(?:\A|(?<=[\r\n\x0b\x1c]))(?:FHS|BHS|BTS|FTS)(?=[^\w\s]|[\r\n]|\Z)[^\r\n]*")
LINE_END = re.compile(rb"\r\n|\r|\n")
HEADS = (b"MSH", b"FHS", b"BHS")
MARK = codecs.BOM_UTF8
KEPT = 4  # bytes of a skipped stretch in which the next message may begin


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Piece(NamedTuple):
    """One message, or what stands between messages and is none.

    `raw` is None when it is longer than LONGEST_MESSAGE. `row` is its first line.
    """

    raw: bytes | None
    row: int
    next_byte: int
    next_row: int


def is_hl7(first_bytes: bytes) -> bool:
    """Whether a file that begins so holds HL7 v2 messages."""
    return _is_narrow_hl7(first_bytes) or _is_narrow_hl7(_from_utf16(first_bytes))


def open_messages(file: IO[bytes]) -> IO[bytes]:
    """The messages of a stored file as bytes to seek in: unpacked, and not in UTF-16.

    Raises Unreadable for a damaged archive or one that unpacks to more than MOST_UNPACKED.
    """
    file.seek(0)
    head = file.read(2)
    file.seek(0)
    if head == b"\x1f\x8b":
        file = _copy(gzip.GzipFile(fileobj=file))
        head = file.read(2)
        file.seek(0)
    if wide := _wide(head):
        file = _copy(codecs.EncodedFile(file, "utf-8", wide))
    return file


def messages(file: IO[bytes], *, at_byte: int = 0, at_row: int = 1) -> Iterator[Piece]:
    """The file from a piece's end to its own end, message by message."""
    file.seek(at_byte)
    for raw, size, lines in _pieces(file):
        at_byte += size
        yield Piece(None if raw is None else _bare(raw), at_row, at_byte, at_row + lines)
        at_row += lines


def _pieces(file: IO[bytes]) -> Iterator[tuple[bytes | None, int, int]]:
    """Bytes from one MSH to the next, their number and their line ends."""
    held = b""
    while block := file.read(BLOCK):
        held += block
        *whole, held = _cut(held)
        for piece in whole:
            yield piece, len(piece), len(LINE_END.findall(piece))
        if len(held) > LONGEST_MESSAGE:
            size, lines, held = _skip(file, held)
            yield None, size, lines
    if held:
        yield held, len(held), len(LINE_END.findall(held))


def _skip(file: IO[bytes], held: bytes) -> tuple[int, int, bytes]:
    """Pass over a message that is too long: its size and lines, and what comes after it."""
    size = lines = 0
    while True:
        begins = BEGINNING.search(held, 1)
        end = begins.start() if begins else max(0, len(held) - KEPT)
        size += end
        lines += len(LINE_END.findall(held[:end]))
        held = held[end:]
        block = b"" if begins else file.read(BLOCK)
        if not block:
            return (size, lines, held) if begins else (size + len(held), lines, b"")
        held += block


def _cut(held: bytes) -> list[bytes]:
    """Before each message but the first; the last piece may go on in the next block."""
    # A header that the block cuts off is looked at again with the next one.
    starts = [match.start() for match in BEGINNING.finditer(held) if match.start() > 0]
    return [held[start:end] for start, end in zip([0, *starts], [*starts, len(held)], strict=True)]


def _bare(raw: bytes) -> bytes:
    """A message without what frames it: batch headers and trailers, marks of the wire."""
    bare = WRAPPER.sub(b"", raw.removeprefix(MARK).removesuffix(MARK))
    return bare.strip(b" \t\r\n\x0b\x1c\x1a")


def _is_narrow_hl7(head: bytes) -> bool:
    head = head.removeprefix(MARK).lstrip(b" \t\r\n\x0b")
    return head[:3] in HEADS and bool(re.match(rb"[^\w\s]", head[3:4]))


def _from_utf16(head: bytes) -> bytes:
    wide = _wide(head[:2])
    return head[: len(head) // 2 * 2].decode(wide, "replace").encode() if wide else b""


def _wide(first_two: bytes) -> str:
    """The kind of UTF-16 that a file begins in, with its mark or with a western letter."""
    if first_two in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    if len(first_two) == 2 and 0 in first_two:
        return "utf-16-le" if first_two[1] == 0 else "utf-16-be"
    return ""


def _copy(source: _Readable) -> IO[bytes]:
    target = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as its reader
    size = 0
    try:
        while block := source.read(BLOCK):
            size += len(block)
            if size > MOST_UNPACKED:
                raise Unreadable("The archive unpacks to more than 1 GB. Split it.")
            target.write(block)
    except (OSError, EOFError, zlib.error, UnicodeError):
        raise Unreadable("The file is damaged. Export it again.") from None
    target.seek(0)
    return target
