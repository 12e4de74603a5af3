"""Exports of wearable devices: bytes → one summary a day. Knows no database and no clock.

- `apple` reads Apple Health (export.zip or export.xml), record by record;
- `autoexport` reads the JSON of Health Auto Export, `table` a plain table of days;
- `read(file)` finds out which it is and gives a `Reading`, or raises Unreadable.
"""

from typing import IO

from . import apple, autoexport, table
from .days import METRICS, Day, Problem, Reading, Unreadable

__all__ = ["METRICS", "Day", "Problem", "Reading", "Unreadable", "read"]


def read(file: IO[bytes]) -> Reading:
    """The days of an export, whichever of the known ones it is. Raises Unreadable."""
    file.seek(0)
    head = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return apple.read_archive(file)
    if head.startswith(b"<"):
        return apple.read(file)
    if head.startswith((b"{", b"[")):
        return autoexport.read(file)
    return table.read(file)
