"""Spreadsheets (XLSX, XLSB, XLS, ODS) as rows of texts, read by python-calamine.

The reading is done by `sheet_reader` in a process of its own with limits on memory and time.
Formulas are taken by the values that the spreadsheet has stored for them.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .encoding import UnreadableFile

READER = Path(__file__).with_name("sheet_reader.py")
HEAD_ROWS = 3000
TOO_LARGE = "The workbook is too large to be read. Save it as CSV, which has no such limit."
Rows = Iterator[tuple[int, list[str]]]


class Sheet(NamedTuple):
    """The first rows of a sheet, each with its number, and how many there are."""

    rows: list[tuple[int, list[str]]]
    height: int
    is_hidden: bool = False  # then nothing of it is read


def heads(path: Path) -> dict[str, Sheet]:
    """The beginning of every sheet, by its name; of hidden ones the name alone. Raises
    UnreadableFile."""
    found: dict[str, Sheet] = {}
    sheet = Sheet([], 0)
    for said in _said(path, "", HEAD_ROWS, "."):
        if isinstance(said, dict) and "hidden" in said:
            found[said["hidden"]] = Sheet([], 0, is_hidden=True)
        elif isinstance(said, dict):
            sheet = found[said["sheet"]] = Sheet([], said["rows"])
        else:
            sheet.rows.append((len(sheet.rows) + 1, said))
    return found


def rows(path: Path, sheet: str, *, decimal: str) -> Rows:
    """Every row of a sheet with its number, the first being 1.

    Typed numbers are written with the decimal sign that the profile of the file states.
    """
    said = (row for row in _said(path, sheet, 0, decimal or ".") if isinstance(row, list))
    yield from enumerate(said, start=1)


def _said(path: Path, sheet: str, most: int, decimal: str) -> Iterator[list[str] | dict[str, Any]]:
    command = [sys.executable, "-I", str(READER), str(path.resolve()), sheet, str(most), decimal]
    with tempfile.TemporaryFile() as complaints:
        # Arguments are a list and no shell reads them.
        process = subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.PIPE, stderr=complaints, stdin=subprocess.DEVNULL
        )
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        ended = False
        try:
            for line in process.stdout:
                if not line.endswith(b"\n"):  # it died in the middle of a word
                    break
                said = json.loads(line)
                ended = isinstance(said, dict) and "end" in said
                if isinstance(said, dict) and "error" in said:
                    raise UnreadableFile(said["error"])
                if not ended:
                    yield said
        finally:
            process.stdout.close()
            process.kill()
            process.wait()
    if not ended:
        raise UnreadableFile(TOO_LARGE)
