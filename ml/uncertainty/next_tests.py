"""Which decision of a risk is open, and which missing or old measurement would close it.

A decision is open when the risk abstains for want of inputs, or when its interval, with what old
values leave open allowed for, reaches more than one tier. Tests are ranked by what their answer is
expected to gain (`ml.uncertainty.decision`). Where one test answers the very question of a risk
(HbA1c for unknown diabetes), it comes before every input, none of which can gain more: its chance
to change the tier is that of finding the disease, or of not finding it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from ml.facts import Facts
from ml.features.person import Feature
from ml.models.knowledge import Knowledge
from ml.studies.inputs import NEXT_TESTS, SETTLED_BY, Settling
from ml.studies.spec import Study
from ml.types import NextTest, OpenDecision
from ml.uncertainty import ageing, decision
from ml.uncertainty.stability import Z90

Told = tuple[float, float, float]  # risk and both ends of its interval
SETTLES_FOR_MONTHS = 12
ORDERED_WHOLE = {"blood_count"}  # nobody orders erythrocytes alone


def is_settled(task: str, facts: Facts) -> bool:
    """Whether the tests that answer the question of a risk were all made within a year."""
    settling = SETTLED_BY.get(task)
    return settling is not None and all(
        any(_is_fresh(code, facts) for code in kind) for kind in settling.kinds
    )


def _is_fresh(code: str, facts: Facts) -> bool:
    age = _age(code, facts)
    return age is not None and age <= SETTLES_FOR_MONTHS


def _age(code: str, facts: Facts) -> float | None:
    """Months since a measurement, 0 where its day is not told, None where it was not made."""
    found = facts.measurements.get(code)
    if found is None:
        return None
    return ageing.months_between(found.collected, facts.as_of) if found.collected else 0.0


@dataclass(frozen=True)
class StudyTests:
    """The tests of one study: their names, and what each would tell of a person."""

    study: Study
    features: Sequence[Feature]
    knowledge: Knowledge
    least_gain: float  # below this nothing is said

    def named(self, group: str, facts: Facts | None = None) -> tuple[str, str]:
        """What to measure or ask of a group; of a group half known, what is still missing, and
        of one that this study reads by other analytes, one of these."""
        if not group:
            return "", ""
        test, known = NEXT_TESTS[group], facts.measurements if facts else {}
        measured = [
            feature
            for feature in (self.features[column] for column in self.knowledge.columns[group])
            if feature.codes
        ]
        is_read = not measured or any(test.code in feature.codes for feature in measured)
        if is_read and test.code not in known:
            return test.code, test.label
        for feature in measured:
            if not set(feature.codes) & set(known):
                is_panel = is_read and group in ORDERED_WHOLE
                label = test.label if is_panel else f"Measure {feature.label.lower()}"
                return feature.codes[0], label
        if is_read:
            return test.code, test.label
        return measured[0].codes[0], f"Measure {measured[0].label.lower()}"

    def of_inputs(self, facts: Facts, row: NDArray[np.float32], margin: float) -> list[NextTest]:
        """Missing and old groups of inputs by the chance that their answer changes the tier."""
        months = ageing.ages(self.features, facts)
        lost = ageing.lost_shares(self.features, months)
        open_variance = self._of_groups(np.where(np.isnan(row), 1.0, lost))
        old = np.where(~np.isnan(row) & (lost > 0), months, np.nan)
        return [
            self._test(value, facts, old)
            for value in decision.of_groups(margin, open_variance, self._cuts())
        ]

    def open_decision(
        self, facts: Facts, row: NDArray[np.float32], told: Told, inputs: Sequence[NextTest]
    ) -> OpenDecision | None:
        """What would settle a risk whose interval reaches several tiers; None where none does,
        and where the test that it foretells was made. `inputs` are those of `of_inputs`."""
        if is_settled(self.study.task, facts):
            return None
        low, high = self._with_age(facts, row, told)
        crossed = [cut for cut in self._cuts() if low < cut <= high]
        if not crossed:
            return None
        nearest = float(min(crossed, key=lambda cut: abs(logit(cut) - logit(told[0]))))
        tests = [*self._settling(facts, told[0], nearest), *self._valued(inputs, told[0], nearest)]
        return OpenDecision(self.study.task, tuple(tests), told[0], low, high, nearest)

    def _valued(self, inputs: Sequence[NextTest], risk: float, cut: float) -> list[NextTest]:
        """The same tests with their expected value, the best first."""
        sds = [sqrt(test.open_variance) for test in inputs]
        gains = decision.gain_of_knowing(risk, sds, cut) if sds else []
        valued = [
            replace(test, value=float(gain)) for test, gain in zip(inputs, gains, strict=True)
        ]
        return sorted(valued, key=lambda test: -test.value)

    def settling(self, facts: Facts) -> Settling | None:
        """The test that answers the question itself, unless there is none or it was made."""
        task = self.study.task
        return None if is_settled(task, facts) else SETTLED_BY.get(task)

    def ending_refusal(self) -> OpenDecision:
        """Groups of inputs by what each tells alone; `changes_tier` 1 where it ends the refusal."""
        gains = self.knowledge.gain
        total = sum(gains.values())
        tests = [
            NextTest(*self.named(group), float(gain >= self.least_gain), gain / total, group=group)
            for group, gain in sorted(gains.items(), key=lambda pair: -pair[1])
            if gain > 0
        ]
        return OpenDecision(self.study.task, tuple(tests))

    def _cuts(self) -> list[float]:
        return [tier.low for tier in self.study.tiers[1:]]

    def _of_groups(self, share: NDArray[np.float64]) -> dict[str, float]:
        variance: Mapping[str, float] = self.knowledge.variance
        return {
            group: float(share[list(columns)].mean()) * variance[group]
            for group, columns in self.knowledge.columns.items()
        }

    def _with_age(self, facts: Facts, row: NDArray[np.float32], told: Told) -> tuple[float, float]:
        """The interval, wider by what old values leave open."""
        share = ageing.lost_shares(self.features, ageing.ages(self.features, facts))
        share[np.isnan(row)] = 0.0  # that is in the interval already
        wider = Z90 * sqrt(sum(self._of_groups(share).values()))
        if not wider:
            return told[1], told[2]
        margin, low, high = (float(logit(np.clip(each, 1e-9, 1 - 1e-9))) for each in told)
        return (
            float(expit(margin - np.hypot(margin - low, wider))),
            float(expit(margin + np.hypot(high - margin, wider))),
        )

    def _test(
        self, value: decision.ValueOfTest, facts: Facts, old: NDArray[np.float64]
    ) -> NextTest:
        """`old` has the age of each input that is older than it holds, else NaN."""
        months = old[list(self.knowledge.columns[value.group])]
        is_old = bool((~np.isnan(months)).any())
        code, label = self.named(value.group, None if is_old else facts)
        return NextTest(
            code,
            f"{label} again" if is_old else label,
            value.changes_tier,
            value.share_of_doubt,
            months_old=int(np.nanmax(months)) if is_old else None,
            group=value.group,
            open_variance=value.variance,
        )

    def _settling(self, facts: Facts, risk: float, cut: float) -> list[NextTest]:
        """The test that answers the question itself, if there is one."""
        settling = SETTLED_BY.get(self.study.task)
        if settling is None:
            return []
        tier, tiers = self.study.tier_of(risk), self.study.tiers
        chance = risk if tier == tiers[0] else 1 - risk if tier == tiers[-1] else 1.0
        value = decision.gain_of_certainty(risk, cut)
        return [_settling_test(settling, facts, chance, value)]


def _settling_test(settling: Settling, facts: Facts, chance: float, value: float) -> NextTest:
    ages = [
        min((age for code in kind if (age := _age(code, facts)) is not None), default=None)
        for kind in settling.kinds
    ]
    old = [age for age in ages if age is not None and age > SETTLES_FOR_MONTHS]
    label = f"{settling.label} again" if old and None not in ages else settling.label
    months = int(max(old)) if old else None
    return NextTest(
        settling.code, label, chance, 1.0, months, settling.group, settles=True, value=value
    )
