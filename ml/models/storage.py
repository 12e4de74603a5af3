"""Fitted models as bytes that cannot run code, the same bytes for the same model.

Boosters are taken out of the object and stored in their own formats (XGBoost: UBJSON, LightGBM:
text, packed refits: arrays); what is left (encoders, linear models, forests) goes through skops,
which restores only the types named in ALLOWED. skops names parts by memory address; they are
numbered anew here, so that the digest of a model tells the model and not the process.
"""

import copy
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

REST = "model.skops"
ALLOWED = (
    "interpret.glassbox._ebm._ebm.ExplainableBoostingClassifier",
    "interpret.glassbox._ebm._ebm.ExplainableBoostingRegressor",
    "ml.models.blend.Blend",
    "ml.models.early.EarlyStopped",
    "ml.models.published.PublishedScore",
    "ml.models.logtarget.LogTarget",
    "ml.models.quiet.Quiet",
    "ml.models.resampled.ResampledLogistic",
    "ml.models.resampled.ResampledTrees",
    "ml.models.splines.RestrictedCubicSpline",
    "ml.models.stack.Stack",
    "ml.models.storage.Apart",
    "ml.models.survival.ProportionalHazards",
    "ml.models.survival.SignedTimes",
    "ml.models.survival.SurvivalForest",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sksurv.ensemble.boosting.GradientBoostingSurvivalAnalysis",
    "sksurv.ensemble.forest.RandomSurvivalForest",
    "sksurv.ensemble.survival_loss.CoxPH",
    "sksurv.functions.StepFunction",
    "sksurv.linear_model.coxph.BreslowEstimator",
    "sksurv.linear_model.coxph.CoxPHSurvivalAnalysis",
    "sksurv.tree.tree.SurvivalTree",
)
Files = Mapping[str, bytes]


class UnknownParts(ValueError):
    """A stored model holds types that are not allowed."""


class Apart:
    """Stands for a booster that lies in a file of its own."""

    def __init__(self, file: str, wrapper: str):
        self.file = file
        self.wrapper = wrapper


def pack(model: Any) -> dict[str, bytes]:
    """The files of a fitted model, by name."""
    import skops.io

    files: dict[str, bytes] = {}

    def take_out(part: Any) -> Any:
        if (wrapper := type(part).__name__) not in _BOOSTERS:
            return part
        if not _is_fitted(part):
            return None  # the unfitted member of a blend or stack: its fitted twin is stored
        ending, to_bytes, _ = _BOOSTERS[wrapper]
        name = f"trees{len(files)}{ending}"
        files[name] = to_bytes(part)
        return Apart(name, wrapper)

    rest = _replaced(model, take_out)
    return {**files, REST: _steady(skops.io.dumps(rest))}


def unpack(files: Files) -> Any:
    """The model of `pack`. Raises UnknownParts when it holds a type that is not allowed."""
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    def put_back(part: Any) -> Any:
        if not isinstance(part, Apart):
            return part
        return _BOOSTERS[part.wrapper][2](files[part.file])

    try:
        rest = skops.io.loads(files[REST], trusted=list(ALLOWED))
    except UntrustedTypesFoundException as problem:
        raise UnknownParts(f"The model is not opened: {problem}") from problem
    return _replaced(rest, put_back)


def _replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of the object in which `change` has looked at every part; what is equal is shared."""
    changed = change(value)
    if changed is not value:
        return changed
    if isinstance(value, dict):
        return {key: _replaced(entry, change) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_replaced(entry, change) for entry in value)
    if hasattr(value, "get_params"):
        twin = copy.copy(value)
        for name, entry in vars(value).items():
            vars(twin)[name] = _replaced(entry, change)
        return twin
    return value


def _steady(raw: bytes) -> bytes:
    """The archive of skops with parts numbered in order of appearance and without dates."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    schema = parts.pop("schema.json").decode()
    numbers: dict[str, str] = {}

    def renumbered(match: re.Match) -> str:
        return match[1] + numbers.setdefault(match[2], str(len(numbers) + 1))

    schema = re.sub(r'("__id__": |"file": ")(\d+)', renumbered, schema)
    names = {_stem(name, numbers): content for name, content in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*sorted(names.items()), ("schema.json", schema.encode())):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _stem(name: str, numbers: Mapping[str, str]) -> str:
    stem, dot, ending = name.partition(".")
    return numbers.get(stem, stem) + dot + ending


def _is_fitted(booster: Any) -> bool:
    asked = getattr(booster, "__sklearn_is_fitted__", None)
    return asked() if asked else True


def _xgboost_bytes(model: Any) -> bytes:
    return bytes(model.get_booster().save_raw("ubj"))


def _xgboost(wrapper: str) -> Callable[[bytes], Any]:
    def load(raw: bytes) -> Any:
        import xgboost

        model = getattr(xgboost, wrapper)(n_jobs=1)
        model.load_model(bytearray(raw))
        return model

    return load


def _lightgbm_bytes(model: Any) -> bytes:
    return model.booster_.model_to_string().encode()


class LightGBMText(BaseEstimator):
    """A LightGBM model read from its text: probabilities or numbers, nothing else."""

    def __init__(self, text: str):
        import lightgbm

        self.text = text
        self.booster = lightgbm.Booster(model_str=text)

    def fit(self, X: Any, y: Any) -> Self:
        raise NotImplementedError("A model read from a file is not fitted again; build a new one")

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Any) -> np.ndarray:
        return self.booster.predict(X, num_threads=1)

    def predict_proba(self, X: Any) -> np.ndarray:
        found = self.booster.predict(X, num_threads=1)
        return found if found.ndim == 2 else np.column_stack([1 - found, found])


def _refits(raw: bytes) -> Any:
    from ml.models.refits import Refits

    return Refits.from_bytes(raw)


_BOOSTERS: dict[str, tuple[str, Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    "XGBClassifier": (".ubj", _xgboost_bytes, _xgboost("XGBClassifier")),
    "XGBRegressor": (".ubj", _xgboost_bytes, _xgboost("XGBRegressor")),
    "LGBMClassifier": (".lgb.txt", _lightgbm_bytes, lambda raw: LightGBMText(raw.decode())),
    "LGBMRegressor": (".lgb.txt", _lightgbm_bytes, lambda raw: LightGBMText(raw.decode())),
    "Refits": (".npz", lambda refits: refits.to_bytes(), _refits),
    "LightGBMText": (".lgb.txt", lambda m: m.text.encode(),
                     lambda raw: LightGBMText(raw.decode())),
}  # fmt: skip
