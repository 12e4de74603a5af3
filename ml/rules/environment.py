"""The facts of one person as the rule language sees them.

What was never asked stays unknown: `conditions=None` makes every `has(...)` unknown, an
empty set makes it False. An indication that hangs on an unknown therefore recommends
nothing, and an exclusion that hangs on one turns into "check first". Only `flag(...)` is
False when absent, because a flag is a finding that somebody actively sets.
"""

from collections.abc import Callable, Mapping
from datetime import date
from math import isnan

from ml.codes import expand_conditions, expand_medications
from ml.facts import Facts
from ml.rules.evaluation import Quantity, Truth
from ml.rules.schedule import last_done, months_since

# Outside these ages nobody is asked whether they are pregnant or breastfeeding.
CHILDBEARING_AGES = (10, 55)
YEARS, WEEKS = "a", "wk"  # UCUM


class FactsEnvironment:
    """Answers the questions of a rule from `Facts` and the scores computed from them.

    `scores` maps the name of a score in the rule language to a fraction or points, None
    where it could not be computed. A score that came with the facts takes precedence.
    """

    def __init__(self, facts: Facts, scores: Mapping[str, float | None] | None = None):
        self.facts = facts
        self.computed = {
            name: value for name, value in (scores or {}).items() if name not in facts.scores
        }
        self.scores = {**self.computed, **facts.scores}
        self.conditions = _expanded(facts.conditions, expand_conditions)
        self.medications = _expanded(facts.medications, expand_medications)
        # An allergy to one member forbids its class: simvastatin, so every statin.
        self.allergies = _expanded(facts.allergies, expand_medications)
        self.flags = _flags(facts, self.conditions)
        self.proposed: frozenset[str] = frozenset()

    def taking_also(self, classes: frozenset[str]) -> "FactsEnvironment":
        """The same person if these drug classes were added."""
        other = FactsEnvironment.__new__(FactsEnvironment)
        other.__dict__.update(self.__dict__)
        other.proposed = self.proposed | expand_medications(classes)
        return other

    def number(self, name: str) -> Quantity | None:
        measurement = self.facts.measurements.get(name)
        if measurement is not None and not isnan(measurement.value):
            return Quantity(
                measurement.value,
                measurement.unit,
                measurement.collected,
                measurement.comparator,
            )
        told = _TOLD.get(name)
        value = told(self) if told else None
        return None if value is None else Quantity(value, _UNITS.get(name, ""))

    def text(self, name: str) -> str | None:
        return self.facts.sex if name == "sex" else None

    def truth(self, name: str) -> Truth:
        if name == "smoker":
            smoking = self.facts.lifestyle.smoking
            return None if smoking is None else smoking == "current"
        told: Truth = getattr(self.facts, name)
        return False if told is None and not self._may_bear_children() else told

    def has(self, code: str) -> Truth:
        return None if self.conditions is None else code in self.conditions

    def on(self, code: str) -> Truth:
        if code in self.proposed:
            return True
        return None if self.medications is None else code in self.medications

    def allergy(self, code: str) -> Truth:
        return None if self.allergies is None else code in self.allergies

    def flag(self, code: str) -> Truth:
        return code in self.flags

    def score(self, name: str) -> Quantity | None:
        value = self.scores.get(name)
        return None if value is None else Quantity(value)

    def due(self, item: str, months: float) -> Truth:
        since = self.months_since(item)
        return since is None or since >= months

    def months_since(self, item: str) -> float | None:
        return months_since(item, self.facts, self.computed)

    def since(self, kind: str, code: str) -> date | None:
        kind, code = self._told_by(kind, code)
        if kind == "number" and code in self.facts.measurements:
            return self.facts.measurements[code].collected
        return self.facts.recorded.get(f"{kind}:{code}")

    def source(self, kind: str, code: str) -> str:
        kind, code = self._told_by(kind, code)
        return self.facts.sources.get(f"{kind}:{code}", "")

    def _told_by(self, kind: str, code: str) -> tuple[str, str]:
        """Kind and code of the fact of the record that tells this one: of a lipid panel that was
        done the LDL cholesterol, of a statin the simvastatin, of smoking the answer."""
        if kind == "done":
            done = last_done(code, self.facts, self.computed)
            return (done.kind, done.code) if done else (kind, code)
        if kind == "flag" and code in self.facts.flags:
            return kind, code
        if code in _ANSWERS and code not in self.facts.measurements:
            return "lifestyle", _ANSWERS[code]
        kind = "condition" if kind == "flag" else kind
        return kind, self._narrower(kind, code)

    def _narrower(self, kind: str, code: str) -> str:
        """The code that the list itself holds, the one that stands longest where there are some."""
        if kind not in _LISTS or self._is_told(kind, code):
            return code
        listed, expand = _LISTS[kind]
        if code not in (getattr(self, listed) or ()):
            return code
        codes = [each for each in getattr(self.facts, listed) or () if code in expand([each])]
        told = [each for each in codes if self._is_told(kind, each)]
        recorded = self.facts.recorded
        return min(told, key=lambda one: (recorded.get(f"{kind}:{one}", date.max), one),
                   default=code)  # fmt: skip

    def _is_told(self, kind: str, code: str) -> bool:
        name = f"{kind}:{code}"
        return name in self.facts.recorded or name in self.facts.sources

    def _may_bear_children(self) -> bool:
        youngest, oldest = CHILDBEARING_AGES
        return self.facts.sex != "male" and youngest <= self.facts.age <= oldest


def _expanded(
    codes: frozenset[str] | None, expand: Callable[[frozenset[str]], frozenset[str]]
) -> frozenset[str] | None:
    return None if codes is None else expand(codes)


def _flags(facts: Facts, conditions: frozenset[str] | None) -> frozenset[str]:
    """Flags as given, and those that follow from what else is known."""
    derived = set(facts.flags) | (conditions or frozenset())
    if facts.lifestyle.smoking in ("former", "current"):
        derived.add("ever_smoked")
    return frozenset(derived)


def _drug_count(env: FactsEnvironment) -> float | None:
    """Distinct drugs: a drug listed with its class (atorvastatin, statin) counts once."""
    if env.medications is None:
        return None
    broadest = [code for code in env.medications if expand_medications([code]) == {code}]
    return float(len(broadest))


def _birth_year(env: FactsEnvironment) -> float:
    born = env.facts.birth_date
    return born.year if born else env.facts.as_of.year - int(env.facts.age)


def _pack_years(env: FactsEnvironment) -> float | None:
    lifestyle = env.facts.lifestyle
    never = lifestyle.smoking == "never" and lifestyle.pack_years is None
    return 0.0 if never else lifestyle.pack_years


def _fib4(env: FactsEnvironment) -> float | None:
    return env.scores.get("FIB4")


_TOLD: dict[str, Callable[[FactsEnvironment], float | None]] = {
    "age": lambda env: env.facts.age,
    "birth_year": _birth_year,
    "n_drugs": _drug_count,
    "gest_weeks": lambda env: env.facts.gestation_weeks,
    "pack_years": _pack_years,
    "quit_years": lambda env: env.facts.lifestyle.quit_years,
    "alcohol_week": lambda env: env.facts.lifestyle.alcohol_drinks_week,
    "ACTIVE_MIN": lambda env: env.facts.lifestyle.active_minutes_week,
    "FIB4": _fib4,
}
# What a rule calls it -> the question of the survey that tells it.
_ANSWERS = {
    "smoker": "smoking",
    "ever_smoked": "smoking",
    "pack_years": "pack_years",
    "quit_years": "quit_years",
    "alcohol_week": "alcohol_drinks_week",
    "ACTIVE_MIN": "active_minutes_week",
}
_LISTS: dict[str, tuple[str, Callable[[list[str]], frozenset[str]]]] = {
    "condition": ("conditions", expand_conditions),
    "medication": ("medications", expand_medications),
    "allergy": ("allergies", expand_medications),
}
_UNITS = {
    "age": YEARS,
    "gest_weeks": WEEKS,
    "quit_years": YEARS,
    "alcohol_week": "{drinks}/wk",
    "ACTIVE_MIN": "min/wk",
}
