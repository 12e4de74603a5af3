"""Boosted trees on the logit of risk: fit, margins, bytes. Exact contributions: `ml.trees`.

XGBoost's own logistic loss is left as it is: no class weights, no resampling, native handling
of missing inputs (each split learns which way an unknown value goes).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from xgboost import Booster

BASE = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_bin": 64,
    "subsample": 0.7,
    "colsample_bytree": 0.4,
    "min_child_weight": 5,
    "reg_lambda": 5,
    "verbosity": 0,
}


class Stage(NamedTuple):
    """What the next `trees` learn: a label from 0 to 1 for each row, by other weights if given."""

    trees: int
    label: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None


def fit(
    X: NDArray[np.float32],
    weight: NDArray[np.float64],
    stages: Sequence[Stage],
    *,
    names: Sequence[str],
    parameters: Mapping[str, Any],
    monotone: Mapping[str, int],
    random_state: int,
    threads: int = 2,
) -> "Booster":
    """Fit on rows X (people, features) with their weights, one stage after another.

    The outcome is the label of the last stage. A stage without trees is passed over.
    """
    import xgboost as xgb

    settings = {
        **BASE,
        **parameters,
        "monotone_constraints": tuple(monotone.get(name, 0) for name in names),
        "base_score": float(np.average(stages[-1].label, weights=weight)),
        "nthread": threads,
    }
    data = xgb.QuantileDMatrix(
        X, weight=weight, feature_names=list(names), nthread=threads, max_bin=settings["max_bin"]
    )
    booster = None
    for number, stage in enumerate(stage for stage in stages if stage.trees):
        data.set_label(stage.label)
        data.set_weight(weight if stage.weight is None else stage.weight)
        # Another seed: the same one would draw the same rows and columns over again.
        settings["seed"] = random_state + number
        booster = xgb.train(settings, data, stage.trees, xgb_model=booster)
    return booster


def margins(booster: "Booster", X: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logit of risk, shape (people,)."""
    return booster.inplace_predict(X, predict_type="margin", validate_features=False).astype(float)


def base_value(booster: "Booster") -> float:
    """Mean margin of the training rows, in the bits that XGBoost states it in.

    Artefacts are known by their digest: the same training must give the same number for ever.
    """
    import xgboost as xgb

    nobody = np.full((1, booster.num_features()), np.nan, np.float32)
    data = xgb.DMatrix(nobody, feature_names=booster.feature_names, nthread=1)
    return float(booster.predict(data, pred_contribs=True)[0, -1])


def to_bytes(booster: "Booster") -> bytes:
    """The model as UBJSON, a format that holds numbers and names only."""
    return bytes(booster.save_raw("ubj"))


def from_bytes(raw: bytes) -> "Booster":
    """The model of `to_bytes`, on one thread."""
    import xgboost as xgb

    booster = xgb.Booster(params={"nthread": 1})
    booster.load_model(bytearray(raw))
    return booster
