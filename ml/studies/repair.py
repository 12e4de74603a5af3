"""Risks of a stored model put right on a site's own outcomes: the part that all studies share.

How much may be repaired follows from the number of events (`ml.evaluation.recalibration`): under 20
nothing, under 100 the level, from 100 level and slope; studies of a table with 1,000 and more a
free rising curve. The served risks keep to level and slope, which leave their order and the exact
explanation as they are. Before and after are told on people whom the repair has not seen.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import recalibration
from ml.evaluation.recalibration import Offer
from ml.evaluation.result import Evaluation

FILE = "recalibration.json"
KEY = "recalibration"  # in the manifest, and in its numbers for serving
WORDS = {"intercept": "level", "sigmoid": "level and slope", "isotonic": "rising curve"}
SHOWN = {"observed_expected": "O:E", "calibration_slope": "calibration slope"}


class NothingToRepair(ValueError):
    """A model cannot be recalibrated on these rows."""


def refuse_seen(share: float) -> None:
    """Raises NothingToRepair where a share of the rows was in the training."""
    if share:
        raise NothingToRepair(
            f"About {share:.0%} of these rows are rows that the model was fitted on: bring rows "
            "that it has not seen"
        )


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repair with the evaluations of the risks before it and, cross-fitted, after it."""

    offer: Offer
    before: Evaluation
    after: Evaluation

    def serving(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """The numbers that serving reads, with the repair."""
        return {**plain, KEY: self.offer.repair.to_json()}

    def record(self, manifest: Mapping[str, Any], rows: Mapping[str, Any]) -> dict[str, Any]:
        """The manifest with what was repaired, and on which rows."""
        return {**manifest, "recalibrated_on": dict(rows), KEY: self.offer.to_json()}

    def write(self, folder: Path, told: Mapping[str, Any]) -> None:
        """Both evaluations whole, for people; the manifest holds what serving needs."""
        found = {
            **told,
            "offer": self.offer.to_json(),
            "before": self.before.to_json(),
            "after": self.after.to_json(),
        }
        text = json.dumps(found, indent=1, allow_nan=False)
        (folder / FILE).write_text(text + "\n", encoding="utf-8")

    def sentences(self) -> list[str]:
        """What was done, and what it brought."""
        repair = self.offer.repair
        line = "" if repair.knots else f", {repair.shift:+.3f} {repair.stretch:+.3f} × logit"
        told = [f"{WORDS[repair.method]}{line}; {self.offer.reason}"]
        told += self.figures()
        return [*told, self._gain()] if self.offer.gain else told

    def figures(self) -> list[str]:
        """Calibration before the repair and after it, the latter on people left out of it."""
        return [
            f"{words} {_told(self.before, name)} before, {_told(self.after, name)} after"
            for name, words in SHOWN.items()
        ]

    def _gain(self) -> str:
        gain = self.offer.gain
        shown = "" if self.offer.worth_it else ": no gain is shown, the old risks may stay"
        return f"log-loss less by {gain.value:.4f} ({gain.low:.4f} to {gain.high:.4f}){shown}"


def made(
    y: NDArray,
    risk: NDArray[np.float64],
    person: NDArray,
    judge: Callable[[NDArray[np.float64]], Evaluation],
    *,
    keeps_order: bool = False,
    random_state: int,
) -> Repaired:
    """The repair that these outcomes carry. Raises NothingToRepair.

    `judge` evaluates risks of these rows. `keeps_order` allows level and slope only.
    """
    least = int(min(y.sum(), len(y) - y.sum()))
    method = recalibration.method_for(least)
    if method == "none":
        raise NothingToRepair(
            f"The risks stay as they are: the outcome came to {int(y.sum())} of {len(y)} rows, and "
            f"a repair needs {recalibration.FOR_INTERCEPT} with it and as many without"
        )
    if keeps_order and method == "isotonic":
        method = "sigmoid"
    how = {"random_state": random_state}
    offer = recalibration.offer(y, risk, person=person, method=method, **how)
    if offer.repair.stretch <= 0:
        raise NothingToRepair(
            "The higher the risk, the rarer the outcome in these rows: check how it is coded"
        )
    after = recalibration.cross_fitted(y, risk, person, method, **how)
    return Repaired(offer, judge(risk), judge(after))


def _told(found: Evaluation, name: str) -> str:
    value = found.metrics.get(name)
    return f"{value.value:.2f} ({value.low:.2f} to {value.high:.2f})" if value else "not known"
