"""Values, limits and units of results as one reader wants them: US or SI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

from healthcare.common import figures
from healthcare.common.sparklines import Reference
from ml import units
from ml.analytes import UnknownAnalyte


@dataclass(frozen=True)
class DisplayUnits:
    """`system` is "US" or "SI"; rows are those of `healthcare.portal.labs.COLUMNS`.

    The canonical units are the US ones. An analyte that left the library stays in its own.
    """

    system: str = "US"

    def number(self, row: Any, value: float) -> float:
        """A value of this row's analyte, from the canonical unit."""
        shown = self._shown(row, value)
        return shown.value if shown else value

    def unit(self, row: Any) -> str:
        shown = self._shown(row, 0.0)
        return figures.unit(shown.unit if shown else row.analyte__unit)

    def words(self, row: Any) -> str:
        """The value with its comparator, or what stands in its place; without unit."""
        if row.value is None:
            return row.text or "no value"
        shown = self._shown(row, row.value)
        return row.comparator + (units.written(shown) if shown else figures.number(row.value))

    def quantity(self, row: Any) -> str:
        """The value with its unit."""
        return f"{self.words(row)} {'' if row.value is None else self.unit(row)}".strip()

    def limits(self, row: Any) -> Reference:
        """The reference range that was stored with the result."""
        return self.range(row, (row.reference_low, row.reference_high))

    def range(self, row: Any, canonical: Reference) -> Reference:
        low, high = (None if end is None else self.number(row, end) for end in canonical)
        return low, high

    def _shown(self, row: Any, value: float) -> units.Shown | None:
        """In SI units; None where the canonical unit is to be shown."""
        if self.system == "US":
            return None
        try:
            return units.display(row.analyte__code, value, cast(Literal["US", "SI"], self.system))
        except UnknownAnalyte:
            return None
