"""What would be otherwise: two lanes that are never mixed.

Trials: what the recommended steps take off this person's risks, as trials measured it. Model:
what the served models say of the same facts with some inputs changed. The second is no effect of
any treatment: a model learnt from people who had these values anyway. It makes no recommendation
and changes no order, and nothing of this page is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ml import benefit
from ml.facts import Facts, Smoking
from ml.features.limits import plausible_value
from ml.serving import RiskModel
from ml.types import Outcome
from recommendations.queries import Advice

Models = Mapping[str, RiskModel]
STOPPED: Smoking = "former"


@dataclass(frozen=True)
class Lever:
    """A measured input that somebody can do something about.

    `low` and `high` bound what can be tried here, in the canonical unit: our own choice of what
    people reach, well inside the limits of the analyte. `shifts` names measurements that hold
    this one in them and move by as much.
    """

    code: str
    label: str
    low: float
    high: float
    shifts: tuple[str, ...] = ()


LEVERS = (
    Lever("SBP", "Systolic blood pressure", 90, 200),
    Lever("DBP", "Diastolic blood pressure", 50, 120),
    Lever("LDL", "LDL cholesterol", 30, 250, shifts=("TC", "NONHDL")),
    Lever("HDL", "HDL cholesterol", 20, 100, shifts=("TC",)),
    Lever("WEIGHT", "Weight", 40, 250),
    Lever("BMI", "Body mass index", 17, 60),
    Lever("WAIST", "Waist", 55, 180),
    Lever("HBA1C", "HbA1c", 4.5, 14),
    Lever("ACTIVE_MIN", "Activity", 0, 900),
)


@dataclass(frozen=True)
class Offer:
    """What can be changed of one person, and what cannot, with the reason."""

    levers: tuple[Lever, ...]
    values: Mapping[str, float]  # of these levers, now
    can_stop_smoking: bool
    unknown: tuple[Lever, ...]  # a model reads it, nobody measured it
    unread: tuple[Lever, ...]  # no served model reads it

    def limits(self, lever: Lever) -> tuple[float, float]:
        """What can be tried; always with today's value in it."""
        now = self.values[lever.code]
        return min(lever.low, now), max(lever.high, now)


@dataclass(frozen=True)
class Change:
    """The inputs that are tried: analyte -> value in the canonical unit."""

    values: Mapping[str, float] = field(default_factory=dict)
    stops_smoking: bool = False

    def __bool__(self) -> bool:
        return bool(self.values) or self.stops_smoking


@dataclass(frozen=True)
class Rescored:
    """One served model on the facts as they are and as they are tried."""

    task: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True)
class Step:
    """A recommended item with an absolute benefit, as stored."""

    id: str
    name: str
    is_shown: bool  # among those that stand open on the patient page
    benefits: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Together:
    """One outcome with nothing done and with all chosen steps."""

    outcome: str
    name: str
    years: float
    before: float
    after: float
    steps: int
    reckoned: int  # of these, those that no trial counted on this outcome


def offer(facts: Facts, models: Models) -> Offer:
    """The levers that some served model reads and that are known of this person."""
    read = {code for model in models.values() for each in model.features for code in each.codes}
    names = {each.name for model in models.values() for each in model.features}
    candidates = [lever for lever in LEVERS if not _is_second(lever, facts)]
    values = {lever.code: plausible_value(facts, lever.code) for lever in candidates}
    used = [lever for lever in candidates if lever.code in read]
    return Offer(
        levers=tuple(lever for lever in used if values[lever.code] is not None),
        values={code: value for code, value in values.items() if value is not None},
        can_stop_smoking="smoking" in names and facts.lifestyle.smoking == "current",
        unknown=tuple(lever for lever in used if values[lever.code] is None),
        unread=tuple(lever for lever in candidates if lever.code not in read),
    )


def _is_second(lever: Lever, facts: Facts) -> bool:
    """Body mass follows weight; it is a lever of its own only where no weight is known."""
    other = {"BMI": "WEIGHT", "WEIGHT": "BMI"}.get(lever.code)
    if other is None:
        return False
    has_weight = plausible_value(facts, "WEIGHT") is not None
    has_bmi = plausible_value(facts, "BMI") is not None
    return has_weight if lever.code == "BMI" else has_bmi and not has_weight


def changed(facts: Facts, change: Change) -> Facts:
    """The same person under the tried inputs; days of measurement stay."""
    measurements = dict(facts.measurements)
    for lever in LEVERS:
        if lever.code in change.values:
            _move(measurements, lever, change.values[lever.code])
    lifestyle = facts.lifestyle
    if change.stops_smoking:
        lifestyle = replace(lifestyle, smoking=STOPPED, cigarettes_day=None, quit_years=0.0)
    return replace(facts, measurements=measurements, lifestyle=lifestyle)


def _move(measurements: dict[str, Any], lever: Lever, value: float) -> None:
    before = measurements[lever.code].value
    _set(measurements, lever.code, value)
    for code in lever.shifts:
        if code in measurements:
            _set(measurements, code, measurements[code].value + value - before)
    if lever.code == "WEIGHT" and "BMI" in measurements:
        _set(measurements, "BMI", measurements["BMI"].value * value / before)


def _set(measurements: dict[str, Any], code: str, value: float) -> None:
    measurements[code] = replace(measurements[code], value=value, comparator="")


def rescored(facts: Facts, change: Change, models: Models) -> list[Rescored]:
    """Every served model on both; one that abstains says so on either side."""
    pair = [facts, changed(facts, change)]
    return [Rescored(task, *model.assess_many(pair)) for task, model in models.items()]


def steps(advice: Advice) -> list[Step]:
    """Recommended items with a number, in the order of the patient page."""
    lines = [(line, True) for line in advice.shown] + [(line, False) for line in advice.folded]
    contents = [(line.recommendation.content, is_shown) for line, is_shown in lines]
    return [
        Step(content["id"], content["name"], is_shown, content["benefits"])
        for content, is_shown in contents
        if content.get("benefits")
    ]


def together(chosen: Iterable[Step]) -> list[Together]:
    """Each outcome that a chosen step acts on, after all of them: capped as in the ranking."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for step in chosen:
        for one in step.benefits:
            found.setdefault(one["outcome"], []).append(one)
    return [_joined(outcome, ones) for outcome, ones in found.items()]


def _joined(outcome: str, ones: Sequence[Mapping[str, Any]]) -> Together:
    first = ones[0]
    return Together(
        outcome=outcome,
        name=first["name"],
        years=first["horizon_years"],
        before=first["baseline"],
        after=benefit.together(first["baseline"], [one["rr"] for one in ones]),
        steps=len(ones),
        reckoned=sum(bool(one.get("reckoned_from")) for one in ones),
    )
