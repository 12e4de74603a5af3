"""How much a record tells a model: what is unknown, what that leaves open, what would help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.features.person import Feature


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Groups of inputs with the figures that cross-fitting measured for them.

    `columns` are the columns of each group; `variance` is the squared logit that a group leaves
    open when it is unknown; `gain` is the share of the attainable log-loss gain over age and sex
    that it brings alone. Half a group counts half.
    """

    columns: Mapping[str, tuple[int, ...]]
    variance: Mapping[str, float]
    gain: Mapping[str, float]

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def unknown_share(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Share of each group that is not known, shape (people, groups)."""
        return unknown_share(X, self.columns)

    def open_variance(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Squared logit that unknown inputs leave open, shape (people, groups)."""
        shares = self.unknown_share(X) * [self.variance[group] for group in self.groups]
        return np.ascontiguousarray(shares)  # so that sums over groups are those of one row alone

    def known_gain(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """What the known groups bring over age and sex, shape (people,); 1 is everything."""
        known = (1 - self.unknown_share(X)) * [self.gain[group] for group in self.groups]
        return np.ascontiguousarray(known).sum(axis=1)

    def most_open(self, open_variance: NDArray[np.float64]) -> str:
        """The group whose knowledge would narrow the interval most, "" when all is known."""
        if not open_variance.any():
            return ""
        return self.groups[int(np.argmax(open_variance))]

    def most_gaining(self) -> str:
        """The group that tells most by itself."""
        return max(self.groups, key=lambda group: self.gain[group])


def unknown_share(
    X: NDArray[np.float32], columns: Mapping[str, tuple[int, ...]]
) -> NDArray[np.float64]:
    """Share of each group of columns that is not known, shape (people, groups)."""
    unknown = np.isnan(X)
    shares = [unknown[:, list(found)].mean(axis=1) for found in columns.values()]
    return np.array(shares, float).reshape(len(shares), len(X)).T


def columns_of(features: Sequence[Feature]) -> dict[str, tuple[int, ...]]:
    """Columns of each group of inputs; age and sex are no group."""
    columns: dict[str, list[int]] = {}
    for column, feature in enumerate(features):
        if feature.group != "person":
            columns.setdefault(feature.group, []).append(column)
    return {group: tuple(found) for group, found in columns.items()}
