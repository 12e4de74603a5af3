"""What a published score answers: numbers, or one refusal with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

MISSING_INPUT = "missing_input"
INVALID_INPUT = "invalid_input"
UNKNOWN_INPUT = "unknown_input"
OUT_OF_RANGE = "out_of_range"
NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """Answer of one score for one person, or for a column of people.

    For one person `values` holds plain numbers and words, and is empty when `error` is
    set. For columns `values` holds arrays with NaN (None for words) in refused rows, and
    `error` and `reason` are object arrays with None and "" in answered rows.
    """

    score: str
    values: Mapping[str, Any]
    error: Any = None  # None, or one of the codes above
    reason: Any = ""  # a sentence for the reader
    missing: tuple[str, ...] = ()  # inputs that one person lacks, in words
    notes: tuple[str, ...] = ()  # what to know when reading the number
    unit: str = ""
    reference: str = ""  # paper
    source: Literal["computed", "given"] = "computed"
    as_of: date | None = None  # day of the oldest measurement used
    inputs: Mapping[str, Any] = field(default_factory=dict)  # what the equation was given

    @property
    def value(self) -> Any:
        """The first value, which is the headline of the score; None when refused."""
        return next(iter(self.values.values()), None)


def refusal(score: str, error: str, reason: str, **more: Any) -> ScoreResult:
    """A result for one person that carries no number."""
    return ScoreResult(score, {}, error, reason, **more)


def listed(words: list[str] | tuple[str, ...], last: str = "and") -> str:
    """Words as an English list: `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
