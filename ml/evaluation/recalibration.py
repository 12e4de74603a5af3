"""Risks put right on local outcomes, by the method that their number can carry.

A shift needs tens of events, a shift and stretch hundreds, a free rising curve thousands; with
less, the repair adds more noise than it takes away (Van Calster et al., BMC Med 2019;17:230).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from ml.evaluation import bootstrap, calibration, logistic
from ml.evaluation.bootstrap import Interval
from ml.evaluation.coarse import coarse
from ml.evaluation.result import plain

# Of each method, which of shift (0) and stretch (1) it fits.
FITTED = {"none": [], "intercept": [0], "temperature": [1], "sigmoid": [0, 1], "isotonic": []}
FOR_INTERCEPT, FOR_SIGMOID, FOR_ISOTONIC = 20, 100, 1000
FOR_FIGURES = 10  # with fewer neither slope nor O:E says that the risks are wrong
FOLDS = 5
ROUNDS = 200
# Within these limits told risks may stay as they are.
SLOPES, RATIOS = (0.9, 1.1), (0.95, 1.05)
NOTHING_OPEN = ((0.0, 0.0), (0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Recalibration:
    """A repair of risks: `shift + stretch * logit`, or a rising curve through `knots`.

    `covariance` of shift and stretch says how well these rows tell them; of a curve nothing is.
    """

    method: str
    shift: float = 0.0
    stretch: float = 1.0
    knots: tuple[tuple[float, float], ...] = ()
    covariance: tuple[tuple[float, float], tuple[float, float]] = NOTHING_OPEN

    def apply(self, risk: ArrayLike) -> NDArray[np.float64]:
        """The repaired risks."""
        risk = np.asarray(risk, float)
        if self.knots:
            return np.interp(risk, *np.transpose(self.knots))
        return expit(self.shift + self.stretch * _logit(risk))

    def doubt(self, margin: NDArray[np.floating]) -> NDArray[np.float64]:
        """Standard deviation that shift and stretch leave to repaired logits."""
        before = (np.asarray(margin, float) - self.shift) / self.stretch
        (shift, both), (_, stretch) = self.covariance
        return np.sqrt(np.maximum(shift + 2 * both * before + stretch * before**2, 0))

    def to_json(self) -> dict[str, Any]:
        return plain(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Repairs stored before their covariance was are taken as certain."""
        knots = tuple((float(x), float(y)) for x, y in found.get("knots", ()))
        (a, b), (c, d) = found.get("covariance", NOTHING_OPEN)
        return cls(found["method"], found["shift"], found["stretch"], knots, ((a, b), (c, d)))


@dataclass(frozen=True, slots=True)
class Offer:
    """A repair with what it would bring on people it has not seen.

    `gain` is the log-loss before less after; `worth_it` when its whole interval is above nought.
    `slope` and `observed_expected` are those before, None with fewer than ten events.
    """

    repair: Recalibration
    events: int
    gain: Interval | None
    slope_before: float | None
    observed_expected_before: float | None
    slope_after: float | None
    observed_expected_after: float | None
    reason: str
    slope: Interval | None = None
    observed_expected: Interval | None = None

    @property
    def needed(self) -> bool:
        """Whether the risks as told are out of limits by more than chance."""
        return out_of_limits(self.slope, self.observed_expected)

    @property
    def worth_it(self) -> bool:
        return self.gain is not None and self.gain.low > 0

    def to_json(self) -> dict[str, Any]:
        return plain(self) | {"needed": self.needed, "worth_it": self.worth_it}


def method_for(events: int) -> str:
    """The richest repair that this many events (or non-events, if fewer) can carry.

    >>> [method_for(n) for n in (5, 50, 500, 5000)]
    ['none', 'intercept', 'sigmoid', 'isotonic']
    """
    if events < FOR_INTERCEPT:
        return "none"
    if events < FOR_SIGMOID:
        return "intercept"
    return "sigmoid" if events < FOR_ISOTONIC else "isotonic"


def fit(y: ArrayLike, risk: ArrayLike, method: str) -> Recalibration:
    """The repair of one method."""
    y, risk = np.asarray(y, float), np.asarray(risk, float)
    z = _logit(risk)
    if method == "none":
        return Recalibration("none")
    if method == "isotonic":
        return Recalibration("isotonic", knots=_rising(y, risk))
    if method == "intercept":
        return Recalibration("intercept", shift=calibration.intercept(y, risk))
    if method == "temperature":
        (stretch,) = logistic.fit(z[:, None], y, start=(1,))
        return Recalibration("temperature", stretch=float(stretch))
    shift, stretch = logistic.fit(np.column_stack([np.ones_like(z), z]), y, start=(0, 1))
    return Recalibration("sigmoid", float(shift), float(stretch))


def offer(
    y: ArrayLike,
    risk: ArrayLike,
    *,
    person: ArrayLike | None = None,
    method: str | None = None,
    random_state: int,
) -> Offer:
    """A repair fitted on everybody, with its worth on people left out of the fit."""
    y, risk = np.asarray(y, float), np.asarray(risk, float)
    person = np.arange(len(y)) if person is None else np.asarray(person)
    least = int(min(y.sum(), len(y) - y.sum()))
    method = method or method_for(least)
    found = _before(y, risk, person, random_state) if least >= FOR_FIGURES else {}
    before = (found.get("slope"), found.get("observed_expected"))
    figures = [each and each.value for each in before]
    if method == "none":
        reason = f"not enough data: {least} events; a repair needs {FOR_INTERCEPT}."
        unrepaired = Recalibration("none")
        return Offer(unrepaired, int(y.sum()), None, *figures, None, None, reason, *before)
    after = cross_fitted(y, risk, person, method, random_state=random_state)
    gain = bootstrap.intervals(
        lambda weight: {
            "gain": calibration.log_loss(y, risk, weight) - calibration.log_loss(y, after, weight)
        },
        person,
        random_state=random_state,
        rounds=ROUNDS,
    )["gain"]
    return Offer(
        _with_covariance(fit(y, risk, method), y, risk, person),
        int(y.sum()),
        gain,
        *figures,
        _slope(y, after),
        _ratio(y, after),
        f"{least} events carry the method {method}.",
        *before,
    )


def _before(
    y: NDArray, risk: NDArray, person: NDArray, random_state: int
) -> dict[str, Interval | None]:
    """Slope and O:E of the risks as told."""
    few = coarse(y, risk)

    def figures(y: NDArray, risk: NDArray, weight: NDArray) -> dict[str, float]:
        ratio = calibration.observed_expected(y, risk, weight) if weight @ risk else np.nan
        return {"slope": calibration.slope(y, risk, weight), "observed_expected": ratio}

    return bootstrap.intervals(
        lambda weight: figures(y, risk, weight),
        person,
        resampled=lambda weight: figures(few.y, few.risk, few.weigh(weight)),
        random_state=random_state,
        rounds=ROUNDS,
    )


def _with_covariance(
    found: Recalibration, y: NDArray, risk: NDArray, person: NDArray
) -> Recalibration:
    """With the covariance of what the method fitted, rows of a person counted together.

    The sandwich of Huber and White: right also where level or slope alone is not the whole fault.
    """
    columns = FITTED[found.method]
    if not columns:
        return found
    z, told = _logit(risk), found.apply(risk)
    design = np.column_stack([np.ones_like(z), z])[:, columns]
    inverse = np.linalg.pinv((design * (told * (1 - told))[:, None]).T @ design)
    _, number = np.unique(person, return_inverse=True)
    score = np.zeros((number.max() + 1, len(columns)))
    np.add.at(score, number, design * (y - told)[:, None])
    covariance = np.zeros((2, 2))
    covariance[np.ix_(columns, columns)] = inverse @ (score.T @ score) @ inverse
    (a, b), (c, d) = covariance.tolist()
    return replace(found, covariance=((a, b), (c, d)))


def out_of_limits(slope: Interval | None, ratio: Interval | None) -> bool:
    """Whether all of an interval leaves 0.9 to 1.1 (slope) or 0.95 to 1.05 (O:E).

    Figures beyond the limits alone say little: of a few hundred events they are so by chance.

    >>> out_of_limits(Interval(0.8, 0.7, 0.92), None), out_of_limits(Interval(0.8, 0.7, 0.89), None)
    (False, True)
    """
    told = ((slope, SLOPES), (ratio, RATIOS))
    return any(found and (found.high < low or found.low > high) for found, (low, high) in told)


def _slope(y: NDArray, risk: NDArray) -> float | None:
    if not 0 < y.sum() < len(y):
        return None
    found = calibration.slope(y, risk)
    return found if np.isfinite(found) else None


def _ratio(y: NDArray, risk: NDArray) -> float | None:
    return calibration.observed_expected(y, risk) if risk.sum() else None


def cross_fitted(
    y: NDArray, risk: NDArray, person: NDArray, method: str, *, random_state: int
) -> NDArray[np.float64]:
    """Risks repaired by fits that have not seen the person."""
    _, number = np.unique(person, return_inverse=True)
    fold = np.random.default_rng(random_state).permutation(number.max() + 1)[number] % FOLDS
    after = np.empty(len(y))
    for held_out in (fold == at for at in range(FOLDS)):
        after[held_out] = fit(y[~held_out], risk[~held_out], method).apply(risk[held_out])
    return after


def _rising(y: NDArray, risk: NDArray) -> tuple[tuple[float, float], ...]:
    """Knots of the isotonic curve, pulled half an event off 0 and 1, which no risk may be."""
    from sklearn.isotonic import IsotonicRegression

    margin = 0.5 / len(y)
    curve = IsotonicRegression(y_min=margin, y_max=1 - margin, out_of_bounds="clip").fit(risk, y)
    pairs = zip(curve.X_thresholds_, curve.y_thresholds_, strict=True)
    return tuple((float(x), float(value)) for x, value in pairs)


def _logit(risk: NDArray) -> NDArray[np.float64]:
    return logit(np.clip(risk, calibration.TINY, 1 - calibration.TINY))
