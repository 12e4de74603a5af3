"""What the engine answers: every item weighed for one person, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

Status = Literal["recommended", "check_first", "blocked"]
ASK_CLINICIAN = "Talk with your clinician about this."
CHECK_FAILED = "The safety check could not be completed for this item."
WAITING = frozenset({"lifestyle", "screening", "next_test"})  # wait for what is urgent


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that speaks for (or against) an item, in words and in numbers."""

    text: str
    kind: str
    code: str
    value: float | str | None = None
    unit: str = ""
    collected: date | None = None
    source: str = ""  # who said so


@dataclass(frozen=True, slots=True)
class Caution:
    """An interaction that does not forbid the item. `major` is for clinicians only."""

    severity: Literal["major", "moderate", "minor", "unchecked", "duplicate"]
    text: str
    action: str
    rule: str = ""  # id of the interaction
    source: str = ""
    verified: bool = True
    with_item: str = ""  # the other item of this list that it would interact with


@dataclass(frozen=True, slots=True)
class Block:
    """Why an item is not offered."""

    reason: str
    rule: str  # id of the interaction, or "M19.exclusion", "group", "allergy", "check"
    source: str
    facts: tuple[Fact, ...] = ()
    verified: bool = True
    better: str = ""  # the item of the list that this one gives way to: not unsafe in itself


@dataclass(frozen=True, slots=True)
class Check:
    """What has to be known before the item may be offered."""

    kind: str  # "order", "measure", "ask" or "compute"
    code: str
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What the item would change, and the predicted risk that this acts on."""

    text: str
    feature: str = ""
    target: str = ""  # such as "cvd"
    task: str = ""  # model or score that predicts it for this person
    risk: float | None = None
    horizon_years: int | None = None
    tier: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Horizon:
    """A risk within `years` and what the item takes off it, with the 95 % interval."""

    years: float
    risk: float
    arr: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ItemBenefit:
    """Absolute risk reduction on one outcome, at the horizon of its baseline.

    Only what a trial of the step counted has a number needed to treat.

    `place` compares the items of one list by their largest benefit over ten years: those whose
    intervals overlap share a place, 0 where not compared. Negative reductions are harm.
    """

    outcome: str  # of the trials, such as "cvd_events"
    name: str  # in plain words
    risk: str  # the model or published score of the baseline
    baseline: float
    horizon_years: float
    arr: float
    low: float
    high: float
    nnt: float | None
    nnt_low: float | None
    nnt_high: float | None  # None: the interval reaches zero
    rr: float
    rr_low: float
    rr_high: float
    rr_cautious: float  # sets the order: half-way to the weak end of the interval
    source: str  # of the relative effect
    verified: bool
    reckoned_from: str = ""  # the risk factor it was reckoned from; empty: a trial counted this
    by_years: Mapping[str, Horizon] = field(default_factory=dict)
    place: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """What trials found on an outcome of which this person's own risk is not known in numbers."""

    outcome: str
    name: str
    rr: float
    rr_low: float
    rr_high: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Harm:
    """What a trial counted against an item: how many more had it, within its years.

    `net` is the largest benefit in the same time less these, where both have a number and an event
    of either kind weighs about the same.
    """

    name: str
    years: float
    more: float
    taking: float | None  # share of those treated, and of those not
    without: float | None
    population: str  # whom the trial was about, and against what
    source: str
    verified: bool
    net: float | None = None


@dataclass(frozen=True, slots=True)
class Untreated:
    """One known risk if nothing is done."""

    outcome: str
    name: str
    task: str
    horizon_years: float
    risk: float
    low: float | None
    high: float | None
    by_years: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Item:
    """One catalogue item weighed for one person."""

    id: str
    name: str
    category: str
    status: Status
    urgency: str
    rank: int  # 1 is best; runs over the whole list
    score: float
    components: Mapping[str, float]  # of `ml.recommenders.ranking.Components`
    evidence_grade: str
    source: str
    verified: bool  # False when the statement or its effect was not re-read in the source
    verification: str
    patient_text: str
    clinician_text: str
    needs_clinician: bool
    clinician_only: bool  # a major caution: not for the patient's own view
    drug_classes: tuple[str, ...]
    reasons: tuple[Fact, ...]
    cautions: tuple[Caution, ...] = ()
    cautions_text: str = ""  # general cautions of the catalogue
    blocked_by: tuple[Block, ...] = ()
    check_first: tuple[Check, ...] = ()
    would_change: tuple[Effect, ...] = ()
    frequency: str = ""
    time_to_benefit: str = ""
    delivery: tuple[str, ...] = ()
    benefits: tuple[ItemBenefit, ...] = ()  # the largest first; empty: no number can be given
    decides: tuple[str, ...] = ()  # what a test would settle; see services.nexttests
    in_trials: tuple[Trial, ...] = ()
    harms: tuple[Harm, ...] = ()
    shares: Mapping[str, float] = field(default_factory=dict)  # what each adds to the score
    waits_for: tuple[str, ...] = ()  # urgent items of the list, by name, that come before it

    @property
    def benefit(self) -> ItemBenefit | None:
        """The largest benefit over ten years, or None."""
        return self.benefits[0] if self.benefits else None

    @property
    def drug_class(self) -> str:
        """Drug classes as the catalogue writes them: "acei|ccb_dhp"."""
        return "|".join(self.drug_classes)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every indicated item in order of rank, whatever became of it.

    `limit` says how many are shown at once; nothing is dropped because of it. With
    `safety_failed` some check raised an error: then no drug at all is offered.
    """

    items: tuple[Item, ...]
    limit: int = 3
    safety_failed: bool = False
    failures: tuple[str, ...] = field(default=())
    do_nothing: tuple[Untreated, ...] = ()
    after_shown: Mapping[str, float] = field(
        default_factory=dict
    )  # outcome -> risk after all shown

    def with_status(self, status: Status) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.status == status)

    @property
    def recommended(self) -> tuple[Item, ...]:
        return self.with_status("recommended")

    @property
    def check_first(self) -> tuple[Item, ...]:
        return self.with_status("check_first")

    @property
    def blocked(self) -> tuple[Item, ...]:
        return self.with_status("blocked")

    @property
    def shown(self) -> tuple[Item, ...]:
        """The best of the recommended that need not wait; the rest is folded."""
        return tuple(item for item in self.recommended if not item.waits_for)[: self.limit]


def after_urgent(items: Iterable[Item]) -> tuple[Item, ...]:
    """The same items; while one of them is urgent, lifestyle and tests of screening wait."""
    items = tuple(items)
    urgent = tuple(i.name for i in items if i.urgency == "urgent" and i.status == "recommended")
    return tuple(
        replace(item, waits_for=urgent)
        if item.category in WAITING and item.urgency != "urgent"
        else item
        for item in items
    )


def as_dict(value: Any) -> Any:
    """A dataclass of this module as plain JSON values; days in ISO form."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: as_dict(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(key): as_dict(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [as_dict(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
