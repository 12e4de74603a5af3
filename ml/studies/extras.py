"""What a thorough run adds: repair of risks, what more people would bring, optimism, reasons."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import headline, learning, recalibration, validation
from ml.evaluation.recalibration import Offer
from ml.evaluation.result import plain
from ml.explanation import overview
from ml.models.predicting import predicted
from ml.studies import figures
from ml.studies import learning as fits
from ml.studies.problem import Problem
from ml.studies.tablecohort import TableCohort

FEW = 5000  # rows up to which the whole fit is repeated on resamples of people
ROUNDS = 50


def repair(
    problem: Problem, found: TableCohort, tested: NDArray[np.float64], *, random_state: int
) -> tuple[Offer | None, NDArray[np.float64]]:
    """The repair of risks out of limits, and the tested risks after it (by fits on others).

    None when the outcome is not binary, or the risks are within limits.
    """
    known = np.isfinite(tested)
    if problem.kind != "binary" or not known.any():
        return None, tested
    y, risk, person = found.y[known], tested[known], found.person[known]
    offer = recalibration.offer(y, risk, person=person, random_state=random_state)
    if not offer.needed or offer.repair.method == "none":
        return (offer if offer.needed else None), tested
    after = tested.copy()
    after[known] = recalibration.cross_fitted(
        y, risk, person, offer.repair.method, random_state=random_state
    )
    return offer, after


def learning_curve(
    problem: Problem, found: TableCohort, *, random_state: int, threads: int = 1
) -> list[dict[str, Any]]:
    """Quality on the same held-out people by number of training people.

    The parameters are the settled ones; a split by time has no such curve: other people of the
    same years would flatter it.
    """
    if problem.split.kind == "time":
        return []
    how = {"random_state": random_state, "threads": threads}

    def refit(train: NDArray, test: NDArray) -> NDArray[np.float64]:
        return _ranked(problem, fits.held_out(problem, found, train, test, **how))

    few, name = headline.of(problem.kind), headline.NAMES[problem.kind][0]
    sizes = learning.curve(
        refit,
        lambda y, told, weight: few(y, told, weight)[name],
        figures.truth(problem, found.y),
        found.person,
        random_state=random_state,
    )
    return [plain(size) | {"figure": name} for size in sizes]


def optimism(
    problem: Problem, found: TableCohort, *, random_state: int, threads: int = 1
) -> dict[str, Any]:
    """Figures of the training people with their optimism taken away; {} for a large table."""
    if len(found) >= FEW or problem.split.kind == "time":
        return {}

    def refit(rows: NDArray) -> NDArray[np.float64]:
        model = fits.fit(problem, found.part(rows), random_state=random_state, threads=threads)
        told = predicted(model, found.X, problem.kind, horizon=problem.times)
        return _ranked(problem, told)

    few = headline.of(problem.kind)
    corrected = validation.optimism_corrected(
        refit,
        lambda y, told: few(y, told, None),
        figures.truth(problem, found.y),
        found.person,
        random_state=random_state,
        rounds=ROUNDS,
    )
    return {"refits": ROUNDS, "figures": {name: plain(one) for name, one in corrected.items()}}


def explanation(
    problem: Problem, found: TableCohort, model: Any, *, random_state: int
) -> dict[str, Any]:
    """What moves the model and how far its reasons may be believed; {} without an exact split."""
    if problem.kind not in ("binary", "number"):
        return {}
    told = overview.overview(model, found.X, random_state=random_state)
    return plain(told) if told else {}


def _ranked(problem: Problem, told: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of risks by several horizons those by the last, as the C-index takes them."""
    return told[:, -1] if problem.kind == "survival" and told.ndim == 2 else told


def told(offer: Offer | None) -> Mapping[str, Any]:
    """The offer as the manifest holds it."""
    return {"recalibration": offer.to_json()} if offer else {}
