"""One person asked the questions that scores put; None is the answer "not known"."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ml import codes
from ml.facts import Facts, Measurement

ANTIHYPERTENSIVES = (
    "acei",
    "arb",
    "arni",
    "aliskiren",
    "ccb_dhp",
    "ccb_nondhp",
    "thiazide",
    "loop_diuretic",
    "beta_blocker",
    "mra",
    "ns_mra",
    "potassium_sparing_diuretic",
    "hydralazine",
    "alpha_blocker",
    "central_antihypertensive",
)
ANTICOAGULANTS = ("warfarin", "doac")
CARDIOVASCULAR_DISEASE = ("ascvd", "unstable_angina", "hf")


@dataclass(frozen=True)
class Subject:
    """Questions to one person's facts, codes expanded by the hierarchy."""

    facts: Facts

    @cached_property
    def conditions(self) -> frozenset[str] | None:
        given = self.facts.conditions
        return None if given is None else codes.expand_conditions(given)

    @cached_property
    def medications(self) -> frozenset[str] | None:
        given = self.facts.medications
        return None if given is None else codes.expand_medications(given)

    @property
    def age(self) -> float:
        return self.facts.age

    @property
    def sex(self) -> str | None:
        return self.facts.sex

    def has(self, *wanted: str) -> bool | None:
        """Whether the problem list names any of these; None when it was never asked."""
        return _any(self.conditions, wanted)

    def on(self, *wanted: str) -> bool | None:
        """Whether any of these drug classes is taken; None when it was never asked."""
        return _any(self.medications, wanted)

    def flagged(self, yes: str, no: str) -> bool | None:
        """A structured answer that has a flag for either side."""
        if yes in self.facts.flags:
            return True
        return False if no in self.facts.flags else None

    def exact(self, code: str) -> float | None:
        """A measured value, unless only a limit such as `<5` was reported."""
        measurement = self.measurement(code)
        return None if measurement is None or measurement.comparator else measurement.value

    def measurement(self, code: str) -> Measurement | None:
        return self.facts.measurements.get(code)

    def smokes(self) -> bool | None:
        smoking = self.facts.lifestyle.smoking
        return None if smoking is None else smoking == "current"

    def bp_treated(self) -> bool | None:
        return self.on(*ANTIHYPERTENSIVES)

    def diabetes(self) -> bool | None:
        return self.has("diabetes")

    def active(self, minutes: float) -> bool | None:
        """Whether at least so many active minutes a week are told or measured."""
        told = self.facts.lifestyle.active_minutes_week
        known = self.exact("ACTIVE_MIN") if told is None else told
        return None if known is None else known >= minutes

    def family_diabetes(self) -> str | None:
        """Nearest relative with diabetes, in the words of FINDRISC."""
        history = self.facts.family_history
        if history is None:
            return None
        if "diabetes" in history:
            return "first_degree"
        return "second_degree" if "diabetes_second_degree" in history else "none"


def _any(known: frozenset[str] | None, wanted: Iterable[str]) -> bool | None:
    return None if known is None else not known.isdisjoint(wanted)
