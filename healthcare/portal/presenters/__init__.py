"""Rows and dataclasses of the floors as words and chart specifications for templates."""

from __future__ import annotations

FLAG_WORDS = {
    "LL": "critically low",
    "L": "low",
    "N": "normal",
    "H": "high",
    "HH": "critically high",
    "A": "abnormal",
}


def analyte_url(code: str) -> str:
    """The chart of one analyte on the patient page that this link stands on."""
    return f"?analyte={code}#chart"
