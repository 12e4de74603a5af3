"""Fitted models for other programs: ONNX, and XGBoost's own UBJSON.

    python -m ml.export MODEL_DIR --onnx FILE
    python -m ml.export MODEL_DIR --ubj FILE

The folder is one that `ml.persistence` (a served risk) or a study's `run` wrote; its digest is
checked before anything is opened. The export holds the model itself: its inputs are the columns
that the model sees after its encoders, in the order that the file names under `inputs`, missing
values as NaN. Limits, abstention and intervals stay with Carelens.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml import persistence, trees
from ml.explanation.facade import adds_logits, opened
from ml.trees import onnx_trees
from ml.trees.onnx_trees import INPUT


class NotExportable(ValueError):
    """A model that a format cannot hold."""


@dataclass(frozen=True, slots=True)
class Exportable:
    """A fitted learner, the names of its columns, and where it comes from."""

    learner: Any
    columns: tuple[str, ...]
    version: str


def read(folder: str | Path) -> Exportable:
    """The model of an artefact folder. Raises ArtifactAbsent, DigestMismatch, NotExportable."""
    manifest = persistence.read_manifest(folder)
    if "problem" not in manifest:
        artifact = persistence.load(folder)
        return Exportable(artifact.booster, tuple(manifest["features"]), manifest["version"])
    from ml.studies import tablefiles

    _, parts, manifest = tablefiles.read(folder)
    learner, columns = _core(parts["model"])
    return Exportable(learner, columns, manifest["version"])


def to_onnx(model: Exportable) -> bytes:
    """The learner as ONNX: one float input (rows, columns) called `inputs`.

    Trees give `margin`, what they add up to, and `probability` where that is a logit; other
    learners give what skl2onnx makes of them. Raises NotExportable.
    """
    try:
        graph = onnx_trees.graph(trees.read(model.learner), logits=adds_logits(model.learner))
    except trees.NotReadable:
        graph = _converted(model.learner, len(model.columns))
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
    return bytes(booster.save_raw("ubj"))


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
