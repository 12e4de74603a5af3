"""What moves a model, over many rows, and how far that may be believed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.explanation.attributions import Attributions
from ml.explanation.facade import explain, opened
from ml.explanation.quality import Quality, faithfulness, stability

ROWS = 100
SHOWN = 15


@dataclass(frozen=True, slots=True)
class Mover:
    """A column that the learner sees; `mean_size` is the mean |contribution| on the scale."""

    name: str
    mean_size: float


@dataclass(frozen=True, slots=True)
class Overview:
    """The largest movers of a model, and the quality of the split of single predictions."""

    method: str
    scale: str
    rows: int
    movers: tuple[Mover, ...]
    quality: tuple[Quality, ...]


def overview(model: Any, X: pd.DataFrame, *, random_state: int) -> Overview | None:
    """Of a sample of rows; None for a model that has no exact split (neither trees nor linear).

    Categories and other columns that are encoded count as the columns that the learner sees.
    """
    inside = opened(model)
    chosen = np.random.default_rng(random_state).permutation(len(X))[:ROWS]
    sample = X.iloc[chosen]
    try:
        rows = inside.encoded(sample)
    except (TypeError, ValueError):  # a model of several models has no columns of its own
        return None
    again = _explainer(inside.learner, rows)
    if again is None:
        return None
    names = inside.names(sample)
    split = again(rows)
    size = np.abs(split.contributions).mean(axis=0)
    largest = np.argsort(-size, kind="stable")[:SHOWN]
    return Overview(
        split.method,
        split.scale,
        len(rows),
        tuple(Mover(names[place], float(size[place])) for place in largest),
        _quality(again, rows, split.contributions, random_state),
    )


Explainer = Callable[[NDArray[np.float64]], Attributions]


def _explainer(learner: Any, background: NDArray[np.float64]) -> Explainer | None:
    """The exact method that fits the learner; None where there is none."""
    for method in ("trees", "linear"):
        again = partial(explain, learner, method=method, background=background)
        try:
            again(background[:1])
        except ValueError:  # of another kind, or of several outputs
            continue
        return again
    return None


def _quality(
    again: Explainer, rows: NDArray[np.float64], phi: NDArray[np.float64], random_state: int
) -> tuple[Quality, ...]:
    """An exact split adds up to the prediction, so that it can be asked for the prediction, too."""
    spread = np.nan_to_num(np.nanstd(rows, axis=0))
    seed = {"random_state": random_state}
    return (
        faithfulness(lambda some: again(some).predictions, rows, phi, rows, **seed),
        stability(lambda some: again(some).contributions, rows, spread, **seed),
    )
