"""In which encoding a file is written: decided once for the whole file, never by line."""

import codecs
import re
from collections.abc import Iterator
from typing import IO, NamedTuple

BLOCK = 1024 * 1024
BYTE_ORDER_MARKS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
# First bytes of what people rename to .csv, and what to do about it.
OTHER_FORMATS = [
    (b"PK\x03\x04", "a spreadsheet or zip archive. Save it as CSV and upload that"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file. Save it as CSV and upload that"),
    (b"\x1f\x8b", "a gzip archive. Unpack it and upload the CSV inside"),
    (b"%PDF", "a PDF. Ask the laboratory for the results as XLSX or CSV"),
    (b"\x89PNG", "an image. Ask the laboratory for the results as XLSX or CSV"),
    (b"\xff\xd8\xff", "an image. Ask the laboratory for the results as XLSX or CSV"),
    (b"GIF8", "an image. Ask the laboratory for the results as XLSX or CSV"),
    (b"\x7fELF", "a program. Upload the results as XLSX or CSV"),
    (b"MZ\x90", "a program. Upload the results as XLSX or CSV"),
    (b"{\\rtf", "a text document (RTF). Upload the results as XLSX or CSV"),
    (b"{", "JSON. Upload the results as CSV"),
    (b"<?xml", "XML. Upload the results as CSV"),
    (b"MSH|", "an HL7 message. Upload the results as CSV"),
]
UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
BROKEN = re.compile("[\udc80-\udcff]")  # what `surrogateescape` makes of a byte that fits nowhere
BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the message is meant for the uploader."""


class Encoding(NamedTuple):
    """How bytes become text. Encoding the text again gives the same bytes back."""

    name: str
    errors: str
    mark: int  # bytes of the byte order mark

    def decoder(self) -> codecs.IncrementalDecoder:
        return codecs.getincrementaldecoder(self.name)(self.errors)

    def size(self, text: str) -> int:
        """Bytes that this text takes in the file."""
        return len(text) if text.isascii() and self.is_narrow else len(self._encode(text))

    @property
    def is_narrow(self) -> bool:
        return not self.name.startswith("utf-16")

    def _encode(self, text: str) -> bytes:
        return text.encode(self.name, self.errors)


def detect(file: IO[bytes]) -> Encoding:
    """The encoding of a whole file. Raises UnreadableFile for what is not text.

    UTF-16 and UTF-8 are recognised. A file that is neither is Windows-1252, as spreadsheets
    write it, unless most of what it has beyond ASCII is good UTF-8: then only the lines with
    broken bytes are refused.
    """
    file.seek(0)
    head = file.read(4096)
    if not head.strip(b"\x00\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile("The file is empty.")
    for start, what in OTHER_FORMATS:
        if head.startswith(start):
            raise UnreadableFile(f"This is not a table but {what}.")
    if head.startswith(UTF_32):  # its mark begins as the one of UTF-16 does
        raise UnreadableFile("The file is written in UTF-32. Save it as UTF-8.")
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return _checked(file, name, len(mark))
    if wide := _wide(head):
        return _checked(file, wide, 0)
    return _narrow(file)


def as_stated(file: IO[bytes], name: str) -> Encoding:
    """The encoding that a person or an earlier look has stated.

    A byte order mark and UTF-16 are beyond doubt and win over what was stated.
    """
    found = detect(file)
    if found.name == name or found.mark or not found.is_narrow:
        return found
    if name.startswith("utf-16"):
        return _checked(file, name, 0)
    return Encoding(name, "surrogateescape", 0)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: every second byte of western text is zero."""
    half = len(head) // 2
    if head[1::2].count(0) > half * 0.7 and not head[0::2].count(0):
        return "utf-16-le"
    if head[0::2].count(0) > half * 0.7 and not head[1::2].count(0):
        return "utf-16-be"
    return ""


def _checked(file: IO[bytes], name: str, mark: int) -> Encoding:
    if name == "utf-8":
        return Encoding(name, "surrogateescape", mark)
    encoding = Encoding(name, "strict", mark)
    if not _decodes(file, encoding):
        raise UnreadableFile("The file is damaged: it begins as UTF-16 text and is not.")
    return encoding


def _narrow(file: IO[bytes]) -> Encoding:
    utf8 = Encoding("utf-8", "surrogateescape", 0)
    good = broken = 0
    for text in _texts(file, utf8):
        if not text.isascii():
            broken += len(BROKEN.findall(text))
            good += len(BEYOND_ASCII.findall(text))
    if not broken or good > broken:
        return utf8
    western = Encoding("cp1252", "strict", 0)
    return western if _decodes(file, western) else Encoding("latin-1", "strict", 0)


def _decodes(file: IO[bytes], encoding: Encoding) -> bool:
    try:
        for _text in _texts(file, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _texts(file: IO[bytes], encoding: Encoding) -> Iterator[str]:
    decoder = encoding.decoder()
    file.seek(encoding.mark)
    while block := file.read(BLOCK):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)
