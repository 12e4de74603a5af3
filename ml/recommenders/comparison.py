"""Several ways of ranking for the same people, side by side, and what the hybrid gains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.recommenders import metrics
from ml.recommenders.metrics import Lists, Measured, Sets

SEED = 20260101
HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class Way:
    """One way of ranking. Coverage counts what anybody was shown: no mean, hence no interval."""

    precision: Measured
    recall: Measured
    map: Measured
    ndcg: Measured
    novelty: Measured  # bits
    diversity: Measured | None  # None: the items have no features, or no list has two
    coverage: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """`hybrid_over` is the gain in nDCG@k of the hybrid over each other way, paired by person."""

    k: int
    people: int
    lists: int
    with_a_choice: int  # lists of somebody who took anything: only these are measured
    ways: Mapping[str, Way]
    hybrid_over: Mapping[str, Measured]

    def verdict(self, other: str = "popularity") -> str:
        """One sentence on whether the hybrid beats another way."""
        gain = self.hybrid_over[other]
        span = f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
        if gain.low > 0:
            return f"The hybrid beats {other} on nDCG@{self.k} by {span}."
        if gain.high < 0:
            return f"The hybrid is worse than {other} on nDCG@{self.k}: {span}."
        return (
            f"The hybrid does not beat {other} on nDCG@{self.k}: the interval of the difference "
            f"includes zero, {span}."
        )


def compare(
    lists: Mapping[str, Lists],
    taken: Sets,
    *,
    k: int,
    items: Sequence[str],
    popularity: Mapping[str, float],
    people: NDArray,
    features: Mapping[str, NDArray[np.float64]] | None = None,
    random_state: int = SEED,
) -> Comparison:
    """`lists` holds of each way (one is "hybrid") the ranked items of each session.

    `popularity` is the share of training people who took each item, `people` the person of each
    session, `features` unit vectors of the items. Raises NobodyTookAnything.
    """
    chose = [bool(items_taken) for items_taken in taken]
    return Comparison(
        k=k,
        people=len(np.unique(people)),
        lists=len(taken),
        with_a_choice=sum(chose),
        ways={
            name: Way(
                **metrics.table(k, ranked, taken, random_state=random_state, people=people),
                novelty=_mean(metrics.novelties(k, ranked, popularity), people, random_state),
                diversity=_diversity(k, ranked, features, people, random_state),
                coverage=metrics.coverage(k, ranked, items),
            )
            for name, ranked in lists.items()
        },
        hybrid_over={
            name: metrics.gain(
                "ndcg", k, lists[HYBRID], ranked, taken, random_state=random_state, people=people
            )
            for name, ranked in lists.items()
            if name != HYBRID
        },
    )


def ranked(scores: NDArray[np.float64], items: Sequence[str]) -> list[list[str]]:
    """The items of each row, the highest score first; equal ones in their order."""
    return np.array(items)[np.argsort(-scores, axis=1, kind="stable")].tolist()


def _diversity(k, lists, features, people, random_state) -> Measured | None:
    if features is None:
        return None
    found = metrics.diversities(k, lists, features)
    return None if np.isnan(found).all() else _mean(found, people, random_state)


def _mean(values: NDArray[np.float64], people: NDArray, random_state: int) -> Measured:
    """Of the lists that have a value."""
    known = ~np.isnan(values)
    return metrics.measured(values[known], random_state=random_state, people=people[known])
