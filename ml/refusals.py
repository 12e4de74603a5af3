"""When a served risk says nothing, and what its number must be read with.

Reasons come in two kinds. `of_study`: the study leaves such people out. `of_moment`: the study may
have had such people, but a number would mislead whoever is treated now, since the answer has been
measured, the values are of an acute illness, or nobody like this taught the model. A survey that
judges the model has the measurements that define its outcome, so reasons of the moment are not
asked there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isnan

import numpy as np
from numpy.typing import NDArray

from ml import analytes, codes
from ml.facts import Facts
from ml.features import person
from ml.features.limits import contradictions, implausible_codes, plausible_value
from ml.features.person import Feature
from ml.studies.inputs import SETTLED_BY, Limit
from ml.studies.spec import Refusal, Study

YEAR = timedelta(days=365)
# NEWS2 (Royal College of Physicians 2017) gives a systolic pressure up to 90 its highest mark; the
# others are beyond nearly all of the survey's people, who were well enough to come. One alone has
# many causes (a slight young woman, leukaemia, nephrosis) and warns; two together abstain (own
# choice).
ACUTE = (("SBP", 90.0, None), ("CRP", None, 50.0), ("WBC", 2.5, 20.0), ("ALB", 2.4, None))
ACUTE_SIGNS = 2
STABLE = "this figure is for people in a stable state"
SERIOUS = {
    "metastatic_cancer": "metastatic cancer",
    "cirrhosis": "cirrhosis",
    "limited_life_expectancy": "a limited life expectancy",
}
CHILDBEARING = (20, 50)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no number, and what would help ("" where no test would)."""

    code: str
    text: str
    next_test: str = ""
    next_test_label: str = ""


@dataclass(frozen=True)
class Ranges:
    """The outermost values that a model takes of each of its inputs, of which some have none."""

    features: Sequence[Feature]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of(cls, features: Sequence[Feature], stored: Mapping[str, Sequence[float]]) -> "Ranges":
        """From a manifest; artefacts of before have none."""
        found = [stored.get(feature.name, (-np.inf, np.inf)) for feature in features]
        low, high = np.array(found, float).reshape(len(found), 2).T
        return cls(features, low, high)

    def reason(self, row: NDArray[np.float32]) -> Reason | None:
        """The first input of a row, shape (features,), that lies outside."""
        outside = np.flatnonzero((row < self.low) | (row > self.high))
        if not outside.size:
            return None
        at = outside[0]
        is_high = row[at] > self.high[at]
        limit = f"up to {_number(self.high[at])}" if is_high else f"from {_number(self.low[at])}"
        said = _said(self.features[at], float(row[at]))
        text = f"{said} lies outside what the model has seen ({limit})."
        return Reason("outside_training_range", text)


def of_study(study: Study, facts: Facts, age_min: float) -> Reason | None:
    """Why the study does not speak of this person."""
    if facts.sex is None:
        return Reason("sex_unknown", "The model needs the sex.", "sex", "Ask the sex")
    if isnan(facts.age):
        return Reason("age_unknown", "The model needs the age.", "age", "Ask the age")
    if facts.age < age_min:
        return Reason("outside_age_range", f"The model is for people from {age_min} years.")
    if study.refuses_pregnant and facts.pregnant:
        return Reason("pregnant", "The model does not hold in pregnancy.")
    listed = facts.conditions or frozenset()
    return _first(refusal for refusal in study.refusals if refusal.conditions & listed)


def of_moment(
    study: Study, facts: Facts, row: NDArray[np.float32], ranges: Ranges
) -> Reason | None:
    """Why a number would mislead now; `row` are the inputs of the model, shape (features,)."""
    taken = codes.expand_medications(facts.medications or frozenset())
    return (
        _first(refusal for refusal in study.refusals if refusal.medications & taken)
        or _first(refusal for refusal in study.refusals if _is_under(refusal, facts))
        or _acutely_ill(facts)
        or _already_measured(study, facts)
        or ranges.reason(row)
    )


def warnings(study: Study, facts: Facts, age_cap: float) -> list[str]:
    """What the number must be read with."""
    found = [
        f"{code} is outside the possible range and was taken as unknown."
        for code in implausible_codes(facts)
    ]
    found += [
        f"{_listed([_name(code) for code in each.codes])} contradict each other: check them. "
        "They were taken as unknown."
        for each in contradictions(facts)
    ]
    if facts.age > age_cap:
        found.append(f"Ages over {age_cap} are treated as {age_cap}.")
    found += [f"{sign}: if that is an acute illness, {STABLE}." for sign in _acute_signs(facts)]
    return [*found, *_unread(study, facts), *_unasked(study, facts), *_known_undated(study, facts)]


def _first(refusals: Iterable[Refusal]) -> Reason | None:
    for each in refusals:
        return Reason(each.reason_code, each.reason, each.next_test, each.next_test_label)
    return None


def _is_under(refusal: Refusal, facts: Facts) -> bool:
    values = [(person.get(name).read(facts), limit) for name, limit in refusal.under.items()]
    return any(value is not None and value < limit for value, limit in values)


def _acute_signs(facts: Facts) -> list[str]:
    found = [(code, plausible_value(facts, code), low, high) for code, low, high in ACUTE]
    return [
        f"{_name(code)} {_number(value)} {_unit(analytes.get(code).unit)}"
        for code, value, low, high in found
        if value is not None
        and ((low is not None and value < low) or (high is not None and value > high))
    ]


def _acutely_ill(facts: Facts) -> Reason | None:
    signs = _acute_signs(facts)
    if len(signs) < ACUTE_SIGNS:
        return None
    return Reason("acute_illness", f"Measured in acute illness ({_listed(signs)}); {STABLE}.")


def _already_measured(study: Study, facts: Facts) -> Reason | None:
    """The tests that answer the question, if each was made within a year on a day that is told;
    or one result that answers with yes by itself."""
    settling = SETTLED_BY.get(study.task)
    if settling is None:
        return None
    fresh = [_fresh(kind, facts) for kind in settling.kinds]
    found = [limit for limit in settling.alone if _is_reached(limit, facts)]
    if None in fresh and not found:
        return None
    said = [each for each in fresh if each] or [_of_limit(limit, facts) for limit in found]
    ending = f" {settling.if_found}" if found else ""
    text = f"Measured already: {_listed(said)}. Read that rather than a risk.{ending}"
    # One result that says yes: the tests are to be repeated, or to be made whole.
    next_test = (settling.code, settling.label) if found else ("", "")
    return Reason("already_measured", text, *next_test)


def _known_undated(study: Study, facts: Facts) -> list[str]:
    """What answers the question but may be old: its day is not told, or it is over a year ago."""
    settling = SETTLED_BY.get(study.task)
    known = [] if settling is None else [_known(kind, facts) for kind in settling.kinds]
    if not any(known):
        return []
    said = _listed([each for each in known if each])
    return [f"Known, but not from within the year: {said}. Read it rather than this risk."]


def _fresh(kind: frozenset[str], facts: Facts) -> str | None:
    """The first measurement of a kind from within a year, in words."""
    return next(
        (_in_words(c, facts) for c in sorted(kind, reverse=True) if _is_fresh(c, facts)), None
    )


def _known(kind: frozenset[str], facts: Facts) -> str | None:
    known = (
        code for code in sorted(kind, reverse=True) if plausible_value(facts, code) is not None
    )
    return next((_in_words(code, facts) for code in known if not _is_fresh(code, facts)), None)


def _is_fresh(code: str, facts: Facts) -> bool:
    found = facts.measurements.get(code)
    if found is None or found.collected is None or plausible_value(facts, code) is None:
        return False
    return facts.as_of - found.collected <= YEAR


def _is_reached(limit: Limit, facts: Facts) -> bool:
    feature = person.get(limit.feature)
    value = feature.read(facts)
    if value is None or not any(_is_fresh(code, facts) for code in feature.codes):
        return False
    return value < limit.value if limit.is_below else value >= limit.value


def _of_limit(limit: Limit, facts: Facts) -> str:
    feature = person.get(limit.feature)
    return _said(feature, feature.read(facts) or 0.0)


def _in_words(code: str, facts: Facts) -> str:
    """A measurement with its day; creatinine as the filtration rate that is read of it."""
    found = facts.measurements[code]
    rate = person.get("egfr").read(facts) if code in {"CREAT", "EGFR"} else None
    told = (
        f"{_name(code)} {_number(found.value)} {_unit(found.unit)}"
        if rate is None
        else _said(person.get("egfr"), rate)
    )
    return f"{told} ({found.collected:%d-%b-%Y})" if found.collected else told


def _unread(study: Study, facts: Facts) -> list[str]:
    """Serious illness of the lists or flags that no input of the model stands for."""
    listed = codes.expand_conditions(facts.conditions or frozenset()) | facts.flags
    found = [words for code, words in SERIOUS.items() if code in listed]
    if not found:
        return []
    higher = ": the risk is higher" if study.task == "death_10y" else ""
    return [f"Serious illness that this model does not read ({_listed(found)}){higher}."]


def _unasked(study: Study, facts: Facts) -> list[str]:
    first, last = CHILDBEARING
    may_be = facts.sex == "female" and first <= facts.age <= last and facts.pregnant is None
    asks = study.refuses_pregnant and may_be
    return ["Ask about pregnancy: the figure does not hold in it."] if asks else []


def _said(feature: Feature, value: float) -> str:
    return f"{feature.label} {_number(value)} {_unit(feature.unit)}".strip()


def _name(code: str) -> str:
    return analytes.get(code).display


def _number(value: float) -> str:
    """Three digits are enough to know a value by."""
    return f"{float(f'{value:.3g}'):,g}"


def _unit(ucum: str) -> str:
    return ucum.replace("[Hg]", "Hg").replace("{1.73_m2}", "1.73 m²").replace("10*", "10^")


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
