"""Rows of a workbook as lines of JSON, in a process of its own.

Run by `workbook` as a script, with the path of the file and what to read. A workbook is taken
into memory whole and may be built to burst it, so the process may use so much memory and time
and no more; when it dies, the one who asked says that the workbook is too large.
"""

import datetime as dt
import html
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

MEMORY = 1_400 * 1024 * 1024  # bytes of address space
SECONDS = 300
MOST_ROWS = 500_000
MOST_CELLS = 6_000_000
BLOCK = 1024 * 1024
LONGEST_CELL = 100_000
ERROR_CELL = re.compile(
    rb'<c\s([^>]*\bt="e"[^>]*)>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?<v>([^<]{1,20})</v>'
)
PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
SHEET = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
RELATION = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
NUMBER_CELL = re.compile(
    rb'<c\s([^>]*\bs="(\d+)"[^>]*)>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?<v>([^<]{1,40})</v>'
)
TYPED = re.compile(rb'\bt="(?!n")')
STYLE = re.compile(r"<(?:\w+:)?xf\s([^>]*)>")
STYLES = re.compile(r"<(?:\w+:)?cellXfs[^>]*>(.*?)</(?:\w+:)?cellXfs>", re.S)
NUMBER_FORMAT = re.compile(r"<(?:\w+:)?numFmt\s([^>]*)>")
# Characters of a number format that stand for themselves, or say a colour or condition.
QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
PERCENT = {"9", "10"}  # the formats 0% and 0.00%, which every spreadsheet knows
ODS_PERCENT = b'value-type="percentage"'
Shown = dict[int, list[tuple[int, str]]]  # by row, the first being 1: column from 0, text


def main(path: str, wanted: str, most: int, decimal: str) -> None:
    """Write `{"sheets": …}` for all sheets (wanted is ""), or the rows of the one wanted."""
    with suppress(ValueError):  # some systems know no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        workbook = CalamineWorkbook.from_path(path)
    except PasswordError:
        return _say({"error": "The workbook has a password. Remove it and upload the file again."})
    if _has_percent_in_ods(path):
        return _say({"error": "The table has cells shown as percentages, which cannot be read from "
                     "this format. Save it as XLSX or CSV."})  # fmt: skip
    for sheet in workbook.sheets_metadata:
        if wanted and sheet.name != wanted:
            continue
        if sheet.visible != SheetVisibleEnum.Visible:
            _say({"hidden": sheet.name})
            continue
        found = workbook.get_sheet_by_name(sheet.name)
        _say({"sheet": sheet.name, "rows": found.total_height})
        problem = _write(found, _shown(path, sheet.name, decimal), most, decimal)
        if problem and wanted:
            return _say({"error": problem})
    return _say({"end": True})


def _write(sheet: Any, shown: Shown, most: int, decimal: str) -> str:
    """Rows of a sheet, at most so many if `most` is not 0; or why it cannot be read."""
    first_column = sheet.start[1] if sheet.start else 0
    if sheet.total_height > MOST_ROWS or sheet.total_height * sheet.total_width > MOST_CELLS:
        return (f"A sheet may have {MOST_ROWS} rows and {MOST_CELLS} cells. "
                "Save it as CSV, which has no such limit.")  # fmt: skip
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if most and number > most:
            break
        cells = [_text(cell, decimal) for cell in row]
        for column, text in shown.get(number, ()):
            if 0 <= column - first_column < len(cells):
                cells[column - first_column] = text
        _say(cells)
    return ""


def _shown(path: str, sheet: str, decimal: str) -> Shown:
    """Cells of an XLSX sheet that show something else than the reader gives.

    Errors would come as empty, and 7.2 % as the 0.072 that stands behind it.
    """
    if not zipfile.is_zipfile(path):
        return {}
    found: Shown = {}
    with zipfile.ZipFile(path) as archive:
        part = _part_of(archive, sheet)
        if not part:
            return {}
        percent = _percent_styles(archive)
        with archive.open(part) as file:
            tail = b""
            while block := file.read(BLOCK):
                text = tail + block
                for row, cell in _cells_shown(text, percent, decimal):
                    found.setdefault(row, []).append(cell)
                # A cell that lies across the edge is seen whole with the next block.
                tail = text[text.rfind(b"<c ") :][:LONGEST_CELL] if b"<c " in text else b""
    return found


def _cells_shown(
    text: bytes, percent: set[bytes], decimal: str
) -> Iterator[tuple[int, tuple[int, str]]]:
    for cell in ERROR_CELL.finditer(text):
        if place := PLACE.search(cell[1]):
            yield int(place[2]), (_column(place[1].decode()), cell[2].decode("ascii", "replace"))
    for cell in NUMBER_CELL.finditer(text) if percent else ():
        place = PLACE.search(cell[1])
        if place and cell[2] in percent and not TYPED.search(cell[1]):
            shown = _percentage(cell[3].decode("ascii", "replace"), decimal)
            yield int(place[2]), (_column(place[1].decode()), shown)


def _percentage(stored: str, decimal: str) -> str:
    """0.072 as a spreadsheet shows it."""
    try:
        # The number that was typed: behind it may stand 0.07199999999999999.
        shown = (Decimal(repr(float(stored))) * 100).normalize()
    except (ArithmeticError, ValueError):
        return stored
    return f"{shown:f}".replace(".", decimal) + " %"


def _percent_styles(archive: zipfile.ZipFile) -> set[bytes]:
    """The numbers of the cell styles that show a number as a percentage."""
    if "xl/styles.xml" not in archive.namelist():
        return set()
    text = archive.read("xl/styles.xml").decode("utf-8", "replace")
    formats = set(PERCENT)
    for tag in NUMBER_FORMAT.findall(text):
        said = dict(ATTRIBUTE.findall(tag))
        if "%" in QUOTED.sub("", html.unescape(said.get("formatCode", ""))):
            formats.add(said.get("numFmtId", ""))
    styles = STYLES.search(text)
    tags = STYLE.findall(styles[1]) if styles else []
    return {
        str(number).encode()
        for number, tag in enumerate(tags)
        if dict(ATTRIBUTE.findall(tag)).get("numFmtId") in formats
    }


def _has_percent_in_ods(path: str) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        if "content.xml" not in archive.namelist():
            return False
        with archive.open("content.xml") as file:
            tail = b""
            while block := file.read(BLOCK):
                if ODS_PERCENT in tail + block:
                    return True
                tail = block[-len(ODS_PERCENT) :]
    return False


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The part of the archive that holds a sheet, by the names in xl/workbook.xml, or ""."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return ""
    relation = ""
    for tag in SHEET.findall(archive.read("xl/workbook.xml").decode("utf-8", "replace")):
        said = dict(ATTRIBUTE.findall(tag))
        if html.unescape(said.get("name", "")) == sheet:
            relation = next((said[name] for name in said if name.endswith(":id")), "")
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    for tag in RELATION.findall(relations):
        said = dict(ATTRIBUTE.findall(tag))
        if said.get("Id") == relation:
            part = said.get("Target", "").removeprefix("/xl/")
            return f"xl/{part}" if f"xl/{part}" in names else ""
    return ""


def _column(letters: str) -> int:
    """The place of a column from its letters: A is 0."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _text(cell: Any, decimal: str) -> str:
    """A typed cell as a person would have typed it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        is_whole = cell.is_integer() and abs(cell) < 1e15
        return str(int(cell)) if is_whole else repr(cell).replace(".", decimal)
    if isinstance(cell, dt.datetime):
        # A spreadsheet's clock is a fraction of a day and misses whole seconds by a hair.
        nearest = cell + dt.timedelta(microseconds=500_000)
        return nearest.replace(microsecond=0).isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile):
        _say({"error": "The workbook is damaged. Open it, save it again as XLSX, and upload that."})
