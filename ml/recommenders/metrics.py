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
    return measured_columns(values[:, None], random_state=random_state, people=people)[0]


def measured_columns(
    values: NDArray[np.float64], *, random_state: int, people: NDArray | None = None
) -> list[Measured]:
    """`measured` of each column of (lists, measures); the same people are drawn for all."""
    rng = np.random.default_rng(random_state)
    _, person = np.unique(np.arange(len(values)) if people is None else people, return_inverse=True)
    counts = np.bincount(person).astype(float)
    sums = np.column_stack([np.bincount(person, column) for column in values.T])
    evenly = np.full(len(sums), 1 / len(sums))
    drawn = [
        (weights @ sums) / (weights @ counts)
        for weights in (rng.multinomial(len(sums), evenly) for _ in range(ROUNDS))
    ]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return [Measured(*map(float, row)) for row in zip(values.mean(axis=0), low, high, strict=True)]


def table(
    k: int, lists: Lists, taken: Sets, *, random_state: int, people: NDArray | None = None
) -> dict[str, Measured]:
    """Precision, recall, MAP and nDCG at k; `people` names the person of each list."""
    values = np.column_stack([per_list(name, k, lists, taken) for name in OF_PERSON])
    found = measured_columns(values, random_state=random_state, people=_who(taken, people))
    return dict(zip(OF_PERSON, found, strict=True))


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
    found = diversities(k, lists, features)
    return 0.0 if np.isnan(found).all() else float(np.nanmean(found))


def diversities(
    k: int, lists: Lists, features: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """The diversity of each list; NaN of a list of one, which has no pair."""
    return np.array([_spread([features[item] for item in ranked[:k]]) for ranked in lists], float)


def _spread(shown: Sequence[NDArray[np.float64]]) -> float:
    """1 - mean cosine of the pairs: the sum over all pairs, less each with itself."""
    if len(shown) < 2:
        return np.nan
    vectors = np.array(shown)
    alike = ((vectors.sum(axis=0) ** 2).sum() - (vectors**2).sum()) / 2
    return float(1 - alike / (len(shown) * (len(shown) - 1) / 2))


def novelty(k: int, lists: Lists, popularity: Mapping[str, float]) -> float:
    """Mean information of the shown items in bits: what few people take tells more."""
    found = novelties(k, lists, popularity)
    return 0.0 if np.isnan(found).all() else float(np.nanmean(found))


def novelties(k: int, lists: Lists, popularity: Mapping[str, float]) -> NDArray[np.float64]:
    """The novelty of each list; NaN of an empty one."""
    rarest = min((share for share in popularity.values() if share > 0), default=1.0)
    bits = {item: -log2(max(share, rarest)) for item, share in popularity.items()}
    unknown = -log2(rarest)
    return np.array(
        [
            np.mean([bits.get(item, unknown) for item in ranked[:k]]) if ranked[:k] else np.nan
            for ranked in lists
        ],
        float,
    )
