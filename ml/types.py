"""Frozen dataclasses that cross the border between `ml` and the apps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

TIER_LABELS = {
    "T0": "No action needed",
    "T1": "Lifestyle changes recommended",
    "T2": "Consult a healthcare professional",
    "T3": "Urgent",
}


@dataclass(frozen=True, slots=True)
class Contribution:
    """Share of one feature in the distance between this risk and the baseline risk."""

    feature: str
    label: str
    value: float | None  # None: not known; its absence carries the points
    unit: str
    points: float  # percentage points of risk; all of them sum to risk - baseline
    code: str = ""  # analyte the feature was read from, "" for an answer or a demographic
    collected: date | None = None


@dataclass(frozen=True, slots=True)
class NextTest:
    """A test that is missing, and the chance that its answer changes the tier."""

    code: str  # analyte or question
    label: str
    changes_tier: float  # 0 to 1
    share_of_doubt: float  # of what the unknown inputs leave open; all of them sum to 1


@dataclass(frozen=True, slots=True)
class Assessment:
    """Calibrated risk of one person in one task, with its reasons and its doubt.

    `low` and `high` bound 90 % of what the risk would be had another sample of people been
    used for training and had the missing inputs been measured; see `ml.models.uncertainty`.
    """

    task: str
    model_version: str
    model_digest: str
    horizon_years: int | None  # None: a state that is present now
    risk: float
    low: float
    high: float
    tier: str
    tier_label: str
    advice: str
    baseline: float
    contributions: tuple[Contribution, ...]  # largest first
    missing: tuple[str, ...]  # labels of the inputs that were not known
    next_test: str  # input that would narrow the interval most, "" when none is missing
    next_test_label: str
    tier_flip_probability: float
    inputs: Mapping[str, float | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    next_tests: tuple[NextTest, ...] = ()  # the one most likely to change the tier first


@dataclass(frozen=True, slots=True)
class Abstention:
    """No number for this person, with the reason and what would help."""

    task: str
    reason_code: str
    reason: str
    next_test: str = ""  # analyte code or question, "" when no test would change the refusal
    next_test_label: str = ""


Outcome = Assessment | Abstention
