"""One model against another on the same people: differences with paired intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

from ml.evaluation import (
    binary,
    bootstrap,
    calibration,
    censored,
    clinical,
    continuous,
    discrimination,
)
from ml.evaluation import sample as samples
from ml.evaluation.bootstrap import Interval
from ml.evaluation.coarse import Coarse, coarse
from ml.evaluation.result import plain

ROUNDS = 200
Z95 = float(norm.ppf(0.975))
COMPARED = ("auroc", "average_precision", "brier_skill", "log_loss")
RANKING = ("auroc", "average_precision")
OURS, THEIRS = "ours", "theirs"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures of the first model less those of the second, for rows that both predict.

    `ours` and `theirs` are the figures of each on these same rows. `delong` checks the difference
    in AUROC without resampling; rows of one person count as independent there, so it is None when
    people have several.
    """

    rows: int
    people: int
    differences: Mapping[str, Interval | None]
    delong: Interval | None = None
    ours: Mapping[str, Interval | None] = field(default_factory=dict)
    theirs: Mapping[str, Interval | None] = field(default_factory=dict)

    def to_json(self) -> dict:
        return plain(
            {
                "rows": self.rows,
                "people": self.people,
                "differences": dict(self.differences),
                "delong": self.delong,
                OURS: dict(self.ours),
                THEIRS: dict(self.theirs),
            }
        )


def compare(
    y: ArrayLike,
    ours: ArrayLike,
    theirs: ArrayLike,
    kind: str,
    *,
    person: ArrayLike | None = None,
    thresholds: Sequence[float] = (),
    ranks_only: bool = False,
    random_state: int,
    rounds: int = ROUNDS,
) -> Comparison:
    """Paired differences; both models see each resample of people.

    `kind` is "binary" (risks), "number" (values) or "survival" (scores; y as time and event).
    `ranks_only` is for points of any scale, which tell no risk: only the order is compared.
    With fewer than ten events or non-events there are no differences.
    """
    pair = np.column_stack([np.asarray(ours, float), np.asarray(theirs, float)])
    sample = samples.of(np.asarray(y, float), pair, person=person)
    measured = {"binary": _ranking if ranks_only else _binary, "number": _number,
                "survival": _survival}[kind]  # fmt: skip

    def figures(exact: bool) -> bootstrap.Figures:
        first, second = (
            measured(sample.y, column, thresholds, exact=exact) for column in sample.prediction.T
        )
        return lambda weight: _both(first(weight), second(weight))

    if not _enough(sample.y, kind):
        return Comparison(len(sample.y), sample.people, {})
    found = bootstrap.intervals(
        figures(exact=True),
        sample.person,
        resampled=figures(exact=False),
        random_state=random_state,
        rounds=rounds,
    )
    single = kind == "binary" and sample.people == len(sample.y)
    checked = delong(sample.y, *sample.prediction.T) if single else None
    parts = {which: _part(found, which) for which in ("", OURS, THEIRS)}
    return Comparison(len(sample.y), sample.people, parts[""], checked, parts[OURS], parts[THEIRS])


def delong(y: ArrayLike, ours: ArrayLike, theirs: ArrayLike) -> Interval:
    """Difference of two paired AUROCs with the interval of DeLong et al. (Biometrics 1988;44:837).

    Midranks give the placements (Sun and Xu, IEEE Signal Process Lett 2014;21:1389).
    """
    y = np.asarray(y).astype(bool)
    of_events, of_others = zip(*(_placements(y, risk) for risk in (ours, theirs)), strict=True)
    gain = of_events[0] - of_events[1]
    loss = of_others[0] - of_others[1]
    value = float(gain.mean())
    spread = Z95 * np.sqrt(gain.var(ddof=1) / len(gain) + loss.var(ddof=1) / len(loss))
    return Interval(value, float(value - spread), float(value + spread))


def _placements(y: NDArray, risk: ArrayLike) -> tuple[NDArray, NDArray]:
    """For each event the share of others below it, for each other the share of events above."""
    risk = np.asarray(risk, float)
    everybody, events, others = rankdata(risk), rankdata(risk[y]), rankdata(risk[~y])
    below = (everybody[y] - events) / (~y).sum()
    above = 1 - (everybody[~y] - others) / y.sum()
    return below, above


def _both(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """The difference of every figure, and the figure of each."""
    found = {f":{name}": one[name] - other[name] for name in one}
    for which, figures in ((OURS, one), (THEIRS, other)):
        found |= {f"{which}:{name}": value for name, value in figures.items()}
    return found


def _part(found: Mapping[str, Interval | None], which: str) -> dict[str, Interval | None]:
    named = ((name.split(":", 1), value) for name, value in found.items())
    return {name: value for (of, name), value in named if of == which}


def _enough(y: NDArray, kind: str) -> bool:
    if kind == "number":
        return len(y) >= continuous.LEAST_ROWS
    events = int(y.sum() if kind == "binary" else y[:, 1].sum()) if len(y) else 0
    others = len(y) - events if kind == "binary" else binary.LEAST_EVENTS
    return min(events, others) >= binary.LEAST_EVENTS


def _binary(
    y: NDArray, risk: NDArray, thresholds: Sequence[float], *, exact: bool
) -> bootstrap.Figures:
    cuts = sorted(set(thresholds))
    few = Coarse(np.arange(len(y)), y.astype(int), risk) if exact else coarse(y, risk, cuts)
    names = (*COMPARED, *(f"net_benefit@{at:g}" for at in cuts))

    def figures(weight: NDArray[np.float64]) -> dict[str, float]:
        sample = (few.y, few.risk, few.weigh(weight))
        if not 0 < sample[2] @ few.y < sample[2].sum():
            return dict.fromkeys(names, float("nan"))
        steps = discrimination.steps(*sample)
        values = (
            discrimination.auroc_of(steps),
            discrimination.average_precision_of(steps),
            calibration.brier_skill(*sample),
            calibration.log_loss(*sample),
            *(clinical.net_benefit(few.y, few.risk, at, sample[2]) for at in cuts),
        )
        return dict(zip(names, values, strict=True))

    return figures


def _ranking(y: NDArray, score: NDArray, _: Sequence[float], *, exact: bool) -> bootstrap.Figures:
    few = Coarse(np.arange(len(y)), y.astype(int), score) if exact else coarse(y, score)

    def figures(weight: NDArray[np.float64]) -> dict[str, float]:
        sample = (few.y, few.risk, few.weigh(weight))
        if not 0 < sample[2] @ few.y < sample[2].sum():
            return dict.fromkeys(RANKING, float("nan"))
        steps = discrimination.steps(*sample)
        told = discrimination.auroc_of(steps), discrimination.average_precision_of(steps)
        return dict(zip(RANKING, told, strict=True))

    return figures


def _number(y: NDArray, value: NDArray, _: Sequence[float], *, exact: bool) -> bootstrap.Figures:
    def figures(weight: NDArray[np.float64]) -> dict[str, float]:
        return {
            "mae": continuous.mae(y, value, weight),
            "rmse": continuous.rmse(y, value, weight),
            "r2": continuous.r2(y, value, weight),
        }

    return figures


def _survival(y: NDArray, score: NDArray, _: Sequence[float], *, exact: bool) -> bootstrap.Figures:
    time, event = y[:, 0], y[:, 1].astype(bool)

    def figures(weight: NDArray[np.float64]) -> dict[str, float]:
        return {
            "c_index": censored.harrell_c(time, event, score, weight),
            "c_index_uno": censored.uno_c(time, event, score, weight),
        }

    return figures
