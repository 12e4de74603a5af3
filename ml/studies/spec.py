"""What a study is. A study that names a banned input cannot be made."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.facts import Facts
from ml.features import person
from ml.models import knowledge
from ml.types import TIER_LABELS

SURVEYED_SHARE = 0.25  # of a person's weight in training, on the complete record


class BannedInput(ValueError):
    """A study would let the model see what defines, or arithmetically gives away, its outcome."""

    def __init__(self, task: str, feature: str, banned: str, reason: str):
        super().__init__(f"{task}: feature {feature!r} is banned because of {banned}: {reason}")
        self.feature = feature


@dataclass(frozen=True, slots=True)
class Tier:
    """From `low` (inclusive, a risk) upwards this tier and its advice hold."""

    code: str
    low: float
    advice: str
    source: str  # publication of the cut point, or "own"

    @property
    def label(self) -> str:
        return TIER_LABELS[self.code]


@dataclass(frozen=True, slots=True)
class Refusal:
    """People to whom the study does not speak: any of the conditions is on their list, any of the
    medications is taken, or an input is under its limit."""

    reason_code: str
    reason: str
    conditions: frozenset[str] = frozenset()
    next_test: str = ""
    next_test_label: str = ""
    medications: frozenset[str] = frozenset()
    under: Mapping[str, float] = field(default_factory=dict)  # feature -> limit in its unit


@dataclass(frozen=True, slots=True)
class NextTest:
    """What to ask for when a group of inputs is unknown."""

    code: str  # analyte or question
    label: str


@dataclass(frozen=True)
class Study:
    """Everything that defines one served risk.

    `outcome(frame)` gives 1, 0 or NaN (not in the cohort) for each row of the NHANES frame.
    `grade(frame)`, where there is one, says from 0 to 1 how far the measurements behind the outcome
    lie beyond its limit: the first `graded_trees` learn it, since 6.4 % is nearer to 6.5 % than 5 %
    is; the others learn the outcome itself, which sets the level.
    `months(frame)`, where people are followed, says for how long, below zero if alive at the end,
    NaN for those who do not count: who has no outcome yet teaches by it (`ml.studies.unfinished`),
    all but the last `settling_trees`, which set the level by those whose outcome is known.
    `as_surveyed` is the share of a person's weight in training that lies on the complete record.
    `banned` maps analyte codes or feature names to the reason why the model must not see them.
    `monotone` maps features to (+1 or -1, medical reason). `often_unlisted` are conditions that
    problem lists leave out; training shows the model people whose list lacks them. `stretch` widens
    the spread of the refits, which are smaller models than the served one and vary less:
    `benchmarks/interval_coverage.py` measures what is needed.
    """

    task: str
    title: str
    population: str
    outcome_text: str
    horizon_years: int | None
    outcome: Callable[[pd.DataFrame], pd.Series]
    features: tuple[str, ...]
    banned: Mapping[str, str]
    monotone: Mapping[str, tuple[int, str]]
    tiers: tuple[Tier, ...]
    published_score: str
    notes: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    refuses_pregnant: bool = False
    often_unlisted: tuple[str, ...] = ()
    age_min: int = 20
    age_cap: int = 80
    net_benefit_at: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    trees: int = 400
    grade: Callable[[pd.DataFrame], pd.Series] | None = None
    graded_trees: int = 0
    months: Callable[[pd.DataFrame], pd.Series] | None = None
    settling_trees: int = 0
    as_surveyed: float = SURVEYED_SHARE
    refits: int = 200
    stretch: float = 1.0
    seed: int = 20260101

    def __post_init__(self) -> None:
        for name in self.features:
            self._refuse_banned(person.get(name))

    def _refuse_banned(self, feature: person.Feature) -> None:
        for banned in (feature.name, *feature.codes):
            if banned in self.banned:
                raise BannedInput(self.task, feature.name, banned, self.banned[banned])

    @property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """Columns of each group of inputs that may be unknown together."""
        return knowledge.columns_of([person.get(name) for name in self.features])

    @property
    def monotone_signs(self) -> dict[str, int]:
        return {name: sign for name, (sign, _) in self.monotone.items()}

    def matrix(self, people: Sequence[Facts]) -> NDArray[np.float32]:
        """Inputs of the model, shape (people, features), age cut at `age_cap`."""
        X = person.matrix(people, self.features)
        age = self.features.index("age")
        X[:, age] = np.minimum(X[:, age], self.age_cap)
        return X

    def tier_of(self, risk: float) -> Tier:
        """The highest tier whose cut point the risk reaches."""
        return [tier for tier in self.tiers if risk >= tier.low][-1]

    def digest(self) -> str:
        """SHA-256 over all that changes a fitted model or its tiers."""
        text = {
            "task": self.task,
            "features": self.features,
            "banned": sorted(self.banned),
            "monotone": self.monotone_signs,
            "tiers": [(tier.code, tier.low) for tier in self.tiers],
            "ages": (self.age_min, self.age_cap),
            "model": [dict(self.parameters), self.trees, self.refits, self.stretch, self.seed],
            "often_unlisted": self.often_unlisted,
        }
        # What came later enters only where it is used: studies without it keep their digest.
        learned_from = (self.graded_trees, self.as_surveyed)
        if learned_from != (0, SURVEYED_SHARE):
            text["learned_from"] = learned_from
        if self.months:
            text["unfinished"] = self.settling_trees
        return hashlib.sha256(json.dumps(text, sort_keys=True).encode()).hexdigest()
