"""Codes of a waiting file that mean no test here, so that a person can say what is meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ml import suggest
from ml.suggest import Suggestion
from patients.labcsv.readings import Readings
from patients.labcsv.refusal import Refusal
from patients.models import HeldResult, LabImport

MOST = 20


class UnknownTest(NamedTuple):
    """A code, with the name and unit that stand beside it where it is first seen."""

    code: str
    name: str
    unit: str
    rows: int

    def likely(self) -> list[Suggestion]:
        return suggest.suggest(self.code, name=self.name, unit=self.unit)


class Seen:
    """The unknown codes of the stretches of a file so far."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.beside: dict[str, tuple[str, str]] = {}

    def add(self, readings: Readings, refused: Mapping[int, Refusal]) -> None:
        """Count the rows that are refused, by their place, because their test is not known."""
        for place, refusal in refused.items():
            if refusal.code == HeldResult.Reason.CODE:
                code = readings.code.at(place)
                self.rows[code] += 1
                if code not in self.beside:
                    self.beside[code] = _beside(readings, place)

    def as_json(self) -> list[dict]:
        """The commonest, at most twenty, for `LabImport.preview`."""
        common = sorted(self.rows.items(), key=lambda item: (-item[1], item[0]))[:MOST]
        return [UnknownTest(code, *self.beside[code], rows)._asdict() for code, rows in common]


def found(lab_import: LabImport) -> Iterable[UnknownTest]:
    """What the dry run of a file has found."""
    preview = lab_import.preview or {}
    return [UnknownTest(**one) for one in preview.get("unknown_tests", [])]


def _beside(readings: Readings, place: int) -> tuple[str, str]:
    texts = readings.texts
    name = texts["test_name"][place] if "test_name" in texts.columns else ""
    return (name or "").strip()[:100], readings.unit.at(place)
