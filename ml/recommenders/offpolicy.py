"""What another way of recommending would have brought, from the log of the one in use.

Each logged decision has the action taken, the probability with which the logging policy took it
(its propensity), and the reward. Inverse propensity scoring weighs rewards by how much more often
the new policy would act so; the doubly robust estimator adds a model of the reward and is right
when either is (Dudík, Langford and Li, ICML 2011). Where the log hardly ever did what the new
policy would do, no estimate is given.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_EFFECTIVE = 50  # effective sample size, own choice
MOST_UNSUPPORTED = 0.05  # share of the new policy's actions that the log never could take
MOST_OFF = 0.1  # the weights' mean may be off 1 by this, or by chance (four standard errors)
Z95 = 1.959963984540054
FLOOR = 0.01  # propensities below are clipped, and counted


@dataclass(frozen=True, slots=True)
class Log:
    """Decisions in use: arrays of shape (decisions,) and (decisions, actions)."""

    action: NDArray[np.int64]
    reward: NDArray[np.float64]
    propensity: NDArray[np.float64]  # (decisions, actions): of the policy in use

    def __post_init__(self) -> None:
        if not np.allclose(self.propensity.sum(axis=1), 1, atol=1e-6):
            raise ValueError("The propensities of each decision have to add up to 1.")


@dataclass(frozen=True, slots=True)
class Overlap:
    """Whether the log can speak for the new policy."""

    effective_size: float  # (sum of weights)² / sum of squared weights
    largest_weight: float
    clipped: float  # share of decisions whose propensity was below the floor
    unsupported: float  # share of the new policy's actions that the log never takes
    mean_weight: float  # about 1 where the propensities are those of the log
    mean_weight_error: float

    @property
    def problem(self) -> str:
        """Why nothing can be estimated, or an empty text."""
        if self.unsupported > MOST_UNSUPPORTED:
            return (
                f"Cannot estimate: {self.unsupported:.0%} of what this policy would do was never "
                "done. Log some of it first."
            )
        if self.effective_size < LEAST_EFFECTIVE:
            return (
                f"Cannot estimate: the log holds the worth of {self.effective_size:.0f} decisions "
                f"of this policy, {LEAST_EFFECTIVE} are needed."
            )
        if abs(self.mean_weight - 1) > max(MOST_OFF, 4 * self.mean_weight_error):
            return (
                f"Cannot estimate: the weights add up to {self.mean_weight:.2f} of what they "
                "should, so the probabilities are not those with which the log was made."
            )
        return ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean reward a decision under the new policy; None with a problem where it cannot be said."""

    value: float | None
    low: float | None
    high: float | None
    overlap: Overlap

    @property
    def problem(self) -> str:
        return self.overlap.problem

    @property
    def said(self) -> str:
        """The value with its interval, or why there is none."""
        if self.value is None:
            return self.problem
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def overlap(log: Log, policy: NDArray[np.float64]) -> Overlap:
    """Diagnostics of a policy of shape (decisions, actions)."""
    chosen = log.propensity[np.arange(len(log.action)), log.action]
    weights = _weights(log, policy)
    square = float((weights**2).sum())
    return Overlap(
        effective_size=float(weights.sum()) ** 2 / square if square else 0.0,
        largest_weight=float(weights.max()),
        clipped=float((chosen < FLOOR).mean()),
        unsupported=float((policy * (log.propensity <= 0)).sum() / policy.sum()),
        mean_weight=float(weights.mean()),
        mean_weight_error=float(weights.std() / np.sqrt(len(weights))),
    )


def ips(log: Log, policy: NDArray[np.float64]) -> Estimate:
    """Inverse propensity scoring."""
    return _estimate(_weights(log, policy) * log.reward, overlap(log, policy))


def snips(log: Log, policy: NDArray[np.float64]) -> Estimate:
    """Self-normalised: less variance, a little bias (Swaminathan and Joachims, NeurIPS 2015)."""
    weights, diagnosis = _weights(log, policy), overlap(log, policy)
    if diagnosis.problem:
        return Estimate(None, None, None, diagnosis)
    mean = float((weights * log.reward).sum() / weights.sum())
    influence = weights * (log.reward - mean) / weights.mean()
    return _estimate(influence + mean, diagnosis)


def doubly_robust(log: Log, policy: NDArray[np.float64], expected: NDArray[np.float64]) -> Estimate:
    """`expected` is a model's reward of every action, shape (decisions, actions).

    Fit it on other decisions than these (cross-fitting), or the interval is too narrow.
    """
    rows = np.arange(len(log.action))
    by_model = (policy * expected).sum(axis=1)
    residual = log.reward - expected[rows, log.action]
    return _estimate(by_model + _weights(log, policy) * residual, overlap(log, policy))


def _weights(log: Log, policy: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = np.arange(len(log.action))
    return policy[rows, log.action] / np.maximum(log.propensity[rows, log.action], FLOOR)


def _estimate(terms: NDArray[np.float64], diagnosis: Overlap) -> Estimate:
    if diagnosis.problem:
        return Estimate(None, None, None, diagnosis)
    mean, error = float(terms.mean()), float(terms.std(ddof=1) / np.sqrt(len(terms)))
    return Estimate(mean, mean - Z95 * error, mean + Z95 * error, diagnosis)


def estimates(
    log: Log, policy: NDArray[np.float64], expected: NDArray[np.float64]
) -> dict[str, Estimate]:
    """All three by name; see `doubly_robust` for `expected`."""
    return {
        "inverse propensity": ips(log, policy),
        "self-normalised": snips(log, policy),
        "doubly robust": doubly_robust(log, policy, expected),
    }
