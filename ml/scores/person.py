"""Every published score that one person's facts allow, under the names that rules use."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ml import analytes
from ml.facts import Facts, Measurement
from ml.scores.derived import derived
from ml.scores.recipes import RECIPES, Recipe, european, kidney_failure
from ml.scores.result import MISSING_INPUT, NOT_APPLICABLE, ScoreResult, listed, refusal
from ml.scores.subject import Subject


def from_facts(
    facts: Facts, *, kfre_region: str = "north_america", score2_region: str | None = None
) -> dict[str, ScoreResult]:
    """Results by name; each has values, or an error with the reason why not.

    Risks are fractions and points are whole numbers, so that `score('PREVENT_ASCVD_10Y')
    >= 0.075` reads as written. A score computed elsewhere (`facts.scores`) takes
    precedence and says so. PREVENT is the base model, on which guideline thresholds rest.
    """
    person = Subject(derived(facts).facts)
    recipes = [*RECIPES, kidney_failure(kfre_region)]
    if score2_region:
        recipes.append(european(score2_region))
    results = {
        name: result for recipe in recipes for name, result in _answer(recipe, person).items()
    }
    return results | _given(facts.scores)


def rule_values(results: Mapping[str, ScoreResult]) -> dict[str, float]:
    """The headline numbers that were found, as the rules' `score('ID')` reads them.

    Rules read the facts of `derived(facts).facts` beside these, so that calculated values
    such as BMI and eGFR are known to them, too.
    """
    values = {name: result.value for name, result in results.items()}
    return {name: value for name, value in values.items() if isinstance(value, int | float)}


def _given(scores: Mapping[str, float]) -> dict[str, ScoreResult]:
    return {
        name: ScoreResult(name, {"value": value}, source="given") for name, value in scores.items()
    }


def _answer(recipe: Recipe, person: Subject) -> dict[str, ScoreResult]:
    reasons = (reason(person) for reason in recipe.refuse)
    reason = next((sentence for sentence in reasons if sentence), None)
    if reason:
        return {name: refusal(name, NOT_APPLICABLE, reason) for name in recipe.names}
    used = _measurements(recipe, person)
    if recipe.one_sample and not _same_day(used):
        return {name: _apart(name, used) for name in recipe.names}
    inputs = {name: _input(source, person) for name, source in recipe.inputs.items()}
    result = recipe.equation.compute(inputs)
    result = replace(
        result,
        reason=result.reason + _limits_only(used),
        as_of=_oldest(used),
        inputs=inputs,
    )
    return {name: _named(result, name, value) for name, value in recipe.names.items()}


def _input(source: Any, person: Subject) -> Any:
    return person.exact(source) if isinstance(source, str) else source(person)


def _measurements(recipe: Recipe, person: Subject) -> list[Measurement]:
    named = [source for source in recipe.inputs.values() if isinstance(source, str)]
    found = [person.measurement(code) for code in named]
    return [measurement for measurement in found if measurement]


def _named(result: ScoreResult, name: str, value: str) -> ScoreResult:
    """One value of an equation under the name that rules use."""
    if result.error or not value:
        return replace(result, score=name)
    if value not in result.values:
        reason = f"{result.score} has no such value at age {result.inputs['age']:g}"
        return refusal(name, NOT_APPLICABLE, reason, as_of=result.as_of)
    return replace(result, score=name, values={value: result.values[value]})


def _same_day(measurements: list[Measurement]) -> bool:
    return len({measurement.collected for measurement in measurements}) < 2


def _apart(name: str, measurements: list[Measurement]) -> ScoreResult:
    words = tuple(_words(measurement.code) for measurement in measurements)
    return refusal(name, MISSING_INPUT, f"Needs {listed(words)} of the same day", missing=words)


def _limits_only(measurements: list[Measurement]) -> str:
    """A sentence on results that are only limits, which no equation can use."""
    limits = [
        f"{_words(m.code)} is only known as {m.comparator}{m.value:g}"
        for m in measurements
        if m.comparator
    ]
    return f"; {listed(limits)}" if limits else ""


def _words(code: str) -> str:
    analyte = analytes.resolve(code)
    return analyte.display if analyte else code


def _oldest(measurements: list[Measurement]) -> Any:
    days = [measurement.collected for measurement in measurements if measurement.collected]
    return min(days, default=None)
