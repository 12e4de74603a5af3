"""What another first choice would have brought, from follow-ups: whose value reached the goal.

A decision is a person, the items on offer that could have been measured, the one that was taken,
and whether the value then moved as far as predicted. Who takes what is chance of known odds only
among people offered the same items: that is assumed and cannot be tested here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml import splits
from ml.recommenders import offpolicy
from ml.recommenders.offpolicy import Estimate
from ml.recommenders.sessions import Offered

LEAST = 50  # decisions; fewer say nothing about any policy
FOLDS = 5
PRIOR = 5.0  # decisions that the mean of all items is worth
Table = NDArray[np.float64]


class TooFewDecisions(ValueError):
    """Too few measured follow-ups; the message says how many there are."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One person; `choices` holds the item taken."""

    person: int
    choices: tuple[Offered, ...]
    taken: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The share as it was, and by policy and estimator what it would have been."""

    decisions: int
    as_it_was: float
    policies: Mapping[str, Mapping[str, Estimate]]


def evaluate(decisions: Sequence[Decision]) -> Answer:
    """Policies: first of the order in use, most often taken, largest benefit, first by rules.

    Propensities and expected rewards are those of other people (cross-fitted by a hash of the
    person). Raises TooFewDecisions.
    """
    if len(decisions) < LEAST:
        raise TooFewDecisions(
            f"Cannot estimate: {len(decisions)} measured follow-ups, {LEAST} are needed."
        )
    items = sorted({each.item for decision in decisions for each in decision.choices})
    place = {item: number for number, item in enumerate(items)}
    choices = np.zeros((len(decisions), len(items)))
    for row, decision in enumerate(decisions):
        choices[row, [place[each.item] for each in decision.choices]] = 1.0
    action = np.array([place[decision.taken] for decision in decisions])
    reward = np.array([decision.reached for decision in decisions], float)
    fold = splits.fold_of([decision.person for decision in decisions], FOLDS)
    propensity, expected = _cross_fitted(choices, action, reward, fold)
    log = offpolicy.Log(action, reward, propensity)
    policies = {
        "hybrid": _first(decisions, place, lambda each: each.rank),
        "popularity": np.eye(len(items))[propensity.argmax(axis=1)],
        "benefit": _first(decisions, place, lambda each: (-each.benefit, each.item)),
        "rules": _first(decisions, place, lambda each: (-each.urgent, -each.evidence, each.item)),
    }
    return Answer(
        decisions=len(decisions),
        as_it_was=float(reward.mean()),
        policies={
            name: offpolicy.estimates(log, policy, expected) for name, policy in policies.items()
        },
    )


def _cross_fitted(
    choices: Table, action: NDArray[np.int64], reward: NDArray[np.float64], fold: NDArray[np.int64]
) -> tuple[Table, Table]:
    """Of each decision, from other people: the odds of each choice, and how often it reached."""
    propensity, expected = np.zeros(choices.shape), np.zeros(choices.shape)
    taken = np.eye(choices.shape[1])[action]
    for number in range(FOLDS):
        mine, others = fold == number, fold != number
        if not mine.any():
            continue
        odds = _odds(choices[others], taken[others])
        weighed = choices[mine] * odds
        total = weighed.sum(axis=1, keepdims=True)
        evenly = choices[mine] / choices[mine].sum(axis=1, keepdims=True)
        propensity[mine] = np.where(total > 0, weighed / np.where(total > 0, total, 1), evenly)
        mean = reward[others].mean()
        counts, sums = taken[others].sum(axis=0), taken[others].T @ reward[others]
        expected[mine] = (sums + PRIOR * mean) / (counts + PRIOR)
    return propensity, expected


def _odds(choices: Table, taken: Table, rounds: int = 100) -> NDArray[np.float64]:
    """Worth of each item such that an item is taken in proportion to it among those on offer.

    Luce's choice axiom, fitted by the minorisation of Hunter (Ann Stat 2004;32:384). An item that
    nobody took has none.
    """
    counts = taken.sum(axis=0)
    worth = (counts > 0).astype(float)
    for _ in range(rounds):
        total = choices @ worth
        offered = (choices[total > 0] / total[total > 0, None]).sum(axis=0)
        worth = np.divide(counts, offered, out=np.zeros_like(counts), where=offered > 0)
        worth /= worth.sum() or 1.0
    return worth


def _first(decisions: Sequence[Decision], place: Mapping[str, int], key) -> Table:
    rows = [place[min(decision.choices, key=key).item] for decision in decisions]
    return np.eye(len(place))[rows]
