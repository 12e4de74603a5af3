"""Intervals for a predicted number that hold the stated share of outcomes.

Residuals of people outside the training rows say how far off the model is; the rank with the
finite-sample correction (n + 1) makes the share hold for exchangeable people whatever the model
(Lei et al., J Am Stat Assoc 2018;113:1094). Residuals are taken by band of predicted value
(Mondrian), so that long stays get the wide intervals that they need and short ones stay narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

BANDS = 10
LEAST_OF_BAND = 100


class TooFewResiduals(ValueError):
    """An interval of this level cannot be had from so few people."""

    def __init__(self, rows: int):
        super().__init__(
            f"{rows} predictions outside the training rows cannot carry this interval: "
            "bring more data or lower the level."
        )


@dataclass(frozen=True, slots=True)
class Conformal:
    """Offsets by band of predicted value.

    `edges` are the inner limits of the bands, rising; `below` and `above` are added to the
    prediction of each band; no interval goes under `floor`.
    """

    level: float
    edges: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]
    floor: float = -np.inf

    def interval(self, value: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper limits, shapes (rows,); the value itself always lies between."""
        value = np.asarray(value, float)
        band = np.searchsorted(self.edges, value, side="right")
        low = np.minimum(value + np.asarray(self.below)[band], value)
        high = np.maximum(value + np.asarray(self.above)[band], value)
        return np.maximum(low, np.minimum(self.floor, value)), high

    def to_json(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "edges": list(self.edges),
            "below": list(self.below),
            "above": list(self.above),
            "floor": None if np.isinf(self.floor) else self.floor,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        floor = -np.inf if found.get("floor") is None else float(found["floor"])
        return cls(
            float(found["level"]),
            *(tuple(found[name]) for name in ("edges", "below", "above")),
            floor=floor,
        )


def fit(
    y: ArrayLike,
    value: ArrayLike,
    *,
    level: float = 0.8,
    bands: int = BANDS,
    floor: float = -np.inf,
) -> Conformal:
    """Offsets from outcomes and predictions of people outside the training rows.

    Each tail holds half of what the level leaves out. Bands hold equal numbers of people, at least
    100 each; with fewer people there are fewer bands. Raises TooFewResiduals.
    """
    y, value = np.asarray(y, float), np.asarray(value, float)
    known = np.isfinite(value)
    y, value = y[known], value[known]
    bands = max(1, min(bands, len(y) // LEAST_OF_BAND))
    edges = np.unique(np.quantile(value, np.linspace(0, 1, bands + 1)[1:-1])) if len(y) else []
    band = np.searchsorted(edges, value, side="right")
    parts = [(y - value)[band == number] for number in range(len(edges) + 1)]
    tail = (1 - level) / 2
    return Conformal(
        level,
        tuple(float(edge) for edge in edges),
        tuple(-upper_limit(-part, 1 - tail) for part in parts),
        tuple(upper_limit(part, 1 - tail) for part in parts),
        floor,
    )


def upper_limit(scores: NDArray[np.float64], level: float) -> float:
    """The score that the next one stays under with chance `level` or more.

    >>> upper_limit(np.arange(1.0, 10.0), 0.8)
    8.0
    """
    rank = int(np.ceil(level * (len(scores) + 1) - 1e-9))
    if rank > len(scores):
        raise TooFewResiduals(len(scores))
    return float(np.partition(scores, rank - 1)[rank - 1])


@dataclass(frozen=True, slots=True)
class ConformalQuantiles:
    """What is added to each predicted quantile (CQR; Romano et al., NeurIPS 2019), each its own."""

    levels: tuple[float, ...]
    shifts: tuple[float, ...]

    def apply(self, predicted: ArrayLike) -> NDArray[np.float64]:
        """Quantiles after the shift, shape (rows, levels); never crossed."""
        return np.sort(np.asarray(predicted, float) + np.asarray(self.shifts), axis=1)

    def to_json(self) -> dict[str, Any]:
        return {"levels": list(self.levels), "shifts": list(self.shifts)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        return cls(tuple(found["levels"]), tuple(found["shifts"]))


def fit_quantiles(
    y: ArrayLike, predicted: ArrayLike, levels: Sequence[float]
) -> ConformalQuantiles:
    """Shifts from quantiles foretold for people outside the training rows.

    `predicted` has shape (rows, levels). At most the stated share of outcomes falls below a
    quantile up to the median, at least that share below one above it. Raises TooFewResiduals.
    """
    y, predicted = np.asarray(y, float), np.asarray(predicted, float)
    shifts = [
        upper_limit(y - told, level) if level > 0.5 else -upper_limit(told - y, 1 - level)
        for told, level in zip(predicted.T, levels, strict=True)
    ]
    return ConformalQuantiles(tuple(map(float, levels)), tuple(shifts))
