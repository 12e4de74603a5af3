"""Risks of an event by one or more horizons, with people who left before.

At a horizon everything that is known of yes-or-no outcomes holds with censoring weights, so the
measures of `binary` are used as they are.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import binary, bootstrap, censored, discrimination, subgroups
from ml.evaluation.coarse import Coarse, coarse
from ml.evaluation.result import NOT_ENOUGH, Evaluation
from ml.evaluation.sample import Sample

AT_HORIZON = (
    "observed_expected",
    "calibration_intercept",
    "calibration_slope",
    "ici",
    "e90",
    "auc",
    "brier",
    "brier_skill",
    "observed_risk",
)
FROM_BINARY = ("calibration_intercept", "calibration_slope", "ici", "e90")


def evaluate(
    sample: Sample,
    *,
    horizons: Sequence[float],
    thresholds: Sequence[float],
    random_state: int,
    rounds: int,
) -> Evaluation:
    """C-index over all follow-up; calibration, AUC, Brier score and benefit at each horizon.

    `sample.y` has the columns time and event; `sample.prediction` is a score of relative risk of
    shape (rows,), or the risk by each horizon of shape (rows, horizons).
    """
    time, event = sample.y[:, 0].astype(float), sample.y[:, 1].astype(bool)
    usable, notes = _usable(time, event, horizons)
    if event.sum() < binary.LEAST_EVENTS:
        return _too_few(sample, int(event.sum()), notes)
    few = _groups(time, event, sample.prediction, usable)
    metrics = bootstrap.intervals(
        lambda weight: figures(time, event, sample.prediction, weight, usable),
        sample.person,
        resampled=lambda weight: figures(time, event, sample.prediction, weight, usable, few),
        random_state=random_state,
        rounds=rounds,
    )
    parts = subgroups.rows(
        sample,
        _part_rule(time, event, sample.prediction, usable),
        random_state=random_state,
        rounds=rounds,
    )
    return sample.evaluation(
        "survival",
        events=int(event.sum()),
        rounds=rounds,
        metrics=metrics,
        tables=_tables(time, event, sample.prediction, usable, thresholds) | {"subgroups": parts},
        notes=notes,
        flags=(*_flags(metrics, usable), *subgroups.flags(parts)),
    )


def figures(
    time: NDArray,
    event: NDArray,
    prediction: NDArray,
    weight: NDArray,
    horizons: Mapping[float, int],
    few: Mapping[float, Coarse] | None = None,
) -> dict[str, float]:
    """Every figure of weighted rows; `horizons` gives the column of each.

    `few` are the rows in groups of nearly equal risk by each horizon.
    """
    score = prediction if prediction.ndim == 1 else prediction[:, -1]
    latest = max(horizons, default=None)
    found = {
        "c_index": censored.harrell_c(time, event, score, weight),
        "c_index_uno": censored.uno_c(time, event, score, weight, until=latest),
    }
    for horizon, column in horizons.items():
        if prediction.ndim == 1:
            y, corrected = censored.known_at(time, event, horizon, weight)
            found[f"auc@{horizon:g}"] = _auc(y, prediction, corrected)
        else:
            risk = prediction[:, column]
            groups = (few or {}).get(horizon) or _as_they_are(time, event, risk, horizon)
            found |= _at_horizon(time, event, risk, weight, horizon, groups)
    return found


def _at_horizon(
    time: NDArray, event: NDArray, risk: NDArray, weight: NDArray, horizon: float, few: Coarse
) -> dict[str, float]:
    y, corrected = censored.known_at(time, event, horizon, weight)
    names = [f"{name}@{horizon:g}" for name in AT_HORIZON]
    if not 0 < corrected @ y < corrected.sum():
        return dict.fromkeys(names, float("nan"))
    plain = binary.figures(few.y, few.risk, few.weigh(corrected))
    observed = float(1 - censored.free_at(time, event, horizon, weight))
    brier = censored.brier_at(time, event, risk, horizon, weight)
    # Nobody's status is guessed here: the Kaplan-Meier risk stands beside the mean of all risks.
    expected = float(weight @ risk / weight.sum())
    values = (
        observed / expected if expected else float("nan"),
        *(plain[name] for name in FROM_BINARY),
        plain["auroc"],
        brier,
        1 - brier / (observed * (1 - observed)) if 0 < observed < 1 else float("nan"),
        observed,
    )
    return dict(zip(names, values, strict=True))


def _groups(
    time: NDArray, event: NDArray, prediction: NDArray, horizons: Mapping[float, int]
) -> dict[float, Coarse]:
    if prediction.ndim == 1:
        return {}
    return {
        horizon: coarse(event & (time <= horizon), prediction[:, column])
        for horizon, column in horizons.items()
    }


def _as_they_are(time: NDArray, event: NDArray, risk: NDArray, horizon: float) -> Coarse:
    return Coarse(np.arange(len(time)), (event & (time <= horizon)).astype(int), risk)


def _auc(y: NDArray, score: NDArray, corrected: NDArray) -> float:
    if not 0 < corrected @ y < corrected.sum():
        return float("nan")
    return discrimination.auroc(y, score, corrected)


def _tables(
    time: NDArray,
    event: NDArray,
    prediction: NDArray,
    horizons: Mapping[float, int],
    thresholds: Sequence[float],
) -> dict[str, list]:
    """Charts at the last horizon, and the Kaplan-Meier curves of fourths of risk."""
    score = prediction if prediction.ndim == 1 else prediction[:, -1]
    found: dict[str, list] = {"kaplan_meier": _curves_by_fourth(time, event, score)}
    if prediction.ndim == 1 or not horizons:
        return found
    horizon = max(horizons)
    risk = prediction[:, horizons[horizon]]
    y, corrected = censored.known_at(time, event, horizon)
    known = corrected > 0
    tables = binary.tables(y[known], risk[known], sorted(set(thresholds)), corrected[known])
    return found | tables | {"horizon": [{"horizon": float(horizon)}]}


def _curves_by_fourth(time: NDArray, event: NDArray, score: NDArray) -> list[dict]:
    order = np.argsort(score, kind="stable")
    return [
        {"fourth": number, "count": len(part), "curve": _thin_curve(time[part], event[part])}
        for number, part in enumerate(np.array_split(order, 4), start=1)
    ]


def _thin_curve(time: NDArray, event: NDArray) -> list[dict[str, float]]:
    times, share = censored.kaplan_meier(time, event)
    shown = np.unique(np.linspace(0, len(times) - 1, 60).astype(int))
    return [{"time": float(times[at]), "free": float(share[at])} for at in shown]


def _part_rule(
    time: NDArray, event: NDArray, prediction: NDArray, horizons: Mapping[float, int]
) -> subgroups.Rule:
    last = max(horizons, default=None)
    ratio = prediction.ndim == 2 and last is not None
    score = prediction if prediction.ndim == 1 else prediction[:, -1]

    def measure(where: NDArray) -> bootstrap.Figures:
        def found(weight: NDArray) -> dict[str, float]:
            c_index = censored.harrell_c(time[where], event[where], score[where], weight)
            if not ratio:
                return {"c_index": c_index}
            free = float(censored.free_at(time[where], event[where], last, weight))
            expected = float(weight @ prediction[where, horizons[last]])
            oe = (1 - free) * weight.sum() / expected if expected else float("nan")
            return {"c_index": c_index, "observed_expected": oe}

        return found

    return subgroups.Rule(
        measure,
        compared=(),
        banded=("observed_expected",) if ratio else (),
        events=lambda where: int(event[where].sum()),
    )


def _flags(metrics: Mapping, horizons: Mapping[float, int]) -> list[str]:
    return [
        flag for horizon in horizons for flag in binary.calibration_flags(metrics, f"@{horizon:g}")
    ]


def _usable(
    time: NDArray, event: NDArray, horizons: Sequence[float]
) -> tuple[dict[float, int], list[str]]:
    """Column of each horizon with ten events before it and ten people seen beyond it."""
    usable, notes = {}, []
    for column, horizon in enumerate(horizons):
        before, beyond = int((event & (time <= horizon)).sum()), int((time > horizon).sum())
        if min(before, beyond) >= binary.LEAST_EVENTS:
            usable[float(horizon)] = column
        else:
            notes.append(
                f"{NOT_ENOUGH} at {horizon:g}: {before} events before it and {beyond} people "
                f"followed beyond it; {binary.LEAST_EVENTS} of each are needed."
            )
    return usable, notes


def _too_few(sample: Sample, events: int, notes: Sequence[str]) -> Evaluation:
    note = f"{NOT_ENOUGH}: {events} events; at least {binary.LEAST_EVENTS} are needed."
    return sample.evaluation(
        "survival",
        events=events,
        rounds=0,
        metrics=dict.fromkeys(("c_index", "c_index_uno")),
        tables={},
        notes=[note, *notes],
    )
