"""What kind of file was sent, by its content: names and extensions are not believed."""

import gzip
import re
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

from .encoding import UnreadableFile

HEAD = 64 * 1024
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What spreadsheets wrote before XLS had its present form, by how such files begin.
OLDER = {
    "a DIF file": re.compile(rb"TABLE\r?\n0,1\r?\n"),
    "a SYLK file": re.compile(rb"ID;P"),
    "a workbook of a very old Excel": re.compile(rb"\x09[\x00\x02\x04][\x04\x06]\x00"),
}
HL7 = re.compile(rb"(?:MSH|FHS|BHS)[^A-Za-z0-9\s\"]")
UNPACKED_SHEETS = 600 * 1024 * 1024  # bytes of all parts of a workbook
MOST_PACKED = 200  # times; real workbooks are packed ten to thirty times
SMALL = 10 * 1024 * 1024
UNPACKED_TEXT = 2 * 1024 * 1024 * 1024  # bytes of an archive's text
TOO_LARGE = (
    "The archive is far larger unpacked than it should be. Unpack it, split it, and upload the "
    "parts."
)


class Format(NamedTuple):
    """One of the formats of LabImport, and "gzip" if the file is packed."""

    name: str  # table, workbook, hl7, fhir, wearable
    compression: str = ""


def detect(path: Path) -> Format:
    """The format of a file, or UnreadableFile with a sentence for what is none of ours."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(GZIP):
        return Format(_inside_gzip(path), "gzip")
    return Format(_of(head, path))


def _inside_gzip(path: Path) -> str:
    try:
        with gzip.open(path) as file:
            head = file.read(HEAD)
    except (OSError, EOFError, zlib.error):
        raise UnreadableFile("The gzip archive is damaged. Pack it again.") from None
    if head.startswith((GZIP, *ZIP, OLD_OFFICE)) or head[257:262] == b"ustar":
        raise UnreadableFile(
            "The gzip archive holds another archive or a workbook. Upload that itself."
        )
    return _of(head, path)


def may_hold(unpacked: int, packed: int) -> bool:
    """Whether so many bytes may come out of an archive of that size."""
    is_dense = unpacked > MOST_PACKED * packed and unpacked > SMALL
    return unpacked <= UNPACKED_TEXT and not is_dense


def _of(head: bytes, path: Path) -> str:
    if head.startswith(ZIP):
        return _inside_zip(path)
    if head.startswith(OLD_OFFICE):
        return "workbook"
    start = _start(head)
    for name, beginning in OLDER.items():
        if beginning.match(head) or beginning.match(start):
            raise UnreadableFile(
                f"This is {name}. Open it in a spreadsheet, save it as .xlsx or .csv, upload that."
            )
    if HL7.match(start):
        return "hl7"
    if start.startswith((b"{", b"[")) and not start.startswith(b"{\\rtf"):
        return _of_json(head)
    if start.startswith(b"<"):
        return _of_markup(head)
    return "table"


def _start(head: bytes) -> bytes:
    """The first characters in one byte each, without marks, spaces and the frame of MLLP."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1:2] == b"\0" or head[:1] == b"\0":
        head = head.replace(b"\0", b"")
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe\x0b \t\r\n")


def _of_json(head: bytes) -> str:
    plain = head.replace(b"\0", b"")
    if b'"resourceType"' in plain:
        return "fhir"
    if b'"metrics"' in plain:
        return "wearable"
    raise UnreadableFile("This is JSON, but no FHIR resource. Upload the results as a table.")


def _of_markup(head: bytes) -> str:
    plain = head.replace(b"\0", b"").lower()
    if b"<healthdata" in plain or b"healthkit" in plain:
        return "wearable"
    if b"http://hl7.org/fhir" in plain:
        raise UnreadableFile("This is FHIR in XML. Export it as JSON and upload that.")
    if b"<html" in plain or b"<!doctype html" in plain or b"<table" in plain:
        raise UnreadableFile(
            "This is a web page. Open it in a spreadsheet, save it as XLSX or CSV, upload that."
        )
    raise UnreadableFile("This is an XML file. Upload the results as XLSX or CSV.")


def _inside_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            is_open_document = "mimetype" in names and b"spreadsheet" in _mimetype(archive)
    except (zipfile.BadZipFile, OSError, RuntimeError, zlib.error, NotImplementedError):
        raise UnreadableFile(
            "The file begins like a workbook or zip archive and is damaged. Save it again."
        ) from None
    if {"xl/workbook.xml", "xl/workbook.bin"} & names or is_open_document:
        _check_size(parts)
        return "workbook"
    if any(name.startswith("apple_health_export/") for name in names):
        return "wearable"
    raise UnreadableFile("This is a zip archive. Unpack it and upload the files in it one by one.")


def _mimetype(archive: zipfile.ZipFile) -> bytes:
    with archive.open("mimetype") as part:
        return part.read(100)


def _check_size(parts: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if unpacked > UNPACKED_SHEETS or (unpacked > SMALL and unpacked > MOST_PACKED * packed):
        raise UnreadableFile(
            "The workbook is far larger unpacked than it should be. Save it as CSV and upload that."
        )
