"""How a prediction moves with an input: partial dependence, ICE, accumulated local effects.

Partial dependence asks the model about people who may not exist (a heart rate of 180 in someone
asleep); accumulated local effects only ever move an input within its own neighbourhood, and are
to be preferred where inputs go together (Apley & Zhu 2020).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.explanation.kernel import Predict


@dataclass(frozen=True, slots=True)
class Curve:
    """An effect at the points of a grid; `people` rows behind it."""

    method: str
    name: str
    grid: NDArray[np.float64]  # (points,)
    effect: NDArray[np.float64]  # (points,)
    curves: NDArray[np.float64]  # (people, points) of ICE, else (0, points)
    people: int
    source: str


@dataclass(frozen=True, slots=True)
class Interaction:
    """Friedman's H: share of a pair's joint effect that neither input has alone, 0 to 1."""

    names: tuple[str, str]
    strength: float
    source: str = "Friedman & Popescu, Ann Appl Stat 2008;2:916"


def partial_dependence(
    predict: Predict, X: ArrayLike, name: str, *, names: Sequence[str], points: int = 20
) -> Curve:
    """Mean prediction when everybody is given the same value."""
    rows, place, grid = _prepared(X, name, names, points)
    curves = _individual(predict, rows, place, grid)
    return Curve(
        "partial dependence", name, grid, curves.mean(axis=0), curves[:0], len(rows),
        "Friedman, Ann Stat 2001;29:1189",
    )  # fmt: skip


def individual_curves(
    predict: Predict,
    X: ArrayLike,
    name: str,
    *,
    names: Sequence[str],
    points: int = 20,
    centered: bool = False,
) -> Curve:
    """One curve a person (ICE); `centered` starts all of them at zero."""
    rows, place, grid = _prepared(X, name, names, points)
    curves = _individual(predict, rows, place, grid)
    curves = curves - curves[:, :1] if centered else curves
    return Curve(
        "individual conditional expectation", name, grid, curves.mean(axis=0), curves, len(rows),
        "Goldstein, J Comput Graph Stat 2015;24:44",
    )  # fmt: skip


def accumulated_local_effects(
    predict: Predict, X: ArrayLike, name: str, *, names: Sequence[str], points: int = 20
) -> Curve:
    """Differences across the bin a person is in, accumulated; mean zero over the people."""
    rows, place, _ = _prepared(X, name, names, points)
    rows = rows[~np.isnan(rows[:, place])]
    edges = np.unique(np.quantile(rows[:, place], np.linspace(0, 1, points)))
    bins = np.clip(np.searchsorted(edges, rows[:, place], side="left"), 1, len(edges) - 1)
    low, high = rows.copy(), rows.copy()
    low[:, place], high[:, place] = edges[bins - 1], edges[bins]
    change = np.asarray(predict(high), float) - np.asarray(predict(low), float)
    count = np.bincount(bins, minlength=len(edges))
    total = np.bincount(bins, weights=change, minlength=len(edges))
    effect = np.cumsum(np.divide(total, count, out=np.zeros(len(edges)), where=count > 0))
    middle = (effect[1:] + effect[:-1]) / 2
    effect = effect - np.average(middle, weights=count[1:])
    return Curve(
        "accumulated local effects", name, edges, effect, np.zeros((0, len(edges))), len(rows),
        "Apley & Zhu, J R Stat Soc B 2020;82:1059",
    )  # fmt: skip


def interaction(
    predict: Predict,
    X: ArrayLike,
    pair: tuple[str, str],
    *,
    names: Sequence[str],
    people: int = 200,
) -> Interaction:
    """H over the first `people` complete rows: people² predictions for each part."""
    rows = np.asarray(X, float)
    places = [_place(name, names) for name in pair]
    rows = rows[~np.isnan(rows[:, places]).any(axis=1)][:people]
    parts = [_centered(predict, rows, columns) for columns in (places, places[:1], places[1:])]
    joint, first, second = parts
    total = (joint**2).sum()
    strength = 0.0 if total < 1e-20 else ((joint - first - second) ** 2).sum() / total
    return Interaction(pair, float(np.sqrt(min(strength, 1.0))))


def _centered(
    predict: Predict, rows: NDArray[np.float64], columns: list[int]
) -> NDArray[np.float64]:
    """Partial dependence on some columns at each row's own values, minus its mean."""
    people = len(rows)
    given = np.repeat(rows[None], people, axis=0)  # (values of, people, features)
    given[:, :, columns] = rows[:, None, columns]
    mean = np.asarray(predict(given.reshape(people * people, -1)), float)
    mean = mean.reshape(people, people).mean(axis=1)
    return mean - mean.mean()


def _prepared(
    X: ArrayLike, name: str, names: Sequence[str], points: int
) -> tuple[NDArray[np.float64], int, NDArray[np.float64]]:
    rows, place = np.asarray(X, float), _place(name, names)
    known = rows[~np.isnan(rows[:, place]), place]
    if len(np.unique(known)) < 2:
        raise ValueError(f"{name} has fewer than two values here: its effect cannot be shown.")
    return rows, place, np.unique(np.quantile(known, np.linspace(0.01, 0.99, points)))


def _place(name: str, names: Sequence[str]) -> int:
    if name not in names:
        raise ValueError(f"No input is called {name}; there are {', '.join(names)}.")
    return list(names).index(name)


def _individual(
    predict: Predict, rows: NDArray[np.float64], place: int, grid: NDArray[np.float64]
) -> NDArray[np.float64]:
    given = np.repeat(rows[:, None], len(grid), axis=1)
    given[:, :, place] = grid
    flat = np.asarray(predict(given.reshape(-1, rows.shape[1])), float)
    return flat.reshape(len(rows), len(grid))
