"""Quality of ranked lists against what people then did, with intervals over people.

`relevant` of a person is the set of items that were taken (accepted, prescribed, done). All
measures are means over the people who took anything; each is between 0 and 1 but novelty (bits).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

Lists = Sequence[Sequence[str]]  # of each person, the best first
Sets = Sequence[frozenset[str]]
ROUNDS = 1000


class NobodyTookAnything(ValueError):
    """No person with a relevant item: nothing can be measured."""

    def __init__(self) -> None:
        super().__init__("Nobody took any item: there is nothing to measure these lists against.")


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean over people with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def precision_at(k: int, ranked: Sequence[str], relevant: frozenset[str]) -> float:
    """Share of the first k that was taken.

    >>> precision_at(2, ["a", "b", "c"], frozenset({"a", "c"}))
    0.5
    """
    return len(relevant.intersection(ranked[:k])) / k


def recall_at(k: int, ranked: Sequence[str], relevant: frozenset[str]) -> float:
    """Share of what was taken that stands among the first k."""
    return len(relevant.intersection(ranked[:k])) / len(relevant)


def average_precision_at(k: int, ranked: Sequence[str], relevant: frozenset[str]) -> float:
    """Mean of the precision at each hit among the first k; its mean over people is MAP@k.

    >>> average_precision_at(3, ["a", "b", "c"], frozenset({"a", "c"}))
    0.8333333333333333
    """
    hits, total = 0, 0.0
    for place, item in enumerate(ranked[:k], start=1):
        if item in relevant:
            hits += 1
            total += hits / place
    return total / min(k, len(relevant))


def ndcg_at(k: int, ranked: Sequence[str], relevant: frozenset[str]) -> float:
    """Normalised discounted cumulative gain; a hit at place n counts 1 / log2(n + 1).

    >>> round(ndcg_at(3, ["b", "a", "c"], frozenset({"a"})), 4)
    0.6309
    """
    gained = sum(
        1 / log2(place + 1) for place, item in enumerate(ranked[:k], 1) if item in relevant
    )
    best = sum(1 / log2(place + 1) for place in range(1, min(k, len(relevant)) + 1))
    return gained / best


OF_PERSON = {
    "precision": precision_at,
    "recall": recall_at,
    "map": average_precision_at,
    "ndcg": ndcg_at,
}


def per_list(name: str, k: int, lists: Lists, taken: Sets) -> NDArray[np.float64]:
    """The measure of each list of somebody who took anything. Raises NobodyTookAnything."""
    pairs = [(ranked, items) for ranked, items in zip(lists, taken, strict=True) if items]
    if not pairs:
        raise NobodyTookAnything
    return np.array([OF_PERSON[name](k, ranked, items) for ranked, items in pairs])


def measured(
    values: NDArray[np.float64], *, random_state: int, people: NDArray | None = None
) -> Measured:
    """Mean with its interval, by resampling people; all lists of a person stay together."""
    rng = np.random.default_rng(random_state)
    _, person = np.unique(np.arange(len(values)) if people is None else people, return_inverse=True)
    counts = np.bincount(person).astype(float)
    sums = np.bincount(person, values)
    drawn = [
        (weights @ sums) / (weights @ counts)
        for weights in (
            rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums))) for _ in range(ROUNDS)
        )
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Measured(float(values.mean()), float(low), float(high))


def table(
    k: int, lists: Lists, taken: Sets, *, random_state: int, people: NDArray | None = None
) -> dict[str, Measured]:
    """Precision, recall, MAP and nDCG at k; `people` names the person of each list."""
    who = _who(taken, people)
    return {
        name: measured(per_list(name, k, lists, taken), random_state=random_state, people=who)
        for name in OF_PERSON
    }


def gain(
    name: str,
    k: int,
    lists: Lists,
    over: Lists,
    taken: Sets,
    *,
    random_state: int,
    people: NDArray | None = None,
) -> Measured:
    """Difference of two ways of ranking for the same people; paired."""
    difference = per_list(name, k, lists, taken) - per_list(name, k, over, taken)
    return measured(difference, random_state=random_state, people=_who(taken, people))


def _who(taken: Sets, people: NDArray | None) -> NDArray | None:
    """The people of the lists that are measured."""
    return None if people is None else people[[bool(items) for items in taken]]


def coverage(k: int, lists: Lists, items: Sequence[str]) -> float:
    """Share of the catalogue that stands in anybody's first k.

    >>> coverage(1, [["a", "b"], ["a"]], ["a", "b", "c", "d"])
    0.25
    """
    return len({item for ranked in lists for item in ranked[:k]}) / len(items)


def diversity(k: int, lists: Lists, features: Mapping[str, NDArray[np.float64]]) -> float:
    """Mean of 1 - cosine over the pairs within each list; `features` are unit vectors."""
    found = []
    for ranked in lists:
        shown = [features[item] for item in ranked[:k]]
        pairs = [(a, b) for n, a in enumerate(shown) for b in shown[n + 1 :]]
        if pairs:
            found.append(np.mean([1 - a @ b for a, b in pairs]))
    return float(np.mean(found)) if found else 0.0


def novelty(k: int, lists: Lists, popularity: Mapping[str, float]) -> float:
    """Mean information of the shown items in bits: what few people take tells more."""
    rarest = min((share for share in popularity.values() if share > 0), default=1.0)
    bits = [
        -log2(max(popularity.get(item, 0.0), rarest)) for ranked in lists for item in ranked[:k]
    ]
    return float(np.mean(bits)) if bits else 0.0
