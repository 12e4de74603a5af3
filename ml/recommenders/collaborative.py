"""Collaborative filtering from who took what alone: neighbours of items, and latent factors.

The classical two, by scikit-learn, beside which `habit` (which also knows the person) is measured.
Both come down to one matrix, items x items: a person's score is what they took times it. Somebody
without a past is given the popular items. Taking something again is common, so that items already
taken are ranked like all others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BY_POPULARITY = 1e-6  # decides only where nothing else does
FACTORS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """`matrix` (items, items): how much having taken one speaks for another."""

    matrix: NDArray[np.float64]
    popularity: NDArray[np.float64]

    def scores(self, past: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shape (people, items), from zeros and ones of the same shape."""
        return past @ self.matrix + BY_POPULARITY * self.popularity


def neighbours(taken: NDArray[np.float64]) -> Alike:
    """Cosine between the people of two items (Sarwar et al., WWW 2001), from (people, items)."""
    from sklearn.metrics.pairwise import cosine_similarity

    return Alike(cosine_similarity(taken.T), taken.mean(axis=0))


def factors(taken: NDArray[np.float64], *, random_state: int, rank: int = FACTORS) -> Alike:
    """Truncated singular vectors, PureSVD (Cremonesi, Koren and Turrin, RecSys 2010)."""
    from sklearn.decomposition import TruncatedSVD

    rank = min(rank, *(size - 1 for size in taken.shape))
    fitted = TruncatedSVD(rank, random_state=random_state).fit(taken)
    return Alike(fitted.components_.T @ fitted.components_, taken.mean(axis=0))


def baskets(people: NDArray, taken: NDArray[np.float64]) -> NDArray[np.float64]:
    """Everything that each person ever took, a row a person, from a row a session."""
    names, row = np.unique(people, return_inverse=True)
    found = np.zeros((len(names), taken.shape[1]))
    np.maximum.at(found, row, taken)
    return found
