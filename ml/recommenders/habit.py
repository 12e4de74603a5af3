"""What people like this one took before: collaborative filtering that knows the newcomer.

For each item a ridge logistic regression on the person's features and on what they took before
(a sparse linear method with side information: Ning and Karypis, RecSys 2012). Somebody without a
past is judged by the features alone; an item that too few took by its popularity. The result is
habit, not benefit: it may order what is equal, and never what is safe.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

LEAST_TAKEN = 20  # people who took and who did not take an item, below which popularity speaks
SHRINKAGE = 0.05  # C of the logistic regression: strong, since lists are long and people few
FULL_TRUST = 500  # answers at which habit counts half (own choice; ml.md: cold start)


@dataclass(frozen=True, slots=True, eq=False)
class Habit:
    """Fitted weights: `intercept` (items,), `weights` (items, features + items)."""

    items: tuple[str, ...]
    intercept: NDArray[np.float64]
    weights: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    answers: int

    @property
    def trust(self) -> float:
        """Share that habit may have in a hybrid, from 0 with no answer towards 1.

        >>> round(500 / (500 + FULL_TRUST), 2)
        0.5
        """
        return self.answers / (self.answers + FULL_TRUST)

    def probabilities(
        self, features: NDArray[np.float64], past: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Chance that each item is taken, shape (people, items).

        `features` (people, features) may hold NaN; `past` (people, items) are zeros or ones,
        None for people without a past.
        """
        if past is None:
            past = np.zeros((len(features), len(self.items)))
        inputs = np.hstack([_standard(features, self.mean, self.scale), past])
        return expit(self.intercept + inputs @ self.weights.T)


def fit(
    items: tuple[str, ...],
    features: NDArray[np.float64],
    past: NDArray[np.float64],
    taken: NDArray[np.float64],
) -> Habit:
    """From people (rows) with features, earlier items and the items they then took (0 or 1)."""
    if taken.shape != (len(features), len(items)) or past.shape != taken.shape:
        raise ValueError(
            f"`taken` and `past` need a row a person and a column an item: "
            f"{(len(features), len(items))}, not {taken.shape} and {past.shape}."
        )
    mean = np.nanmean(features, axis=0)
    scale = np.nanstd(features, axis=0)
    scale[scale == 0] = 1.0
    inputs = np.hstack([_standard(features, mean, scale), past])
    fitted = [_item(inputs, taken[:, column]) for column in range(len(items))]
    return Habit(
        items=items,
        intercept=np.array([intercept for intercept, _ in fitted]),
        weights=np.array([weights for _, weights in fitted]),
        mean=mean,
        scale=scale,
        answers=len(features),
    )


def _item(
    inputs: NDArray[np.float64], taken: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    from sklearn.linear_model import LogisticRegression

    count = int(taken.sum())
    if min(count, len(taken) - count) < LEAST_TAKEN:
        share = (count + 0.5) / (len(taken) + 1)
        return float(logit(share)), np.zeros(inputs.shape[1])
    model = LogisticRegression(C=SHRINKAGE, max_iter=500).fit(inputs, taken)
    return float(model.intercept_[0]), model.coef_[0]


def _standard(
    features: NDArray[np.float64], mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Unit variance, an unknown value as the mean."""
    return np.nan_to_num((features - mean) / scale, nan=0.0)
