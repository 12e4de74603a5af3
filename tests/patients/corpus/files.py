"""The malformed and the merely unusual, each with its outcome."""

import codecs
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

HEADER = "mrn,code,value,unit,collected_at,status,issued_at,accession"
GOOD = "CL-1,HBA1C,7.2,%,2026-03-01T08:00Z,final,,A1"


class Sent(NamedTuple):
    """A file and what must become of it: good rows by line, or why it cannot be read."""

    name: str
    build: Callable[[], bytes]
    good: tuple[int, ...] = ()
    refused: Mapping[int, str] = {}
    unreadable: str = ""


def table(*lines: str, header: str = HEADER, end: str = "\n", encoding: str = "utf-8") -> bytes:
    return end.join([header, *lines, ""]).encode(encoding)


def cell(value: str, *, unit: str = "%", at: str = "2026-03-01T08:00Z") -> str:
    return f"CL-1,HBA1C,{value},{unit},{at},,,"


def _values(*cells: str) -> Callable[[], bytes]:
    return lambda: table(GOOD, *map(cell, cells))


def _times(*cells: str) -> Callable[[], bytes]:
    return lambda: table(GOOD, *(cell("7", at=at) for at in cells))


def _patients(*cells: str) -> Callable[[], bytes]:
    return lambda: table(GOOD, *(f"{mrn},HBA1C,7,%,2026-03-01,,," for mrn in cells))


def _zip(**parts: str | bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def _png() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + zlib.compress(b"\0" * 900)


def _wide_header(columns: int) -> bytes:
    names = ",".join(f"extra{n}" for n in range(columns))
    return table(GOOD + "," * columns, header=f"{HEADER},{names}")


def _semicolons(*lines: str) -> Callable[[], bytes]:
    return lambda: table(*lines, header=HEADER.replace(",", ";"))


ENCODINGS = [
    Sent(f"{name} {'with' if mark else 'without'} a mark",
         lambda name=name, mark=mark: mark + table(GOOD.replace("A1", "Müller"), encoding=name),
         good=(2,))
    for name, mark in [("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("cp1252", b""),
                       ("latin-1", b""), ("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-le", b""),
                       ("utf-16-be", codecs.BOM_UTF16_BE), ("utf-16-be", b"")]
]  # fmt: skip
LINES = [
    Sent("mixed bytes", lambda: table(GOOD.replace(",A1", ",µµ")) + GOOD.encode() + b"\xb5\n",
         good=(2,), refused={3: "bad_encoding"}),
    Sent("NUL byte", lambda: table(GOOD, cell("7\0.2"), GOOD),
         good=(2, 4), refused={3: "nul_byte"}),
    Sent("carriage returns alone", lambda: table(GOOD, GOOD, end="\r"), good=(2, 3)),
    Sent("line ends of Windows", lambda: table(GOOD, GOOD, end="\r\n"), good=(2, 3)),
    Sent("mixed line ends", lambda: table(GOOD + "\r\n" + GOOD + "\r" + GOOD), good=(2, 3, 4)),
    Sent("line end in quotes", lambda: table(GOOD.replace(",A1", ',"A\n1"'), GOOD),
         good=(4,), refused={2: "cell_too_long"}),
    Sent("unclosed quote", lambda: table(GOOD, 'CL-1,"HBA1C,7,%,2026-03-01,,,', GOOD, GOOD),
         good=(2, 4, 5), refused={3: "unclosed_quote"}),
    Sent("quote in the middle", lambda: table(GOOD, cell('"7"2'), GOOD),
         good=(2, 4), refused={3: "bad_quotes"}),
    Sent("line of 30 MB", lambda: table(GOOD, "x" * 30_000_000, GOOD),
         good=(2, 4), refused={3: "line_too_long"}),
    Sent("file of one line of 30 MB", lambda: b"x" * 30_000_000, unreadable="No table"),
    Sent("cell of 200 kB", lambda: table(GOOD, "x" * 200_000, GOOD),
         good=(2, 4), refused={3: "cell_too_long"}),
    Sent("5000 columns", lambda: _wide_header(5000), good=(2,)),
    Sent("20000 columns", lambda: _wide_header(20_000), unreadable="columns"),
    Sent("no bytes", lambda: b"", unreadable="empty"),
    Sent("UTF-32", lambda: table(GOOD, encoding="utf-32"), unreadable="UTF-32"),
    Sent("document of a word processor", lambda: b"{\\rtf1\\ansi mrn,code}", unreadable="RTF"),
    Sent("header only", lambda: table(), unreadable="no rows"),
    Sent("no header", lambda: table(GOOD, header=GOOD), unreadable="first line must name"),
    Sent("doubled heading", lambda: table(GOOD + ",1", header=HEADER + ",value"),
         unreadable="first line must name"),
    Sent("ragged rows", lambda: table(GOOD, "CL-1,HBA1C", GOOD + ",more", GOOD + ",,", GOOD),
         good=(2, 5, 6), refused={3: "ragged_row", 4: "ragged_row"}),
    Sent("empty lines", lambda: table("", GOOD, ",,,,,,,", GOOD, "", ""), good=(3, 5)),
    Sent("semicolons", _semicolons("CL-1;HBA1C;7,2;%;2026-03-01;;;"), good=(2,)),
    Sent("tabs", lambda: table(GOOD, GOOD).replace(b",", b"\t"), good=(2, 3)),
    Sent("vertical bars", lambda: table(GOOD, GOOD).replace(b",", b"|"), good=(2, 3)),
    Sent("sep line", lambda: b"sep=,\n" + table(GOOD), good=(3,)),
]  # fmt: skip
VALUES = [
    Sent("digits that are none",
         _values("1_000", "١٢", "１２", "NaN", "inf", "1e400", "0x1F", "1O5"),
         good=(2,), refused=dict.fromkeys(range(3, 11), "not_a_number")),
    Sent("thousands", _values("1 234", "1'234", '"1,234.5"', '"1,234"', '"7,2"'), good=(2,),
         refused={3: "thousands_separator", 4: "thousands_separator", 5: "thousands_separator",
                  6: "decimal_comma", 7: "decimal_comma"}),
    Sent("what may be a thousand between semicolons",
         _semicolons("CL-1;HBA1C;7,2;%;2026-03-01;;;", "CL-1;PLT;1,234;%;2026-03-01;;;",
                     "CL-1;PLT;1.234;%;2026-03-01;;;", "CL-1;PLT;1.234,5;%;2026-03-01;;;"),
         good=(2,), refused={3: "ambiguous_number", 4: "ambiguous_number",
                             5: "thousands_separator"}),
    Sent("usual but not plain", _values("<0.5", ">1000", "-0", "-1.5", "5 %", "6.1 H", "NEG",
                                        "TNP", "hemolyzed", "1:128", "3-5", "1.2E3"),
         good=tuple(range(2, 15))),
    Sent("no value", _values("", " ", "NA", "-", "."), good=(2,),
         refused=dict.fromkeys(range(3, 8), "missing_value")),
    Sent("formulas", _values("=cmd|' /C calc'!A0", "@SUM(A1)", "=1+1", "\t=1"), good=(2,),
         refused=dict.fromkeys(range(3, 7), "formula")),
    Sent("errors of a spreadsheet", _values("#N/A", "#DIV/0!", "#REF!", "########"), good=(2,),
         refused=dict.fromkeys(range(3, 7), "spreadsheet_error")),
    Sent("words that are no result", _values("high-ish", "see below", "5..1", "yes"), good=(2,),
         refused=dict.fromkeys(range(3, 7), "not_a_number")),
]  # fmt: skip
TIMES = [
    Sent("unknown order of day and month", _times("03/04/2026", "05/06/2026"), good=(2,),
         refused={3: "ambiguous_date", 4: "ambiguous_date"}),
    Sent("both orders of day and month", _times("13/04/2026", "04/13/2026"), good=(2,),
         refused={3: "ambiguous_date", 4: "ambiguous_date"}),
    Sent("day first, as one day shows", _times("13/04/2026", "05/04/2026"), good=(2, 3, 4)),
    Sent("two-digit years", _times("01/02/26", "26-03-01", "1-Mar-26"), good=(2,),
         refused=dict.fromkeys(range(3, 6), "two_digit_year")),
    Sent("serial dates", _times("46082", "46083"),
         good=(2,), refused={3: "bad_time", 4: "bad_time"}),
    Sent("times that are none", _times("2026-02-30", "2026-03-01T24:00", "2026-03-01T25:00", "now",
                                       "2026-13-01", "1066-10-14", "2026-03-01T08:00+20:00"),
         good=(2,), refused=dict.fromkeys(range(3, 10), "bad_time")),
    Sent("no zone, UTC, an offset, month names", _times("2026-03-01 08:00", "2026-03-01T08:00Z",
                                                        "2026-03-01T08:00-05:00", "1-Mar-2026"),
         good=(2, 3, 4, 5, 6)),
    Sent("no time at all", _times("", " "),
         good=(2,), refused={3: "missing_time", 4: "missing_time"}),
]  # fmt: skip
PATIENTS = [
    Sent("numbers that cannot be seen", _patients("", "CL\u200b1", "CL\u202e1", "CL\u00ad1"),
         good=(2,), refused={3: "missing_patient", 4: "bad_identifier", 5: "bad_identifier",
                             6: "bad_identifier"}),
    Sent("numbers with spaces, zeros, accents",
         _patients(" CL-1 ", "0007", "Zoe\u0308", "Zo\u00eb"),
         good=(2, 3, 4, 5, 6)),
]  # fmt: skip
FILES = [
    Sent("gzip", lambda: gzip.compress(table(GOOD, cell("x"))),
         good=(2,), refused={3: "not_a_number"}),
    Sent("zip", lambda: _zip(**{"results.csv": table(GOOD)}), unreadable="zip archive"),
    Sent("zip with a path upwards", lambda: _zip(**{"../../x.csv": b"x"}),
         unreadable="zip archive"),
    Sent("zip cut short", lambda: _zip(**{"results.csv": table(GOOD)})[:40], unreadable="damaged"),
    Sent("gzip cut short", lambda: gzip.compress(table(*[GOOD] * 99))[:-30], unreadable="damaged"),
    Sent("gzip bomb", lambda: gzip.compress(table(GOOD) + (GOOD.encode() + b"\n") * 500_000),
         unreadable="far larger"),
    Sent("workbook bomb",
         lambda: _zip(**{"xl/workbook.xml": "<workbook/>", "xl/sheet1.xml": b" " * 30_000_000}),
         unreadable="far larger"),
    Sent("workbook of nonsense", lambda: _zip(**{"xl/workbook.xml": "<workbook/>"}),
         unreadable="damaged"),
    Sent("old Excel cut short", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
         unreadable="damaged"),
    Sent("PDF", lambda: b"%PDF-1.7\n1 0 obj", unreadable="PDF"),
    Sent("PNG", _png, unreadable="image"),
    Sent("ELF", lambda: b"\x7fELF\x02\x01\x01" + b"\0" * 90, unreadable="program"),
    Sent("random bytes", lambda: bytes(range(128, 256)) * 40, unreadable="No table"),
    Sent("NUL bytes only", lambda: b"\0" * 9000, unreadable="empty"),
    Sent("prose", lambda: b"Dear colleague,\nplease find enclosed.\n", unreadable="No table"),
    Sent("web page", lambda: b"<!DOCTYPE html><table><tr><td>1", unreadable="web page"),
    Sent("entities", lambda: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
         unreadable="XML"),
]  # fmt: skip
CORPUS = [*ENCODINGS, *LINES, *VALUES, *TIMES, *PATIENTS, *FILES]
