"""What a model would say of the same person with other values: up to three, within limits.

This is about the model, not about treatment. A model learns who is ill, not what happens when a
value is changed; the result says so and carries no order of merit beyond the model's own risk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.explanation.kernel import Predict

MOST_CHANGES = 3
CAUTION = "Sensitivity of the model, not a treatment effect."
LEVELS = 5
MOST_INPUTS_AT_ONCE = 8  # the most promising ones go into pairs and triples


@dataclass(frozen=True, slots=True)
class Actionable:
    """An input that a person can change, how far, and which way.

    `direction`: -1 it may only fall, 1 only rise, 0 both. `effect`: the sign that a rise of the
    input has on the risk by what is known; changes that lower the risk against it are left out
    (0: no opinion). `unit_change` is a change that costs as much effort as one of another input.
    """

    name: str
    low: float
    high: float
    unit_change: float
    direction: int = 0
    effect: int = 0

    def __post_init__(self) -> None:
        if self.low > self.high or self.unit_change <= 0:
            raise ValueError(f"{self.name}: limits must rise and the unit of change be positive.")

    def levels(self, value: float) -> NDArray[np.float64]:
        """Values to try, without the present one; none when it is missing."""
        if np.isnan(value):
            return np.zeros(0)
        ends = []
        if self.direction <= 0 and self.effect >= 0 and value > self.low:
            ends.append(self.low)
        if self.direction >= 0 and self.effect <= 0 and value < self.high:
            ends.append(self.high)
        part = np.arange(1, LEVELS + 1) / LEVELS
        tried = np.concatenate([np.zeros(0), *(value + (end - value) * part for end in ends)])
        return tried[(tried >= self.low) & (tried <= self.high)]


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The risk that the model would give with a few other values."""

    changes: tuple[Change, ...]
    before: float
    after: float
    effort: float  # sum of the changes, each in its own unit of change
    reaches_target: bool
    caution: str = CAUTION


def what_if(
    predict: Predict,
    row: ArrayLike,
    actionable: Sequence[Actionable],
    *,
    names: Sequence[str],
    target: float,
    most_changes: int = MOST_CHANGES,
    results: int = 5,
) -> tuple[WhatIf, ...]:
    """Changes that lower a risk to `target`, the least effort first.

    When none reaches it, the ones that come nearest. Only `actionable` inputs change, within
    their limits. Raises ValueError for an unknown input or more than three changes.
    """
    if not 1 <= most_changes <= MOST_CHANGES:
        raise ValueError(f"Between one and {MOST_CHANGES} changes, not {most_changes}.")
    unknown = {one.name for one in actionable} - set(names)
    if unknown:
        raise ValueError(f"The model has no input called {', '.join(sorted(unknown))}.")
    present = np.asarray(row, float)
    place = {name: number for number, name in enumerate(names)}
    before = float(np.ravel(predict(present[None]))[0])
    moves = {one: one.levels(present[place[one.name]]) for one in actionable}
    moves = _promising(predict, present, place, {k: v for k, v in moves.items() if len(v)})
    plans = [
        list(zip(chosen, values, strict=True))
        for count in range(1, most_changes + 1)
        for chosen in combinations(moves, count)
        for values in product(*(moves[one] for one in chosen))
    ]
    if not plans:
        return ()
    after = np.asarray(predict(_applied(present, place, plans)), float)
    found = [
        _told(present, place, plan, before, float(risk), target)
        for plan, risk in zip(plans, after, strict=True)
        if risk < before
    ]
    return _best(found, results)


def _promising(
    predict: Predict,
    present: NDArray[np.float64],
    place: dict[str, int],
    moves: dict[Actionable, NDArray[np.float64]],
) -> dict[Actionable, NDArray[np.float64]]:
    """The inputs that lower the risk most by themselves."""
    best = {
        one: float(np.min(predict(_applied(present, place, [[(one, v)] for v in values]))))
        for one, values in moves.items()
    }
    kept = sorted(best, key=lambda one: best[one])[:MOST_INPUTS_AT_ONCE]
    return {one: moves[one] for one in kept}


def _applied(
    present: NDArray[np.float64],
    place: dict[str, int],
    plans: Sequence[Sequence[tuple[Actionable, float]]],
) -> NDArray[np.float64]:
    rows = np.repeat(present[None], len(plans), axis=0)
    for number, plan in enumerate(plans):
        for one, value in plan:
            rows[number, place[one.name]] = value
    return rows


def _told(
    present: NDArray[np.float64],
    place: dict[str, int],
    plan: Sequence[tuple[Actionable, float]],
    before: float,
    after: float,
    target: float,
) -> WhatIf:
    changes = [Change(one.name, float(present[place[one.name]]), float(v)) for one, v in plan]
    effort = sum(
        abs(change.after - change.before) / one.unit_change
        for change, (one, _) in zip(changes, plan, strict=True)
    )
    return WhatIf(tuple(changes), before, after, float(effort), after <= target)


def _best(found: list[WhatIf], results: int) -> tuple[WhatIf, ...]:
    """One answer for each set of inputs: the easiest that reaches the target, else the nearest."""
    reaching = [one for one in found if one.reaches_target]
    order = (lambda one: one.effort) if reaching else (lambda one: (one.after, one.effort))
    kept: dict[frozenset[str], WhatIf] = {}
    for one in sorted(reaching or found, key=order):
        kept.setdefault(frozenset(change.name for change in one.changes), one)
    return tuple(kept.values())[:results]
