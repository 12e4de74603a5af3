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
# Instead of T0 while unknown inputs could lift the risk to the next tier: neither is advised.
UNDECIDED = "ND"
UNDECIDED_LABEL = "Not decided: too little is known"


def tier_label(tier: str) -> str:
    """A tier, or the want of one, in words. Raises KeyError."""
    return UNDECIDED_LABEL if tier == UNDECIDED else TIER_LABELS[tier]


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
    """A test that is missing or too old, and the chance that its answer changes the tier.

    Of a risk that abstains: 1 where the answer alone brings a number, else 0.
    """

    code: str  # analyte or question
    label: str
    changes_tier: float  # 0 to 1
    share_of_doubt: float  # of what the inputs leave open; those of all inputs sum to 1
    months_old: int | None = None  # of the value that is there; None: there is none
    group: str = ""  # what is measured together, see `ml.studies.inputs.NEXT_TESTS`
    settles: bool = False  # answers the very question, and is no input of the model
    open_variance: float = 0.0  # squared logit that an input would take away
    value: float = 0.0  # expected gain in net benefit at the cut of an open decision


@dataclass(frozen=True, slots=True)
class OpenDecision:
    """A risk that abstains (then without numbers), or whose interval reaches several tiers.

    `low` and `high` allow for old values, too; `cut` is the nearest risk at which a tier begins.
    """

    task: str
    tests: tuple[NextTest, ...]  # the best first
    risk: float | None = None
    low: float | None = None
    high: float | None = None
    cut: float | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """Calibrated risk of one person in one task, with its reasons and its doubt.

    `low` and `high` bound 90 % of what the risk would be had another sample of people been
    used for training and had the missing inputs been measured; see `ml.uncertainty.stability`.
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
    baseline: float  # the average from which the points start
    contributions: tuple[Contribution, ...]  # largest first
    missing: tuple[str, ...]  # labels of the inputs that were not known
    next_test: str  # input that would narrow the interval most, "" when none is missing
    next_test_label: str
    tier_flip_probability: float
    inputs: Mapping[str, float | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    next_tests: tuple[NextTest, ...] = ()  # the one most likely to change the tier first
    open_decision: OpenDecision | None = None  # None: the interval stays in one tier
    median: float | None = None  # risk that half of the training people lie below


@dataclass(frozen=True, slots=True)
class Abstention:
    """No number for this person, with the reason and what would help."""

    task: str
    reason_code: str
    reason: str
    next_test: str = ""  # analyte code or question, "" when no test would change the refusal
    next_test_label: str = ""
    open_decision: OpenDecision | None = None  # None: no test would bring a number


Outcome = Assessment | Abstention
