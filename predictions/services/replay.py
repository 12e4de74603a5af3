"""Say a stored prediction again, to prove that it can be said again."""

from collections.abc import Iterator
from dataclasses import dataclass

from predictions import artifacts
from predictions.models import Prediction

TOLERANCE = 1e-12


@dataclass(frozen=True)
class Mismatch:
    prediction_id: int
    stored: float | None
    replayed: float | None
    reason: str


def mismatches(predictions: Iterator[Prediction]) -> Iterator[Mismatch]:
    """Those stored numbers that their model and inputs do not give any more."""
    for prediction in predictions:
        try:
            replayed = artifacts.load(prediction.version).replay(prediction.inputs)
        except (artifacts.BrokenArtifact, ValueError) as broken:
            yield Mismatch(prediction.pk, prediction.risk, None, str(broken))
            continue
        if prediction.risk is None or abs(replayed - prediction.risk) > TOLERANCE:
            yield Mismatch(prediction.pk, prediction.risk, replayed, "another number")
