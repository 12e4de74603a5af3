"""Cells of `_components/table.html`.

A template that asks a text for `.num` fails slowly, some twenty microseconds a cell; whole cells
keep a page with a thousand of them quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def numeric(text: Any) -> dict:
    """A number: set to the right, in figures of one width."""
    return {"text": text, "num": True, "url": ""}


def table(headers: Sequence[Any], rows: Iterable[Sequence[Any]]) -> dict:
    """`headers` and `rows` of texts and cells, with whole cells throughout."""
    return {"headers": _cells(headers), "rows": [_cells(row) for row in rows]}


def _cells(row: Sequence[Any]) -> list[dict]:
    return [_cell(part) for part in row]


def _cell(part: Any) -> dict:
    return part if isinstance(part, dict) else {"text": part, "num": False, "url": ""}
