"""Fitted models for other programs: ONNX, and XGBoost's own UBJSON.

    python -m ml.export MODEL_DIR --onnx FILE
    python -m ml.export MODEL_DIR --ubj FILE

The folder is one that `ml.persistence` (a served risk) or a study's `run` wrote; its digest is
checked before anything is opened. The export holds the model itself: its inputs are the columns
that the model sees after its encoders, in the order that the file names under `inputs`, missing
values as NaN. Level and slope of a model that was repaired for a site are put into leaves and base,
or into the coefficients. Limits, abstention and intervals stay with Carelens.
"""

import argparse
import copy
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scipy.special import expit

from ml import persistence, trees
from ml.evaluation.recalibration import Recalibration
from ml.explanation.facade import adds_logits, opened
from ml.trees import onnx_trees
from ml.trees.onnx_trees import INPUT


class NotExportable(ValueError):
    """A model that a format cannot hold."""


@dataclass(frozen=True, slots=True)
class Exportable:
    """A fitted learner, the names of its columns, where it comes from, and a site's repair."""

    learner: Any
    columns: tuple[str, ...]
    version: str
    repair: Recalibration | None = None


def read(folder: str | Path) -> Exportable:
    """The model of an artefact folder. Raises ArtifactAbsent, DigestMismatch, NotExportable."""
    manifest = persistence.read_manifest(folder)
    stored = manifest["serving"].get("recalibration")
    come_from = (manifest["version"], Recalibration.from_json(stored) if stored else None)
    if "problem" not in manifest:
        artifact = persistence.load(folder)
        return Exportable(artifact.booster, tuple(manifest["features"]), *come_from)
    from ml.studies import tablefiles

    _, parts, _ = tablefiles.read(folder)
    return Exportable(*_core(parts["model"]), *come_from)


def to_onnx(model: Exportable) -> bytes:
    """The learner as ONNX: one float input (rows, columns) called `inputs`.

    Trees give `margin`, what they add up to, and `probability` where that is a logit; other
    learners give what skl2onnx makes of them. Raises NotExportable.
    """
    logits = adds_logits(model.learner)
    try:
        forest = trees.read(model.learner)
    except trees.NotReadable:
        graph = _converted(_repaired_linear(model), len(model.columns))
    else:
        graph = onnx_trees.graph(_repaired_forest(model, forest, logits=logits), logits=logits)
    for key, value in {"inputs": json.dumps(model.columns), "version": model.version}.items():
        entry = graph.metadata_props.add()
        entry.key, entry.value = key, value
    return graph.SerializeToString()


def to_ubj(model: Exportable) -> bytes:
    """XGBoost's own format, with the names of the columns. Raises NotExportable for others."""
    booster = _booster(model.learner)
    if booster is None:
        name = type(model.learner).__name__
        raise NotExportable(f"UBJSON holds XGBoost models, this is {name}: export it as ONNX.")
    return bytes(_repaired_booster(model, booster).save_raw("ubj"))


def _line(model: Exportable, *, holds: bool) -> tuple[float, float]:
    """Shift and slope of the repair, for learners whose numbers add up to a logit (`holds`)."""
    repair = model.repair
    if repair.knots or not holds:
        name = type(model.learner).__name__
        how = "a rising curve" if repair.knots else "level and slope of the logit"
        raise NotExportable(
            f"The risks of this {name} were repaired by {how}, which its numbers cannot hold: "
            "export the model as it was before the repair."
        )
    return repair.shift, repair.stretch


def _repaired_forest(model: Exportable, forest: trees.Forest, *, logits: bool) -> trees.Forest:
    if model.repair is None:
        return forest
    shift, slope = _line(model, holds=logits)
    return replace(forest, base=shift + slope * forest.base, value=slope * forest.value)


def _repaired_booster(model: Exportable, booster: Any) -> Any:
    """The booster with the repair in leaves and base score; a copy, for the learner is shared."""
    if model.repair is None:
        return booster
    shift, slope = _line(model, holds=adds_logits(model.learner))
    content = json.loads(booster.save_raw("json"))
    learner = content["learner"]
    for tree in learner["gradient_booster"]["model"]["trees"]:
        tree["split_conditions"] = [
            slope * number if child < 0 else number
            for number, child in zip(tree["split_conditions"], tree["left_children"], strict=True)
        ]
    base = expit(shift + slope * trees.read(booster).base)
    learner["learner_model_param"]["base_score"] = f"[{base:.9E}]"
    moved = type(booster)()
    moved.load_model(bytearray(json.dumps(content).encode()))
    return moved


def _repaired_linear(model: Exportable) -> Any:
    """A logistic regression with the repair in its coefficients; any other learner has no place."""
    if model.repair is None:
        return model.learner
    shift, slope = _line(model, holds=type(model.learner).__name__ == "LogisticRegression")
    moved = copy.copy(model.learner)
    moved.coef_ = slope * moved.coef_
    moved.intercept_ = shift + slope * moved.intercept_
    return moved


def _core(model: Any) -> tuple[Any, tuple[str, ...]]:
    """The learner inside a study's pipeline, and the columns that reach it."""
    inside = opened(model)
    if inside.steps is None:
        name = type(model).__name__
        raise NotExportable(f"{name} joins several models: export one of its members instead.")
    return inside.learner, tuple(map(str, inside.steps.get_feature_names_out()))


def _booster(learner: Any) -> Any:
    if type(learner).__module__.partition(".")[0] != "xgboost":
        return None
    return learner.get_booster() if hasattr(learner, "get_booster") else learner


def _converted(learner: Any, width: int) -> Any:
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    options = {id(learner): {"zipmap": False}} if hasattr(learner, "predict_proba") else None
    try:
        return convert_sklearn(
            learner,
            initial_types=[(INPUT, FloatTensorType([None, width]))],
            options=options,
            target_opset=onnx_trees.OPSETS,
        )
    except Exception as problem:  # the converter raises whatever its parsers do
        name = type(learner).__name__
        raise NotExportable(f"ONNX cannot hold this {name}: {problem}") from problem


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.export", description=__doc__)
    parser.add_argument("folder", type=Path, help="the model's folder")
    parser.add_argument("--onnx", type=Path, help="file to write as ONNX")
    parser.add_argument("--ubj", type=Path, help="file to write as UBJSON")
    given = parser.parse_args(arguments)
    if not (given.onnx or given.ubj):
        parser.error("say what to write: --onnx FILE or --ubj FILE")
    try:
        model = read(given.folder)
        for path, write in ((given.onnx, to_onnx), (given.ubj, to_ubj)):
            if path:
                path.write_bytes(write(model))
                sys.stdout.write(f"{path}: {model.version}, {len(model.columns)} inputs\n")
    except (NotExportable, persistence.ArtifactAbsent, persistence.DigestMismatch) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
