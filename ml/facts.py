"""What is known about one person at one moment: the one input of models, scores and rules.

A caller (the record in the database, or the `assess` endpoint) builds a `Facts`; risk
models, published scores and catalogue rules read it. Three kinds of absence are kept
apart: a collection that is `None` was never asked (unknown), an empty one was asked and
nothing was found, and a measurement that is not in `measurements` was not made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Sex = Literal["female", "male"]
Ethnicity = Literal[
    "non_hispanic_white", "non_hispanic_black", "hispanic", "non_hispanic_asian", "other"
]
Smoking = Literal["never", "former", "current"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value in the canonical UCUM unit of its analyte."""

    code: str  # short name of the analyte, such as "CREAT"
    value: float
    unit: str  # canonical unit of the analyte, such as "mg/dL"
    collected: date | None = None
    comparator: Literal["", "<", "<=", ">", ">="] = ""


@dataclass(frozen=True, slots=True)
class Lifestyle:
    """Habits as the person tells them; None means not asked."""

    smoking: Smoking | None = None
    cigarettes_day: float | None = None
    pack_years: float | None = None
    quit_years: float | None = None
    alcohol_drinks_week: float | None = None
    active_minutes_week: float | None = None
    self_rated_health: int | None = None  # 1 excellent to 5 poor


@dataclass(frozen=True, slots=True)
class Facts:
    """One person as known at `as_of`. Codes are those of the clinical reference files."""

    as_of: date
    sex: Sex | None
    age: float  # completed years
    birth_date: date | None = None
    pregnant: bool | None = None
    breastfeeding: bool | None = None
    gestation_weeks: float | None = None
    ethnicity: Ethnicity | None = None
    conditions: frozenset[str] | None = None
    medications: frozenset[str] | None = None
    allergies: frozenset[str] | None = None
    family_history: frozenset[str] | None = None
    flags: frozenset[str] = frozenset()
    lifestyle: Lifestyle = Lifestyle()
    done: Mapping[str, float] = field(default_factory=dict)  # item -> months since
    scores: Mapping[str, float] = field(default_factory=dict)  # computed elsewhere
    measurements: Mapping[str, Measurement] = field(default_factory=dict)  # newest valid
    # For explanations, by kind and code: since when a fact of a list stands, when a question was
    # answered or a thing done ("condition:htn", "lifestyle:smoking", "done:fit"), and who said so.
    recorded: Mapping[str, date] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)  # "number:CREAT" as well

    def value(self, code: str) -> float | None:
        """Newest value of an analyte in its canonical unit, or None."""
        measurement = self.measurements.get(code)
        return measurement.value if measurement else None
