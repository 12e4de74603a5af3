"""Predicted numbers, such as days in hospital, with or without an interval."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.evaluation import bootstrap, subgroups, weights
from ml.evaluation.result import NOT_ENOUGH, Evaluation
from ml.evaluation.sample import Sample

LEAST_ROWS = 10
GROUPS = 10
POINTS_OF_SCATTER = 1500


def mae(y: ArrayLike, predicted: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean absolute error.

    >>> mae([1, 2], [1, 4])
    1.0
    """
    return weights.mean(np.abs(np.asarray(y, float) - np.asarray(predicted)), weight)


def rmse(y: ArrayLike, predicted: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Root of the mean squared error."""
    error = np.asarray(y, float) - np.asarray(predicted)
    return float(np.sqrt(weights.mean(error**2, weight)))


def r2(y: ArrayLike, predicted: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Share of the variance explained; NaN when the outcome does not vary."""
    y = np.asarray(y, float)
    variance = weights.mean((y - weights.mean(y, weight)) ** 2, weight)
    return 1 - rmse(y, predicted, weight) ** 2 / variance if variance else float("nan")


def pinball(y: ArrayLike, quantile: ArrayLike, at: float, weight: ArrayLike | None = None) -> float:
    """Mean pinball loss of a predicted quantile; at 0.5 it is half the absolute error."""
    above = np.asarray(y, float) - np.asarray(quantile)
    return weights.mean(np.maximum(at * above, (at - 1) * above), weight)


def within(
    y: ArrayLike, predicted: ArrayLike, distance: float, weight: ArrayLike | None = None
) -> float:
    """Share of predictions no further off than `distance`.

    >>> within([3, 5, 9], [4, 5, 5], 1)
    0.6666666666666666
    """
    near = np.abs(np.asarray(y, float) - np.asarray(predicted)) <= distance
    return weights.mean(near, weight)


def slope(y: ArrayLike, predicted: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Least-squares slope of outcome on prediction; NaN when all predictions are equal."""
    y, predicted = np.asarray(y, float), np.asarray(predicted, float)
    spread = predicted - weights.mean(predicted, weight)
    variance = weights.mean(spread**2, weight)
    return weights.mean(spread * y, weight) / variance if variance else float("nan")


def evaluate(sample: Sample, *, level: float, random_state: int, rounds: int) -> Evaluation:
    """Error, calibration and, where `prediction` has columns value, low, high, its coverage."""
    if sample.people < LEAST_ROWS:
        return _too_few(sample, level)
    metrics = bootstrap.intervals(
        lambda weight: figures(sample.y, sample.prediction, weight, level),
        sample.person,
        random_state=random_state,
        rounds=rounds,
    )
    parts = subgroups.rows(
        sample, _part_rule(sample, level), random_state=random_state, rounds=rounds
    )
    return sample.evaluation(
        "number",
        events=None,
        rounds=rounds,
        metrics=metrics,
        tables=tables(sample) | {"subgroups": parts},
        flags=(*_flags(metrics), *subgroups.flags(parts)),
    )


def figures(
    y: NDArray, prediction: NDArray, weight: NDArray | None, level: float
) -> Mapping[str, float]:
    """Every figure of weighted rows."""
    value = prediction if prediction.ndim == 1 else prediction[:, 0]
    found = {
        "bias": weights.mean(value - y, weight),
        "observed_expected": _ratio(weights.mean(y, weight), weights.mean(value, weight)),
        "calibration_slope": slope(y, value, weight),
        "mae": mae(y, value, weight),
        "rmse": rmse(y, value, weight),
        "r2": r2(y, value, weight),
        "pinball_50": pinball(y, value, 0.5, weight),
        "within_one": within(y, value, 1, weight),
        "same_when_rounded": within(y, np.rint(value), 0.5, weight),
    }
    return found | (_interval_figures(y, prediction, weight, level) if prediction.ndim == 2 else {})


def _interval_figures(
    y: NDArray, prediction: NDArray, weight: NDArray | None, level: float
) -> Mapping[str, float]:
    low, high = prediction[:, 1], prediction[:, 2]
    tail = (1 - level) / 2
    return {
        "coverage": weights.mean((low <= y) & (y <= high), weight),
        "below_interval": weights.mean(y < low, weight),
        "above_interval": weights.mean(y > high, weight),
        "interval_width": weights.mean(high - low, weight),
        "pinball_low": pinball(y, low, tail, weight),
        "pinball_high": pinball(y, high, 1 - tail, weight),
    }


def tables(sample: Sample) -> dict[str, list]:
    """Rows for the charts: groups by rising prediction, and a thinned scatter."""
    y, prediction = sample.y.astype(float), sample.prediction
    value = prediction if prediction.ndim == 1 else prediction[:, 0]
    order = np.argsort(value, kind="stable")
    shown = order[np.unique(np.linspace(0, len(y) - 1, POINTS_OF_SCATTER).astype(int))]
    parts = [part for part in np.array_split(order, min(GROUPS, len(y))) if len(part)]
    return {
        "calibration_curve": [_group(y, prediction, value, part) for part in parts],
        "scatter": [{"predicted": float(value[at]), "observed": float(y[at])} for at in shown],
        "errors": _error_bins(value - y),
    }


def _group(y: NDArray, prediction: NDArray, value: NDArray, part: NDArray) -> dict[str, float]:
    row = {
        "count": len(part),
        "predicted": float(value[part].mean()),
        "observed": float(y[part].mean()),
        "mae": mae(y[part], value[part]),
    }
    if prediction.ndim == 2:
        low, high = prediction[part, 1], prediction[part, 2]
        row |= {
            "coverage": float(np.mean((low <= y[part]) & (y[part] <= high))),
            "interval_width": float(np.mean(high - low)),
        }
    return row


def _error_bins(error: NDArray) -> list[dict[str, float]]:
    """Histogram of predicted less observed between its 0.5th and 99.5th percentile."""
    low, high = np.quantile(error, [0.005, 0.995])
    counts, edges = np.histogram(error, np.linspace(low, max(high, low + 1e-9), 31))
    return [
        {"low": float(start), "high": float(end), "count": int(count)}
        for start, end, count in zip(edges, edges[1:], counts, strict=False)
    ]


def _part_rule(sample: Sample, level: float) -> subgroups.Rule:
    names = _part_names(sample)

    def measure(where: NDArray) -> bootstrap.Figures:
        y, prediction = sample.y[where], sample.prediction[where]

        def found(weight: NDArray) -> Mapping[str, float]:
            if not weight.any():
                return dict.fromkeys(names, float("nan"))
            every = figures(y, prediction, weight, level)
            return {name: every[name] for name in names}

        return found

    return subgroups.Rule(measure, compared=("mae",), banded=("observed_expected",), events=None)


def _part_names(sample: Sample) -> tuple[str, ...]:
    widths = ("coverage", "interval_width") if sample.prediction.ndim == 2 else ()
    return ("mae", "bias", "observed_expected", *widths)


def _flags(metrics: Mapping[str, bootstrap.Interval | None]) -> list[str]:
    ratio = metrics["observed_expected"]
    if ratio and subgroups.out_of_band(ratio.value):
        much = "high" if ratio.value < 1 else "low"
        return [f"The predictions are too {much}: observed to expected is {ratio.value:.2f}."]
    return []


def _too_few(sample: Sample, level: float) -> Evaluation:
    nothing = np.zeros(1)
    names = figures(nothing, np.zeros((1, *sample.prediction.shape[1:])), None, level)
    note = f"{NOT_ENOUGH}: predictions of {sample.people} people; {LEAST_ROWS} are needed."
    return sample.evaluation(
        "number", events=None, rounds=0, metrics=dict.fromkeys(names), tables={}, notes=[note]
    )


def _ratio(value: float, reference: float) -> float:
    return value / reference if reference else float("nan")
