"""Did it help? One accepted item in words: what was expected, what came, what of it was chance."""

from __future__ import annotations

from healthcare.common import figures
from ml import analytes, rules
from recommendations.models import FollowUp, Repeatability


def words(plan: FollowUp, again: Repeatability | None) -> str:
    """Expected and achieved change; how much of it would have come of itself, where known."""
    name, unit = rules.readable(plan.analyte), figures.unit(analytes.get(plan.analyte).unit)
    before = f"{name} {figures.number(plan.value_before)}"
    hoped = f"{expected(plan.predicted_low, plan.predicted_high)} {unit}".strip()
    if plan.value_after is None or plan.after_on is None:
        return f"Did it help? {before} {unit}; {hoped} expected by {figures.day(plan.due_on)}."
    after, change = figures.number(plan.value_after), signed(plan.value_after - plan.value_before)
    return (
        f"Did it help? {before} → {after} {unit} ({change}) on {figures.day(plan.after_on)}; "
        f"{hoped} was expected. {_of_itself(plan, again)}"
    )


def _of_itself(plan: FollowUp, again: Repeatability | None) -> str:
    """A value far from the mean falls back towards it, treated or not."""
    if again is None or plan.value_after is None:
        return "How much of it would have come of itself: not enough data."
    untreated = again.again.expected(plan.value_before).item()
    beyond = signed(plan.value_after - untreated)
    return (
        f"Untreated, {figures.number(untreated)} would be expected at the second measurement: "
        f"{beyond} beyond that."
    )


def expected(low: float, high: float) -> str:
    """A span of changes.

    >>> expected(-10, -5), expected(-2.0, -2.0)
    ('−10 to −5', '−2')
    """
    return signed(low) if low == high else f"{signed(low)} to {signed(high)}"


def signed(value: float) -> str:
    """A change with its sign, to three figures.

    >>> signed(-0.4567), signed(3.0), signed(0.0)
    ('−0.457', '+3', '0')
    """
    text = f"{value:+.3g}"
    return "0" if float(text) == 0 else text.replace("-", "−")
