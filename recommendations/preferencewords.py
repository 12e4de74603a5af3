"""Stored preferences in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from healthcare.common import figures
from recommendations.models import PatientPreferences
from recommendations.preferable import BY_CODE


def history(rows: Iterable[PatientPreferences], *, is_plain: bool) -> list[dict[str, Any]]:
    """What was said, when and by whom; the newest first."""
    return [
        {
            "when": figures.clock(row.at),
            "by": row.by.display_name,
            "prefers": figures.listed(_labels(row.prefers, is_plain)),
            "declines": figures.listed(_labels(row.declines, is_plain)),
            "note": row.note,
        }
        for row in rows
    ]


def _labels(codes: Iterable[str], is_plain: bool) -> list[str]:
    known = [BY_CODE[code] for code in codes if code in BY_CODE]
    return [(option.plain if is_plain else option.label).lower() for option in known]
