"""Interrupting only as often as people can listen.

Of everybody whose risk would be worth a card, those are interrupted first for whom it brings most
net benefit, up to the capacity of the day. Nobody gets the same card twice within the window. What
is held back is kept with its reason, so that what it missed can be counted later.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.clinical import net_benefit

Fate = Literal["interrupts", "repeated", "over_budget", "below_threshold"]


@dataclass(frozen=True, slots=True)
class Card:
    """A possible interruption. `worth` is its net benefit; the larger goes first."""

    patient: int
    item: str
    risk: float
    worth: float
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """A card and what became of it."""

    card: Card
    fate: Fate


@dataclass(frozen=True, slots=True)
class Sent:
    """An interruption that somebody had before."""

    patient: int
    item: str
    at: datetime


def decide(
    cards: Sequence[Card],
    sent: Collection[Sent],
    *,
    capacity: int,
    threshold: float,
    window: timedelta,
    now: datetime,
) -> list[Decided]:
    """What becomes of each card, in their order.

    Urgent cards always interrupt, repeat or not: a safety matter has no budget. `capacity` is what
    is left of the day; the urgent use it up, too.
    """
    recent = {(each.patient, each.item) for each in sent if now - each.at < window}
    fates: dict[int, Fate] = {}
    for place, card in enumerate(cards):
        if card.urgent:
            fates[place] = "interrupts"
        elif (card.patient, card.item) in recent:
            fates[place] = "repeated"
        elif card.risk < threshold:
            fates[place] = "below_threshold"
    left = max(capacity - list(fates.values()).count("interrupts"), 0)
    open_ = [place for place in range(len(cards)) if place not in fates]
    best = sorted(open_, key=lambda place: (-cards[place].worth, cards[place].patient))
    for order, place in enumerate(best):
        fates[place] = "interrupts" if order < left else "over_budget"
    return [Decided(card, fates[place]) for place, card in enumerate(cards)]


def threshold_within(
    y: NDArray, risk: NDArray[np.float64], *, capacity_share: float, harm: float
) -> float:
    """The lowest threshold worth having that interrupts at most that share of people.

    `harm` is the risk at which one interruption is just worth it (its exchange rate in the net
    benefit); a threshold below it never pays. Of those that fit, the one of largest net benefit at
    that exchange rate is chosen. `y` are outcomes 0 or 1, `risk` the risks foretold.

    >>> risk = np.array([0.05, 0.1, 0.2, 0.4])
    >>> threshold_within(np.array([0, 0, 1, 1]), risk, capacity_share=0.25, harm=0.1)
    0.4
    """
    if not 0 < capacity_share <= 1:
        raise ValueError(f"The share of people is above 0 and up to 1, not {capacity_share}.")
    candidates = [cut for cut in np.unique(risk) if cut >= harm]
    fitting = [cut for cut in candidates if (risk >= cut).mean() <= capacity_share]
    if not fitting:
        return float(np.nextafter(risk.max(), np.inf))
    return float(max(fitting, key=lambda cut: (_worth(y, risk, cut, harm), -cut)))


def _worth(y: NDArray, risk: NDArray[np.float64], cut: float, harm: float) -> float:
    """Net benefit of interrupting from `cut` on, at the exchange rate of `harm`."""
    return net_benefit(y, (risk >= cut).astype(float), harm)


def missed(decided: Sequence[Decided], events: Collection[int]) -> list[Decided]:
    """Cards that were held back, of people who then had the event."""
    return [each for each in decided if each.fate != "interrupts" and each.card.patient in events]
