"""A prediction problem as data: who, when, what, from which inputs, how fitted and judged.

The parts follow the OHDSI framework for patient-level prediction (Reps et al., J Am Med Inform
Assoc 2018;25:969): cohort, index time, outcome, time at risk, look-back and washout. A problem
is stored as TOML or JSON; `digest()` names it.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from ml.studies.spec import Tier
from ml.studies.toml import to_toml

KINDS = ("binary", "number", "survival", "classes")
INPUT_KINDS = ("number", "category", "flag")
AVAILABLE = ("before", "admission", "first_labs", "day3", "stay", "discharge", "after")
PROVENANCES = (
    "measurement",
    "history",
    "demographic",
    "care_process",
    "administrative",
    "identifier",
    "label_defining",
)
SPLITS = ("person", "time", "row")
SEARCHES = ("none", "grid", "random", "halving", "optuna")


class BadProblem(ValueError):
    """A problem contradicts itself."""


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadProblem(f"{what} is {value!r}; choose one of {', '.join(allowed)}")


@dataclass(frozen=True, slots=True)
class Input:
    """One column that a model may see, with the moment from which it is known.

    `monotone` is +1 when the outcome may only rise with the input, -1 when it may only fall.
    """

    name: str
    kind: str = "number"
    label: str = ""
    unit: str = ""
    available: str = "admission"
    provenance: str = "measurement"
    monotone: int = 0
    monotone_reason: str = ""

    def __post_init__(self) -> None:
        _one_of(f"The kind of input {self.name!r}", self.kind, INPUT_KINDS)
        _one_of(f"The availability of input {self.name!r}", self.available, AVAILABLE)
        _one_of(f"The provenance of input {self.name!r}", self.provenance, PROVENANCES)
        if self.monotone not in (-1, 0, 1):
            raise BadProblem(f"Input {self.name!r}: monotone is -1, 0 or 1")

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Split:
    """How training and test rows are told apart: by a hash of the person, by time, or by row."""

    kind: str = "person"
    folds: int = 5
    repeats: int = 1

    def __post_init__(self) -> None:
        _one_of("The split", self.kind, SPLITS)
        if self.folds < 2 or self.repeats < 1:
            raise BadProblem("A split needs two folds or more and one repeat or more")


@dataclass(frozen=True, slots=True)
class Search:
    """Choice of parameters inside the training rows; the space comes from the zoo."""

    method: str = "none"
    trials: int = 20
    folds: int = 3
    space: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _one_of("The search", self.method, SEARCHES)


@dataclass(frozen=True)
class Problem:
    """Everything that defines a study of a table but the code of `prepare`.

    `outcome` names the column that `prepare` makes: 0 or 1 ("binary"), a number, a class name, or
    for "survival" the time followed, negative when the person was censored at that time.
    `index_time` is the moment of prediction, one of AVAILABLE: an input known only later is
    refused by the leakage linter. `horizon` is the time, in units of the outcome, for which a
    survival model states the risk, `horizons` are further times. `overrides` maps a finding
    ("CODE:input") to the reason why training goes on all the same. `refits` is the number of
    resampled models behind the interval of a risk; `coverage` the share of outcomes that the
    interval of a number is to hold.
    `abstain_outside` withholds the number, not just a warning, from people unlike those trained on.
    """

    task: str
    title: str
    population: str
    index_time: str
    outcome: str
    outcome_text: str
    kind: str
    inputs: tuple[Input, ...]
    time_at_risk: str = ""
    look_back: str = ""
    washout: str = ""
    person: str | None = None
    time: str | None = None
    split: Split = Split()
    model: str = "xgboost"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    search: Search = Search()
    metrics: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    thresholds: tuple[float, ...] = ()
    published_score: str = ""
    horizon: float | None = None
    horizons: tuple[float, ...] = ()
    unit: str = ""
    classes: tuple[str, ...] = ()
    quantiles: tuple[float, ...] = ()
    coverage: float = 0.8
    refits: int = 0
    most_missing: float = 0.6
    abstain_outside: bool = False
    groups: tuple[str, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seed: int = 20260101

    def __post_init__(self) -> None:
        _one_of(f"{self.task}: the kind", self.kind, KINDS)
        _one_of(f"{self.task}: the index time", self.index_time, AVAILABLE)
        names = [found.name for found in self.inputs]
        if not names:
            raise BadProblem(f"{self.task}: name at least one input")
        if twice := {name for name in names if names.count(name) > 1}:
            raise BadProblem(f"{self.task}: inputs named twice: {', '.join(sorted(twice))}")
        if self.outcome in names:
            raise BadProblem(f"{self.task}: the outcome {self.outcome!r} is among the inputs")
        self._check_kind()

    def _check_kind(self) -> None:
        if self.kind == "classes" and len(self.classes) < 2:
            raise BadProblem(f"{self.task}: name the classes, two or more")
        if self.kind == "survival" and not self.horizon:
            raise BadProblem(f"{self.task}: a survival problem needs a horizon")
        if self.quantiles and self.kind != "number":
            raise BadProblem(f"{self.task}: quantiles belong to an outcome that is a number")

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that models see, in order."""
        return tuple(found.name for found in self.inputs)

    def of_kind(self, *kinds: str) -> tuple[str, ...]:
        """Names of the inputs of these kinds, in order."""
        return tuple(found.name for found in self.inputs if found.kind in kinds)

    @property
    def times(self) -> tuple[float, ...] | float | None:
        """The horizon; rising, all horizons of a problem that has several."""
        return tuple(sorted({self.horizon, *self.horizons})) if self.horizons else self.horizon

    @property
    def monotone(self) -> dict[str, int]:
        return {found.name: found.monotone for found in self.inputs if found.monotone}

    def input(self, name: str) -> Input:
        return next(found for found in self.inputs if found.name == name)

    def with_model(self, model: str, **parameters: Any) -> Self:
        """The same question to another model, for comparison: no quantiles, no refits."""
        return replace(self, model=model, parameters=parameters, quantiles=(), refits=0)

    def tier_of(self, risk: float) -> Tier:
        """The highest tier whose cut point the risk reaches."""
        return [tier for tier in self.tiers if risk >= tier.low][-1]

    def to_dict(self) -> dict[str, Any]:
        """Plain values; what is None is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    def to_toml(self) -> str:
        return to_toml(json.loads(self.to_json()))

    def digest(self) -> str:
        """SHA-256 of the specification."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The problem of `to_dict`. Raises BadProblem for a field that no problem has."""
        if unknown := set(values) - set(cls.__dataclass_fields__):
            raise BadProblem(f"A problem has no field {', '.join(sorted(unknown))}")
        return cls(**{name: _revived(name, value) for name, value in values.items()})

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_toml(cls, text: str) -> Self:
        return cls.from_dict(tomllib.loads(text))


def _revived(name: str, value: Any) -> Any:
    if name == "inputs":
        return tuple(Input(**found) for found in value)
    if name == "tiers":
        return tuple(Tier(**found) for found in value)
    if name in ("split", "search"):
        return (Split if name == "split" else Search)(**value)
    return tuple(value) if isinstance(value, list) else value
