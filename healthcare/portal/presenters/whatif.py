"""The two lanes of the what-if page in words and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from healthcare.common import figures
from healthcare.portal.presenters.tiers import task
from healthcare.portal.whatif import Change, Lever, Offer, Rescored, Step, Together
from ml.types import Abstention, Assessment
from recommendations import benefitwords
from recommendations.benefitwords import Benefit

COUNTED = "Measured in trials on this outcome"
RECKONED = "Reckoned from blood pressure, LDL cholesterol or an equation"
WIDER = (
    "No trial of the step itself stands behind these numbers: they are what the moved value did in "
    "other people. The intervals do not hold that doubt, and there is no number needed to treat."
)
NOT_READ = "No effect of this table was re-read in its source."


def trials(steps: Sequence[Step], chosen: set[str], joined: Iterable[Together]) -> dict:
    """Lane of the steps: each by itself, what trials counted apart from what is reckoned, then all
    chosen ones on each outcome."""
    kinds = ((COUNTED, "", False), (RECKONED, WIDER, True))
    groups = [_group(title, note, _largest(steps, is_reckoned), chosen)
              for title, note, is_reckoned in kinds]  # fmt: skip
    return {
        "groups": [group for group in groups if group["rows"]],
        "together": [_together(one) for one in joined],
    }


def _largest(steps: Iterable[Step], is_reckoned: bool) -> list[tuple[Step, Benefit]]:
    """Of each step its largest benefit of that kind; they are stored with the largest first."""
    found: list[tuple[Step, Benefit]] = []
    for step in steps:
        ones = (one for one in step.benefits if bool(one.get("reckoned_from")) is is_reckoned)
        found.extend((step, one) for one in islice(ones, 1))
    return found


def _group(title: str, note: str, found: list[tuple[Step, Benefit]], chosen: set[str]) -> dict:
    """One table. What was re-read stands above it where that is said of all rows."""
    is_unread = not any(one["verified"] for _, one in found)
    basis = benefitwords.rests_on if is_unread else benefitwords.basis
    return {
        "title": title,
        "note": " ".join(filter(None, [note, NOT_READ if is_unread else ""])),
        "rows": [
            {
                "name": step.name,
                "is_chosen": step.id in chosen,
                "text": benefitwords.sentence(one),
                "interval": benefitwords.interval(one),
                "basis": basis(one),
            }
            for step, one in found
        ],
    }


def models(rescored: Iterable[Rescored], change: Change) -> list[dict]:
    """Lane of the models, one card a task."""
    return [_model(one, change) for one in rescored]


def left_out(offer: Offer) -> list[str]:
    """Why some inputs cannot be changed here."""
    said = []
    if offer.unknown:
        said.append(f"Not known yet, so not to be changed: {_names(offer.unknown)}.")
    if offer.unread:
        said.append(
            f"No served model reads this, so changing it would show nothing: "
            f"{_names(offer.unread)}."
        )
    return said


def _together(one: Together) -> dict:
    name = one.name.removeprefix("a ")
    when = "in a year" if one.years == 1 else f"in {one.years:g} years"
    return {
        "title": f"{name[:1].upper()}{name[1:]} {when}",
        "said": _said(one),
        **_compared(one.before, one.after, "with the chosen steps"),
    }


def _said(one: Together) -> str:
    """Such as "With 3 chosen steps, 1 of them reckoned"."""
    steps = f"With {one.steps} chosen step{'' if one.steps == 1 else 's'}"
    return f"{steps}, {one.reckoned} of them reckoned" if one.reckoned else steps


def _model(one: Rescored, change: Change) -> dict:
    words = task(one.task)
    card: dict[str, Any] = {"key": one.task, "title": words.title, "horizon": words.horizon}
    before, after = one.before, one.after
    refusal = next((each for each in (before, after) if isinstance(each, Abstention)), None)
    if refusal or not (isinstance(before, Assessment) and isinstance(after, Assessment)):
        return card | {"message": _refused(refusal)}
    card |= {"now": _numbers(before), "version": before.model_version, "warnings": after.warnings}
    if not change:
        return card
    card |= {"tried": _numbers(after)}
    return card | _compared(before.risk, after.risk, "in the model with the changed values")


def _numbers(made: Assessment) -> dict[str, str]:
    return {
        "risk": figures.in_100(made.risk),
        "range": figures.span_in_100(made.low, made.high),
    }


def _refused(refusal: Abstention | None) -> str:
    if refusal is None:
        return "No number."
    reason = refusal.reason.rstrip(".")
    step = f" Best next step: {refusal.next_test_label}." if refusal.next_test_label else ""
    return f"No number: {reason[:1].lower()}{reason[1:]}.{step}"


def _compared(before: float, after: float, under: str) -> dict:
    """Both risks, their difference, and 100 people before and after."""
    now, then = figures.in_100(before), figures.in_100(after)
    return {
        "before": now,
        "after": then,
        "difference": difference(before, after),
        "people": people(before, after),
        "label": f"Of 100 people: {now} now, {then} {under}; {difference(before, after)}.",
    }


def difference(before: float, after: float) -> str:
    """In people of 100, such as "3.1 fewer of 100".

    >>> difference(0.11, 0.08), difference(0.2, 0.2), difference(0.11, 0.12)
    ('3.0 fewer of 100', 'no difference', '1.0 more of 100')
    """
    change = after - before
    if abs(change) < 0.0005:
        return "no difference"
    return f"{figures.in_100(abs(change))} {'fewer' if change < 0 else 'more'} of 100"


def people(before: float, after: float) -> dict[str, int]:
    """Whole people of 100: affected either way, spared by the change, added by it.

    >>> people(0.11, 0.08)
    {'hit': 8, 'spared': 11, 'added': 8}

    The numbers are the ends of three runs: up to `hit` affected, up to `spared` spared, up to
    `added` added.
    """
    now, then = round(100 * before), round(100 * after)
    hit = min(now, then)
    return {"hit": hit, "spared": max(now, hit), "added": max(then, hit)}


def _names(levers: Iterable[Lever]) -> str:
    return figures.listed([lever.label for lever in levers])
