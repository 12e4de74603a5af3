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

from ml import persistence
from ml.explanation import points
from ml.facts import Facts
from ml.features import person
from ml.features.limits import implausible_codes
from ml.models import knowledge
from ml.persistence import Artifact
from ml.studies import registry
from ml.studies.spec import Study, Tier
from ml.trees import CompiledTrees
from ml.types import Abstention, Assessment, Contribution, OpenDecision, Outcome
from ml.uncertainty import stability
from ml.uncertainty.next_tests import StudyTests, Told

LEAST_GAIN = 0.04
GLYCAEMIA = ("HBA1C", "GLU_FAST")
NEXT_TIER_POSSIBLE = (
    "Too much is unknown for 'no action needed': the interval reaches the next tier."
)


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
    spread: NDArray[np.float64]
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


def _repair(serving: Mapping[str, Any]) -> tuple[float, float]:
    """Shift and slope that a site's outcomes asked for on the logit; nothing where none did.

    A rising curve with knots would break the exact explanation, so it is not opened.
    """
    found = serving.get("recalibration") or {"shift": 0.0, "stretch": 1.0}
    if found.get("knots"):
        raise WrongRepair
    return float(found["shift"]), float(found["stretch"])


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
        self._shift, self._slope = _repair(serving)
        self._base = self._shift + self._slope * float(serving["base_logit"])
        # Artefacts of before have no stretch.
        self._stretch = self._slope * float(serving.get("stretch", 1.0))
        self._knowledge = knowledge.Knowledge(
            columns=knowledge.columns_of(self.features),
            variance={
                group: self._slope**2 * value for group, value in serving["group_variance"].items()
            },
            gain=serving["group_gain"],
        )
        self._tests = StudyTests(self.study, self.features, self._knowledge, LEAST_GAIN)

    @property
    def baseline(self) -> float:
        """Risk at the mean logit of the people it was trained on."""
        return float(expit(self._base))

    def assess(self, facts: Facts) -> Outcome:
        """The outcome for one person."""
        return self.assess_many([facts])[0]

    def assess_many(self, people: Sequence[Facts]) -> list[Outcome]:
        """Outcomes in the order of the people."""
        X = self._matrix(people)
        gains = self._knowledge.known_gain(X)
        refused = [self._refusal(facts, gain) for facts, gain in zip(people, gains, strict=True)]
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
        refusal = self._refusal(facts, float(self._knowledge.known_gain(row)[0]))
        return refusal.open_decision if refusal else None

    def _matrix(self, people: Sequence[Facts]) -> NDArray[np.float32]:
        X = person.matrix(people, self._names)
        age = self._names.index("age")
        X[:, age] = np.minimum(X[:, age], self._age_cap)
        return X

    def _repaired(self, margins: NDArray[np.floating]) -> NDArray[np.float64]:
        """Logits of the trees, as the site's repair has them."""
        return self._shift + self._slope * margins.astype(float)

    def _cases(self, people: Sequence[Facts], X: NDArray[np.float32]) -> list[_Case]:
        if not people:
            return []
        margins, contributions = self._trees.explained(X)
        margin, phi = self._repaired(margins), self._slope * contributions[:, :-1]
        shares = points.from_logit(phi, np.full(len(X), self._base), margin)
        spread = self._stretch * stability.deviations(self._refits.margins(X))
        open_variance = self._knowledge.open_variance(X)
        low, high = stability.limits(margin, spread, np.sqrt(open_variance.sum(axis=1)))
        return [
            _Case(*parts)
            for parts in zip(
                people, X, margin, low, high, shares, spread, open_variance, strict=True
            )
        ]

    def _assessment(self, case: _Case) -> Assessment:
        tier, raised = self._tier(case)
        next_test, next_test_label = self._tests.named(
            self._knowledge.most_open(case.open_variance), case.facts
        )
        unknown = np.isnan(case.row)
        tests = self._tests.of_inputs(case.facts, case.row, case.margin)
        return Assessment(
            task=self.task,
            model_version=self.version,
            model_digest=self.digest,
            horizon_years=self.study.horizon_years,
            risk=case.risk,
            low=float(case.low),
            high=float(case.high),
            tier=tier.code,
            tier_label=tier.label,
            advice=tier.advice,
            baseline=self.baseline,
            contributions=self._contributions(case),
            missing=tuple(self.features[n].label for n in np.flatnonzero(unknown)),
            next_test=next_test,
            next_test_label=next_test_label,
            tier_flip_probability=stability.flip_probability(
                case.margin, case.spread, case.missing_sd, self._cuts()
            ),
            inputs={
                name: None if gone else float(value)
                for name, value, gone in zip(self._names, case.row, unknown, strict=True)
            },
            warnings=(*self._warnings(case.facts), *raised),
            next_tests=tuple(tests),
            open_decision=self._tests.open_decision(
                case.facts, case.row, (case.risk, float(case.low), float(case.high)), tests
            ),
        )

    def _cuts(self) -> list[float]:
        return [tier.low for tier in self.study.tiers[1:]]

    def _tier(self, case: _Case) -> tuple[Tier, tuple[str, ...]]:
        """The tier of the risk; never T0 while unknown inputs could lift it to the next."""
        tier = self.study.tier_of(case.risk)
        above = self.study.tiers[1]
        if tier.code == "T0" and case.missing_sd > 0 and case.high >= above.low:
            return above, (NEXT_TIER_POSSIBLE,)
        return tier, ()

    def _contributions(self, case: _Case) -> tuple[Contribution, ...]:
        order = np.argsort(-np.abs(case.points), kind="stable")
        return tuple(self._contribution(case, int(number)) for number in order)

    def _contribution(self, case: _Case, number: int) -> Contribution:
        feature, value = self.features[number], case.row[number]
        code = next((code for code in feature.codes if code in case.facts.measurements), "")
        return Contribution(
            feature=feature.name,
            label=feature.label,
            value=None if np.isnan(value) else float(value),
            unit=feature.unit,
            points=float(case.points[number]),
            code=code,
            collected=feature.collected(case.facts),
        )

    def _warnings(self, facts: Facts) -> tuple[str, ...]:
        found = [
            f"{code} is outside the possible range and was taken as unknown."
            for code in implausible_codes(facts)
        ]
        if facts.age > self._age_cap:
            found.append(f"Ages over {self._age_cap} are treated as {self._age_cap}.")
        if self.task == "undiagnosed_diabetes" and any(c in facts.measurements for c in GLYCAEMIA):
            found.append("HbA1c or fasting glucose is known: read it rather than this risk.")
        return tuple(found)

    def _refusal(self, facts: Facts, known_gain: float) -> Abstention | None:
        """Why this person gets no number, or None."""
        if facts.sex is None:
            return self._abstain("sex_unknown", "The model needs the sex.", ("sex", "Ask the sex"))
        if facts.age < self._age_min:
            return self._abstain(
                "outside_age_range", f"The model is for people from {self._age_min} years."
            )
        if self.study.refuses_pregnant and facts.pregnant:
            return self._abstain("pregnant", "The model does not hold in pregnancy.")
        return self._known_disease(facts) or self._too_little(known_gain)

    def _known_disease(self, facts: Facts) -> Abstention | None:
        for refusal in self.study.refusals:
            if refusal.conditions & (facts.conditions or frozenset()):
                test = (refusal.next_test, refusal.next_test_label)
                return self._abstain(refusal.reason_code, refusal.reason, test)
        return None

    def _too_little(self, known_gain: float) -> Abstention | None:
        if known_gain >= LEAST_GAIN:
            return None
        return self._abstain(
            "too_few_inputs",
            "Beyond age and sex almost nothing is known that this model reads.",
            self._tests.named(self._knowledge.most_gaining()),
            self._tests.ending_refusal(),
        )

    def _abstain(
        self,
        reason_code: str,
        reason: str,
        next_test: tuple[str, str] = ("", ""),
        open_decision: OpenDecision | None = None,
    ) -> Abstention:
        return Abstention(self.task, reason_code, reason, *next_test, open_decision)
