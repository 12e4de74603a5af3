"""Fitted models on disk. A file whose digest has changed is never opened."""

import logging
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from ml import serving
from predictions.models import ModelVersion

log = logging.getLogger(__name__)


class BrokenArtifact(Exception):
    """The files of a model do not open, or are not those that were registered."""


def load(version: ModelVersion) -> serving.RiskModel:
    """The model of a version; kept in memory, since a version never changes.

    Raises BrokenArtifact.
    """
    try:
        return _registered(version.folder, version.digest)
    except BrokenArtifact as broken:
        raise BrokenArtifact(
            f"{version} does not open: {broken}. Restore its files or run load_models."
        ) from broken


def load_folder(folder: str) -> serving.RiskModel:
    """The model that lies in a folder now. Raises BrokenArtifact."""
    try:
        return serving.load(path(folder))
    except (OSError, ValueError) as broken:
        raise BrokenArtifact(f"{folder}: {broken}") from broken
    except LookupError as absent:
        raise BrokenArtifact(f"{folder}: its manifest is not in order, {absent}") from absent


def opened() -> Iterator[tuple[ModelVersion, serving.RiskModel]]:
    """Every serving version with its model, by task.

    One that does not open is logged and left out: what it said before stays as it was stored,
    and the other risks are told.
    """
    versions = ModelVersion.objects.filter(stage=ModelVersion.Stage.SERVING).order_by("task")
    for version in versions.defer("manifest"):
        try:
            yield version, load(version)
        except BrokenArtifact as broken:
            log.error("%s", broken)


def serving_models() -> dict[str, serving.RiskModel]:
    """The serving model of every task whose files are in order, by task."""
    return {version.task: model for version, model in opened()}


def fault(version: ModelVersion) -> str:
    """Why a version that serves tells nobody a risk now; "" when it does, or does not serve."""
    if version.stage != ModelVersion.Stage.SERVING:
        return ""
    try:
        load(version)
    except BrokenArtifact as broken:
        return str(broken)
    return ""


def path(folder: str) -> Path:
    """`builtin/ckd` lies in the repository, `models/…` under MEDIA_ROOT."""
    root, _, rest = folder.partition("/")
    base = {"builtin": settings.MODEL_ARTIFACTS, "models": Path(settings.MEDIA_ROOT) / "models"}
    return base[root] / rest


@lru_cache(maxsize=32)
def _registered(folder: str, digest: str) -> serving.RiskModel:
    """The model of a folder if it is the registered one; a failure is not remembered."""
    model = load_folder(folder)
    if model.digest != digest:
        raise BrokenArtifact(f"{folder} holds other files than those that were registered")
    return model
