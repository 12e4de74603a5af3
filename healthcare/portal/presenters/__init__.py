"""Rows and dataclasses of the floors as words and chart specifications for templates."""

from __future__ import annotations

from typing import Any

from healthcare.common import figures

FLAG_WORDS = {
    "LL": "critically low",
    "L": "low",
    "N": "normal",
    "H": "high",
    "HH": "critically high",
}


def measured(row: Any) -> str:
    """The value of a result row with its comparator, without unit."""
    if row.value is None:
        return "no value"
    return f"{row.comparator}{figures.number(row.value)}"


def analyte_url(code: str) -> str:
    """The chart of one analyte on the patient page that this link stands on."""
    return f"?analyte={code}#chart"
