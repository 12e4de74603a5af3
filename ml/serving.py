"""A fitted study at work: facts in, an assessment or an abstention out.

`RiskModel` reads no clock and keeps nothing. Every number it gives can be had again from the
stored inputs by `replay`.

Too few inputs: cross-fitting measured, for each group of inputs, which share of the attainable
log-loss gain (from age and sex to everything) that group brings alone. A record whose known
groups together bring less than `LEAST_GAIN` is refused: its figure would be that of a life table
with the look of an assessment. A blood count, or blood pressure with body mass, or the list of
conditions is enough in every study.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from ml import persistence, refusals
from ml.evaluation.recalibration import Recalibration
from ml.explanation import points
from ml.facts import Facts
from ml.features import person
from ml.features.limits import plausible_value
from ml.models import knowledge
from ml.persistence import Artifact
from ml.studies import registry
from ml.studies.spec import Study
from ml.trees import CompiledTrees
from ml.types import (
    UNDECIDED,
    Abstention,
    Assessment,
    Contribution,
    OpenDecision,
    Outcome,
    tier_label,
)
from ml.uncertainty import stability
from ml.uncertainty.next_tests import StudyTests, Told

LEAST_GAIN = 0.04
TENTHS = 10
PRESSURE_FIRST = 180.0  # mm[Hg], severe hypertension (ESC 2024): no figure is to be read before it


class WrongInputs(ValueError):
    """Stored inputs are not those of this model."""

    def __init__(self, task: str, names: set[str]):
        super().__init__(f"{task}: inputs do not fit this model: {', '.join(sorted(names))}")


class WrongRepair(ValueError):
    """A stored repair of the risks is not one that served risks can have."""

    def __init__(self) -> None:
        super().__init__("A served risk is repaired by level and slope only: repair it again")


@dataclass(frozen=True, slots=True)
class _Case:
    """One person with all that was computed of them in the batch."""

    facts: Facts
    row: NDArray[np.float32]
    margin: float
    low: float
    high: float
    points: NDArray[np.float64]
    flips: float
    open_variance: NDArray[np.float64]

    @property
    def risk(self) -> float:
        return float(expit(self.margin))

    @property
    def missing_sd(self) -> float:
        return float(np.sqrt(self.open_variance.sum()))


def load(folder: str | Path) -> "RiskModel":
    """Open an artefact. Raises ArtifactAbsent, DigestMismatch, UnknownTask, UnknownFeature."""
    return RiskModel(persistence.load(folder))


def _repair(serving: Mapping[str, Any]) -> Recalibration:
    """Shift and slope that a site's outcomes asked for on the logit; nothing where none did.

    A rising curve with knots would break the exact explanation, so it is not opened.
    """
    stored = serving.get("recalibration")
    found = Recalibration.from_json(stored) if stored else Recalibration("none")
    if found.knots:
        raise WrongRepair
    return found


class RiskModel:
    """One served risk."""

    def __init__(self, artifact: Artifact):
        manifest = artifact.manifest
        serving = manifest["serving"]
        self.manifest = manifest
        self.task: str = manifest["task"]
        self.version: str = manifest["version"]
        self.digest: str = manifest["model_digest"]
        self.study: Study = registry.get(self.task)
        self.features = tuple(person.get(name) for name in manifest["features"])
        self._names = tuple(manifest["features"])
        self._trees, self._refits = CompiledTrees.of(artifact.booster), artifact.refits
        self._age_min, self._age_cap = serving["ages"]
        self._repair = _repair(serving)
        slope = self._repair.stretch
        self._base = float(self._repaired(np.array(serving["base_logit"])))
        # Artefacts of before have no stretch.
        self._stretch = slope * float(serving.get("stretch", 1.0))
        self._knowledge = knowledge.Knowledge(
            columns=knowledge.columns_of(self.features),
            variance={
                group: slope**2 * value for group, value in serving["group_variance"].items()
            },
            gain=serving["group_gain"],
        )
        self._tests = StudyTests(self.study, self.features, self._knowledge, LEAST_GAIN)
        self._ranges = refusals.Ranges.of(self.features, serving.get("ranges", {}))
        self._median = self._half_of(manifest["metrics"].get("calibration_curve", ()))

    @property
    def baseline(self) -> float:
        """Risk at the mean logit of the people it was trained on: the average that points start
        from. Risks are skew, so more than half of these people lie below it."""
        return float(expit(self._base))

    def assess(self, facts: Facts) -> Outcome:
        """The outcome for one person."""
        return self.assess_many([facts])[0]

    def assess_many(self, people: Sequence[Facts], *, surveyed: bool = False) -> list[Outcome]:
        """Outcomes in the order of the people. Those who are `surveyed` to judge the model have
        what defines its outcome: they are refused only where the study leaves them out."""
        X = self._matrix(people)
        gains = self._knowledge.known_gain(X)
        refused = [
            self._refusal(facts, row, gain, surveyed)
            for facts, row, gain in zip(people, X, gains, strict=True)
        ]
        told = [number for number, refusal in enumerate(refused) if refusal is None]
        cases = iter(self._cases([people[number] for number in told], X[told]))
        return [refusal or self._assessment(next(cases)) for refusal in refused]

    def replay(self, inputs: Mapping[str, float | None]) -> float:
        """The risk of stored inputs, equal to the one that was stored with them."""
        if set(self._names) != set(inputs):
            raise WrongInputs(self.task, set(self._names) ^ set(inputs))
        row = np.array([[inputs[name] for name in self._names]], dtype=np.float32)
        return float(expit(self._repaired(self._trees.margins(row)))[0])

    def open_decision(self, facts: Facts, told: Told | None) -> OpenDecision | None:
        """What a stored risk leaves open for this person, and the tests that would close it.

        `told` is the risk with its interval, None where it abstained.
        """
        row = self._matrix([facts])
        if told is not None:
            inputs = self._tests.of_inputs(facts, row[0], float(logit(told[0])))
            return self._tests.open_decision(facts, row[0], told, inputs)
        refusal = self._refusal(facts, row[0], float(self._knowledge.known_gain(row)[0]))
        return refusal.open_decision if refusal else None

    def _matrix(self, people: Sequence[Facts]) -> NDArray[np.float32]:
        X = person.matrix(people, self._names)
        age = self._names.index("age")
        X[:, age] = np.minimum(X[:, age], self._age_cap)
        return X

    def _half_of(self, tenths: Sequence[Mapping[str, float]]) -> float | None:
        """The risk that half of the training people lie below; None without figures by tenths."""
        if len(tenths) != TENTHS:
            return None
        middle = np.mean([tenth["predicted"] for tenth in tenths[4:6]])
        return float(expit(self._repaired(logit(middle))))

    def _repaired(self, margins: NDArray[np.floating]) -> NDArray[np.float64]:
        """Logits of the trees, as the site's repair has them."""
        return self._repair.shift + self._repair.stretch * margins.astype(float)

    def _cases(self, people: Sequence[Facts], X: NDArray[np.float32]) -> list[_Case]:
        if not people:
            return []
        margins, contributions = self._trees.explained(X)
        margin, phi = self._repaired(margins), self._repair.stretch * contributions[:, :-1]
        shares = points.from_logit(phi, np.full(len(X), self._base), margin)
        spread = self._stretch * stability.deviations(self._refits.margins(X))
        open_variance = self._knowledge.open_variance(X)
        other_sd = np.hypot(np.sqrt(open_variance.sum(axis=1)), self._repair.doubt(margin))
        low, high = stability.limits(margin, spread, other_sd)
        flips = stability.flips(margin, spread, self._cuts(), other_sd)
        return [
            _Case(*parts)
            for parts in zip(
                people, X, margin, low, high, shares, flips, open_variance, strict=True
            )
        ]

    def _assessment(self, case: _Case) -> Assessment:
        told = (case.risk, float(case.low), float(case.high))
        unknown = np.isnan(case.row)
        tests = self._tests.of_inputs(case.facts, case.row, case.margin)
        tier = self._tier(case)
        next_test, next_test_label = self._next_test(case, tier)
        return Assessment(
            task=self.task,
            model_version=self.version,
            model_digest=self.digest,
            horizon_years=self.study.horizon_years,
            risk=case.risk,
            low=float(case.low),
            high=float(case.high),
            tier=tier,
            tier_label=tier_label(tier),
            advice=self._advice(case, tier, next_test_label),
            baseline=self.baseline,
            median=self._median,
            contributions=self._contributions(case),
            missing=tuple(self.features[n].label for n in np.flatnonzero(unknown)),
            next_test=next_test,
            next_test_label=next_test_label,
            tier_flip_probability=float(case.flips),
            inputs={
                name: None if gone else float(value)
                for name, value, gone in zip(self._names, case.row, unknown, strict=True)
            },
            warnings=tuple(refusals.warnings(self.study, case.facts, self._age_cap)),
            next_tests=tuple(tests),
            open_decision=self._tests.open_decision(case.facts, case.row, told, tests),
        )

    def _cuts(self) -> list[float]:
        return [tier.low for tier in self.study.tiers[1:]]

    def _tier(self, case: _Case) -> str:
        """The tier of the risk; instead of T0 undecided, while unknown inputs could lift it."""
        tier = self.study.tier_of(case.risk).code
        is_open = bool(case.open_variance.any()) and case.high >= self.study.tiers[1].low
        return UNDECIDED if tier == "T0" and is_open else tier

    def _next_test(self, case: _Case, tier: str) -> tuple[str, str]:
        """The test that answers the question itself, wherever the risk is worth a test; else the
        one that would narrow the interval most."""
        settling = self._tests.settling(case.facts) if tier != "T0" else None
        if settling is not None:
            return settling.code, settling.label
        return self._tests.named(self._knowledge.most_open(case.open_variance), case.facts)

    def _advice(self, case: _Case, tier: str, next_test: str) -> str:
        pressure = plausible_value(case.facts, "SBP")
        if pressure is not None and pressure >= PRESSURE_FIRST:
            return f"Systolic blood pressure {pressure:.0f} mmHg: see to it before this figure."
        if tier == UNDECIDED:
            return f"Best next step: {next_test[:1].lower()}{next_test[1:]}."
        return self.study.tier_of(case.risk).advice

    def _contributions(self, case: _Case) -> tuple[Contribution, ...]:
        order = np.argsort(-np.abs(case.points), kind="stable")
        return tuple(self._contribution(case, int(number)) for number in order)

    def _contribution(self, case: _Case, number: int) -> Contribution:
        feature, value = self.features[number], case.row[number]
        if feature.name == "age":  # of the record, though the model reads none over its cap
            value = case.facts.age
        code = next((code for code in feature.codes if code in case.facts.measurements), "")
        return Contribution(
            feature=feature.name,
            label=feature.label,
            value=None if np.isnan(value) else float(f"{value:.6g}"),  # all that a float32 keeps
            unit=feature.unit,
            points=float(case.points[number]),
            code=code,
            collected=feature.collected(case.facts),
        )

    def _refusal(
        self, facts: Facts, row: NDArray[np.float32], known_gain: float, surveyed: bool = False
    ) -> Abstention | None:
        """Why this person gets no number, or None."""
        reason = refusals.of_study(self.study, facts, self._age_min)
        if reason is None and not surveyed:
            reason = refusals.of_moment(self.study, facts, row, self._ranges)
        if reason is None:
            return self._too_little(known_gain)
        return Abstention(
            self.task, reason.code, reason.text, reason.next_test, reason.next_test_label
        )

    def _too_little(self, known_gain: float) -> Abstention | None:
        if known_gain >= LEAST_GAIN:
            return None
        return Abstention(
            self.task,
            "too_few_inputs",
            "Beyond age and sex almost nothing is known that this model reads.",
            *self._tests.named(self._knowledge.most_gaining()),
            self._tests.ending_refusal(),
        )
