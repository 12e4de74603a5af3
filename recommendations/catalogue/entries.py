"""What the catalogue holds: interventions, interactions and the groups of alternatives."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from ml.rules import Expression

Entry = Mapping[str, Any]  # plain JSON values

Severity = Literal["contraindicated", "major", "moderate", "minor"]
NO_EFFECT = "No quantified effect"
SEVERITIES = ("contraindicated", "major", "moderate", "minor")  # the gravest first


@dataclass(frozen=True, slots=True)
class Change:
    """One effect of an intervention on a measurement or an outcome."""

    feature: str  # analyte code, or an outcome such as "cvd_events"
    op: Literal["abs", "pct", "rr", "set"]  # change in unit, in %, relative risk, target value
    low: float
    high: float
    unit: str
    months: float  # time after which it is seen
    point: float | None = None  # estimate of the trial, where it is not the middle of the range
    when: Expression | None = None  # whom the trial was about, where not all who are offered it
    not_counted: str = ""  # why the effect gives no absolute benefit

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well founded a statement is, and who says so."""

    source: str
    verification: str  # how the entry was checked against its source
    verified: bool  # False when it rests on general knowledge
    grade: str = ""  # as the guideline prints it
    strength: Literal["strong", "moderate", "guidance", "weak"] = "guidance"  # our reading of it


@dataclass(frozen=True, slots=True)
class Burden:
    """What an intervention asks of a person; 1 to 5 each, our own judgement."""

    effort: int
    cost: int
    acceptability: int  # 5 is welcome


@dataclass(frozen=True)
class Intervention:
    """One thing that can be recommended."""

    id: str
    name: str
    version: int
    review_date: date
    category: str
    subcategory: str
    urgency: Literal["urgent", "soon", "routine"]
    needs_clinician: bool
    indication_text: str
    indication: Expression
    exclusion: Expression | None
    exclusion_if_known: Expression | None  # forbids where known, and is not asked for first
    cautions_text: str
    drug_classes: tuple[str, ...]
    also_checks: tuple[str, ...]  # classes it brings with it, checked but no duplicates
    evidence: Evidence
    effect_text: str
    effect_verified: bool
    changes: tuple[Change, ...]
    target_risks: tuple[str, ...]
    tags: tuple[str, ...]
    burden: Burden
    delivery: tuple[str, ...]
    frequency: str
    time_to_benefit: str
    patient_text: str
    clinician_text: str
    note: str = ""
    entry: Entry = field(default_factory=dict, repr=False, compare=False)  # as in the file

    @property
    def is_drug(self) -> bool:
        return self.category == "medication"

    @property
    def digest(self) -> str:
        return digest(self.entry)

    @cached_property
    def checked_classes(self) -> tuple[str, ...]:
        return self.drug_classes + self.also_checks


@dataclass(frozen=True)
class Interaction:
    """A drug class that does not go with a condition, result, allergy or other drug."""

    id: str
    version: int
    review_date: date
    drug_class: str
    severity: Severity
    against_type: str
    against_text: str
    trigger: Expression
    effect: str
    action: str
    evidence: Evidence
    note: str = ""
    entry: Entry = field(default_factory=dict, repr=False, compare=False)  # as in the file

    @property
    def digest(self) -> str:
        return digest(self.entry)


@dataclass(frozen=True)
class Group:
    """Alternatives of which only one is offered."""

    name: str
    keep: Literal["first listed", "best ranked"]
    members: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Need:
    """Features of an intervention that help whoever meets the rule."""

    when: Expression
    features: dict[str, float]


@dataclass(frozen=True)
class Goal:
    """From which value on an analyte calls for change, and the spread to measure it by."""

    analyte: str
    above: float | None
    below: float | None
    spread: float  # about one standard deviation among adults


@dataclass(frozen=True, slots=True)
class Longest:
    """The longest horizon for which a published equation gives the same risk."""

    score: str
    years: float


@dataclass(frozen=True, slots=True)
class RiskSource:
    """A calibrated risk that may stand under a trial's outcome; see outcomes.yaml."""

    kind: Literal["score", "points", "task"]
    name: str
    years: float
    sd: float  # of the logit; a model brings its own
    when: Expression | None
    steps: tuple[tuple[float, float], ...] = ()  # (from this many points, risk), of `points`
    source: str = ""
    longest: Longest | None = None


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What trials count, with the risks of it that can be predicted for one person."""

    feature: str
    name: str  # in plain words, after "risk of"
    baselines: tuple[RiskSource, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """Effect of one `per` of change of a risk factor on an outcome, log-linear."""

    feature: str
    outcome: str
    per: float
    rr: float
    low: float
    high: float
    when: Expression
    source: str
    verified: bool
    most: float | None = None  # largest change in unit that the trials speak for

    def limited(self, change: float) -> float:
        """The change, no larger than `most`."""
        if self.most is None:
            return change
        return max(change, self.most) if self.most < 0 else min(change, self.most)


@dataclass(frozen=True, slots=True)
class Equation:
    """A risk factor set to a value, pushed through a published equation."""

    feature: str
    outcomes: Mapping[str, str]  # trial outcome -> score of the equation
    sd: float  # of the log relative risk
    when: Expression
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class TrialHarm:
    """Harm of an intervention as a trial counted it: shares of people within `years`."""

    item: str
    name: str
    years: float
    more: float
    taking: float | None
    without: float | None
    population: str
    source: str
    verified: bool
    is_comparable: bool = False  # one such event weighs about as much as one that is prevented


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Everything that turns relative effects into absolute benefit."""

    outcomes: tuple[TrialOutcome, ...] = ()
    factors: tuple[Factor, ...] = ()
    equations: tuple[Equation, ...] = ()
    harms: tuple[TrialHarm, ...] = ()


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Everything that can be recommended, as read from the reviewed files."""

    interventions: tuple[Intervention, ...]
    interactions: tuple[Interaction, ...]
    groups: tuple[Group, ...]
    needs: tuple[Need, ...]
    goals: tuple[Goal, ...]
    digest: str  # SHA-256 of everything that was read
    effects: Outcomes = Outcomes()
    valid_years: int = 2  # after its review an intervention may be recommended for so long

    @cached_property
    def by_id(self) -> dict[str, Intervention]:
        return {intervention.id: intervention for intervention in self.interventions}

    @cached_property
    def by_class(self) -> dict[str, tuple[Interaction, ...]]:
        """Interactions of each drug class, the gravest first."""
        found: dict[str, list[Interaction]] = {}
        for interaction in self.interactions:
            found.setdefault(interaction.drug_class, []).append(interaction)
        return {
            drug_class: tuple(sorted(rows, key=lambda row: SEVERITIES.index(row.severity)))
            for drug_class, rows in found.items()
        }

    def interactions_of(self, intervention: Intervention) -> tuple[Interaction, ...]:
        classes = intervention.checked_classes
        return tuple(row for name in classes for row in self.by_class.get(name, ()))


def digest(content: Any) -> str:
    """SHA-256 of plain JSON values, whatever the order of their keys."""
    written = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()
