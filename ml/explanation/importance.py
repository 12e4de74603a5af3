"""Permutation importance of inputs or groups of inputs (Breiman 2001; grouped: Au et al. 2022)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.explanation.kernel import Predict

SOURCE = "Breiman, Mach Learn 2001;45:5; Fisher, JMLR 2019;20:177 (model reliance)"
Loss = Callable[[NDArray, NDArray], NDArray[np.float64]]  # outcome, prediction -> loss of each row


@dataclass(frozen=True, slots=True)
class Importance:
    """How much the mean loss grows when a group of inputs is shuffled, with a 95 % interval."""

    group: str
    inputs: tuple[str, ...]
    increase: float
    low: float
    high: float


def permutation_importance(
    predict: Predict,
    X: ArrayLike,
    outcome: ArrayLike,
    loss: Loss,
    *,
    names: Sequence[str],
    groups: Mapping[str, Sequence[str]] | None = None,
    repeats: int = 10,
    random_state: int = 0,
) -> tuple[Importance, ...]:
    """Importances, the largest first. `groups` {name: inputs}; without it each input alone.

    Inputs of a group are shuffled together, so that inputs that say the same thing do not hide
    one another. The interval is over rows (each row's increase, averaged over the repeats).
    """
    rows, truth = np.asarray(X, float), np.asarray(outcome)
    rng = np.random.default_rng(random_state)
    place = {name: number for number, name in enumerate(names)}
    chosen = groups or {name: (name,) for name in names}
    before = loss(truth, predict(rows))
    found = []
    for group, inputs in chosen.items():
        columns = [place[name] for name in inputs]
        growth = np.zeros(len(rows))
        for _ in range(repeats):
            shuffled = rows.copy()
            shuffled[:, columns] = rows[rng.permutation(len(rows))][:, columns]
            growth += (loss(truth, predict(shuffled)) - before) / repeats
        half = 1.96 * growth.std(ddof=1) / np.sqrt(len(growth))
        mean = float(growth.mean())
        found.append(Importance(group, tuple(inputs), mean, mean - half, mean + half))
    return tuple(sorted(found, key=lambda one: -one.increase))


def log_loss(outcome: NDArray, probability: NDArray) -> NDArray[np.float64]:
    """Of each row, natural logarithm; probabilities are kept off 0 and 1."""
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return -np.where(outcome == 1, np.log(p), np.log1p(-p))


def squared_error(outcome: NDArray, prediction: NDArray) -> NDArray[np.float64]:
    return (np.asarray(outcome, float) - prediction) ** 2
