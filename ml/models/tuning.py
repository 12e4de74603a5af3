"""Choice of parameters by cross-validation inside the training rows.

    tuned = search(make, space, rows, method="optuna", trials=30, random_state=1)

Grid, random, successive halving (few people first, more for the better third) and Optuna's tree of
Parzen estimators. The loss is the log-likelihood for probabilities, the squared error for numbers
and one less the concordance for times: measures that reward calibration where there is one.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import splits
from ml.models import zoo
from ml.models.predicting import predicted

Space = Mapping[str, Sequence[Any]]
Parameters = dict[str, Any]
Make = Callable[[Parameters], Any]
Progress = Callable[[str], None]
METHODS = ("grid", "random", "halving", "optuna")
HALVING = (1 / 9, 1 / 3, 1.0)  # shares of the people of each round
TINY = 1e-7


class UnknownSearch(ValueError):
    """No search has this name."""


@dataclass(frozen=True)
class Rows:
    """What a search may see: training rows, their people, and how to cut them."""

    X: pd.DataFrame
    y: NDArray[np.float64]
    person: NDArray
    kind: str
    pairs: Sequence[tuple[NDArray, NDArray]]
    horizon: float | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of parameters, its mean loss over the folds and the standard error of that."""

    parameters: Parameters
    loss: float
    error: float
    share: float = 1.0


@dataclass(frozen=True)
class Tuned:
    """The best parameters and all trials in order."""

    parameters: Parameters
    trials: tuple[Trial, ...] = field(default_factory=tuple)


def person_pairs(person: NDArray, folds: int, seed: int) -> list[tuple[NDArray, NDArray]]:
    """Inner folds in which nobody is on both sides."""
    return list(splits.group_folds(person, folds, f"inner:{seed}"))


def search(
    make: Make,
    space: Space,
    rows: Rows,
    *,
    method: str,
    trials: int,
    random_state: int,
    progress: Progress | None = None,
) -> Tuned:
    """The parameters with the smallest loss. Same seed, same rows: same result.

    Raises UnknownSearch.
    """
    if method not in METHODS:
        raise UnknownSearch(f"There is no search {method!r}; choose one of {', '.join(METHODS)}")
    if not space:
        return Tuned({})
    told = progress or (lambda text: None)
    if method == "optuna":
        return _optuna(make, space, rows, trials, random_state, told)
    candidates = _grid(space) if method == "grid" else _sample(space, trials, random_state)
    if method == "halving":
        return _halving(make, candidates, rows, told)
    return _best(_tried(make, candidates, rows, told))


def loss(kind: str, y: NDArray, prediction: NDArray) -> float:
    """Mean log-loss, mean squared error, or one less the concordance."""
    if kind == "binary":
        p = np.clip(prediction, TINY, 1 - TINY)
        return float(-np.mean(y * np.log(p) + (1 - y) * np.log1p(-p)))
    if kind == "classes":
        p = np.clip(prediction[np.arange(len(y)), y.astype(int)], TINY, 1)
        return float(-np.mean(np.log(p)))
    if kind == "survival":
        from sksurv.metrics import concordance_index_censored

        return 1 - float(concordance_index_censored(y > 0, np.abs(y), prediction)[0])
    return float(np.mean((y - prediction) ** 2))


def assess(make: Make, parameters: Parameters, rows: Rows, share: float = 1.0) -> Trial:
    """Loss of one set of parameters over the folds, on a share of the people."""
    kept = splits.shares(rows.person, "halving") < share
    losses = [_fold(make, parameters, rows, train[kept[train]], test) for train, test in rows.pairs]
    error = float(np.std(losses, ddof=1) / math.sqrt(len(losses))) if len(losses) > 1 else math.nan
    return Trial(parameters, float(np.mean(losses)), error, share)


def _fold(make: Make, parameters: Parameters, rows: Rows, train: NDArray, test: NDArray) -> float:
    model = zoo.fit(make(parameters), rows.X.iloc[train], rows.y[train], rows.person[train])
    told = predicted(model, rows.X.iloc[test], rows.kind, horizon=rows.horizon)
    return loss(rows.kind, rows.y[test], told)


def _grid(space: Space) -> list[Parameters]:
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())]


def _sample(space: Space, trials: int, random_state: int) -> list[Parameters]:
    """Distinct points of the grid, without writing all of it down."""
    rng = np.random.default_rng(random_state)
    size = math.prod(len(values) for values in space.values())
    if size <= trials:
        return _grid(space)
    found: dict[tuple[int, ...], Parameters] = {}
    while len(found) < trials:
        at = tuple(int(rng.integers(len(values))) for values in space.values())
        found[at] = {name: values[i] for i, (name, values) in zip(at, space.items(), strict=True)}
    return list(found.values())


def _tried(
    make: Make, candidates: Iterable[Parameters], rows: Rows, told: Progress, share: float = 1.0
) -> list[Trial]:
    candidates, trials = list(candidates), []
    for number, parameters in enumerate(candidates, 1):
        trials.append(assess(make, parameters, rows, share))
        best = min(trial.loss for trial in trials)
        told(f"{number}/{len(candidates)} on {share:.0%} of the people, best loss {best:.4f}")
    return trials


def _best(trials: Sequence[Trial]) -> Tuned:
    """The smallest loss among the trials on the largest share of people."""
    widest = max(trial.share for trial in trials)
    final = [trial for trial in trials if trial.share == widest]
    return Tuned(min(final, key=lambda trial: trial.loss).parameters, tuple(trials))


def _halving(make: Make, candidates: Sequence[Parameters], rows: Rows, told: Progress) -> Tuned:
    every: list[Trial] = []
    for share in HALVING:
        trials = _tried(make, candidates, rows, told, share)
        every += trials
        kept = max(1, math.ceil(len(trials) / 3))
        candidates = [t.parameters for t in sorted(trials, key=lambda trial: trial.loss)[:kept]]
    return _best(every)


def _optuna(
    make: Make, space: Space, rows: Rows, trials: int, random_state: int, told: Progress
) -> Tuned:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    done: list[Trial] = []

    def objective(trial: Any) -> float:
        # Optuna's categories are scalars: the place of a value stands for it.
        places = {
            name: trial.suggest_int(name, 0, len(values) - 1) for name, values in space.items()
        }
        parameters = {name: space[name][place] for name, place in places.items()}
        done.append(assess(make, parameters, rows))
        told(f"{len(done)}/{trials}, best loss {min(one.loss for one in done):.4f}")
        return done[-1].loss

    sampler = optuna.samplers.TPESampler(seed=random_state)
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=trials)
    return _best(done)
