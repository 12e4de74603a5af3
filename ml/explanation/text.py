"""An explanation in sentences, each with the ids of the facts that it rests on.

`clinician` says numbers and limits; `patient` says the same in plain words of a reading grade of
at most 8 (Flesch-Kincaid, see `reading`). A sentence is only made from facts that are there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.types import Assessment, Contribution

LEAST_POINTS = 0.05  # percentage points: below that an input is not spoken of


@dataclass(frozen=True, slots=True)
class Fact:
    """One stored thing that a sentence may rest on."""

    id: str
    value: Any


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    facts: tuple[str, ...]  # ids, never empty


def facts_of(assessment: Assessment) -> dict[str, Fact]:
    """Everything that can be said of an assessment, by id."""
    known = {
        "risk": assessment.risk,
        "baseline": assessment.baseline,
        "median": assessment.median,
        "interval": (assessment.low, assessment.high),
        "horizon": assessment.horizon_years,
        "tier": assessment.tier_label,
        "advice": assessment.advice,
        "missing": assessment.missing,
        "next_test": assessment.next_test_label,
    }
    known |= {f"input:{one.feature}": one for one in assessment.contributions}
    return {name: Fact(name, value) for name, value in known.items()}


def clinician(assessment: Assessment, *, inputs: int = 5) -> tuple[Sentence, ...]:
    """Risk, interval and the inputs that carry it, in the terms of the profession."""
    a = assessment
    span = f"{a.horizon_years}-year risk" if a.horizon_years else "Probability"
    sentences = [
        Sentence(
            f"{span} {_percent(a.risk)} (90 % interval {_percent(a.low)} to {_percent(a.high)}); "
            f"average {_percent(a.baseline)}.",
            ("risk", "interval", "baseline", "horizon"),
        )
    ]
    for one in _largest(a.contributions, inputs):
        measured = f", {one.collected:%Y-%m-%d}" if one.collected else ""
        sentences.append(
            Sentence(
                f"{_reading(one)}{measured}: {one.points:+.1f} percentage points.",
                (f"input:{one.feature}",),
            )
        )
    if abs(unknown := _unknown_points(a.contributions)) >= LEAST_POINTS:
        text = f"What is not known, together: {unknown:+.1f} percentage points."
        sentences.append(Sentence(text, ("missing",)))
    return (*sentences, *_closing(a))


def patient(
    assessment: Assessment, *, plain: Mapping[str, str] | None = None, inputs: int = 3
) -> tuple[Sentence, ...]:
    """The same in plain words; `plain` gives the everyday name of an input by its feature."""
    a, names = assessment, plain or {}
    span = f" in the next {a.horizon_years} years" if a.horizon_years else " now"
    out_of = f"{round(100 * a.risk)} of 100" if a.risk >= 0.01 else "Fewer than 1 of 100"
    sentences = [
        Sentence(f"{out_of} people like you have this{span}.", ("risk", "horizon")),
        Sentence(_compared(a), ("risk", "baseline" if a.median is None else "median")),
    ]
    for one in _largest(a.contributions, inputs):
        name = names.get(one.feature, one.label.lower())
        way = "raises" if one.points > 0 else "lowers"
        text = f"What we know of your {name} {way} this number."
        sentences.append(Sentence(text, (f"input:{one.feature}",)))
    if a.missing:
        sentences.append(Sentence("Some tests are not in yet, so we are less sure.", ("missing",)))
    sentences.append(Sentence("Talk with your care team before you change a thing.", ("risk",)))
    return tuple(sentences)


def _closing(a: Assessment) -> Sequence[Sentence]:
    """What is unknown, and what would help."""
    closing = []
    if a.missing:
        closing.append(Sentence(f"Not known: {', '.join(a.missing)}.", ("missing",)))
    if a.next_test_label:
        text = f"Most useful next: {a.next_test_label}."
        closing.append(Sentence(text, ("next_test",)))
    closing.append(Sentence(f"{a.tier_label}: {a.advice}", ("tier", "advice")))
    return closing


def _largest(contributions: Sequence[Contribution], number: int) -> list[Contribution]:
    """Never what is not known: that is a gap of the record, and no reason of the person's."""
    spoken = [
        one for one in contributions if one.value is not None and abs(one.points) >= LEAST_POINTS
    ]
    return sorted(spoken, key=lambda one: -abs(one.points))[:number]


def _unknown_points(contributions: Sequence[Contribution]) -> float:
    return sum(one.points for one in contributions if one.value is None)


def _reading(one: Contribution) -> str:
    return f"{one.label} {one.value:g}{' ' if one.unit else ''}{one.unit}"


def _compared(a: Assessment) -> str:
    """With the middle of people; risks are skew, so most people lie below their average."""
    middle, them = (a.baseline, "on average") if a.median is None else (a.median, "for most people")
    if abs(a.risk - middle) < 0.005:
        return f"That is about the same as {them}."
    return f"That is {'more' if a.risk > middle else 'less'} than {them}."


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
