"""Fitted models on disk. A file whose digest has changed is never opened."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from ml import serving
from predictions.models import ModelVersion


class TamperedArtifact(Exception):
    """The files of a model version are not those that were registered."""


def load(version: ModelVersion) -> serving.RiskModel:
    """The model of a version; kept in memory, since a version never changes."""
    model = _open(version.folder, version.digest)
    if model.digest != version.digest:
        raise TamperedArtifact(
            f"The files of {version} are not those that were registered. Run load_models, or "
            "restore them from the release."
        )
    return model


def serving_models() -> dict[str, serving.RiskModel]:
    """The serving model of every task, by task."""
    versions = ModelVersion.objects.filter(stage=ModelVersion.Stage.SERVING).order_by("task")
    return {version.task: load(version) for version in versions.defer("manifest")}


def path(folder: str) -> Path:
    """`builtin/ckd` lies in the repository, `models/…` under MEDIA_ROOT."""
    root, _, rest = folder.partition("/")
    base = {"builtin": settings.MODEL_ARTIFACTS, "models": Path(settings.MEDIA_ROOT) / "models"}
    return base[root] / rest


@lru_cache(maxsize=32)
def _open(folder: str, digest: str) -> serving.RiskModel:
    return serving.load(path(folder))
