"""The register of model versions: what is on file, what serves, who let it."""

import logging
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from ml import serving
from ml.studies import facts
from predictions.models import IncompleteCard, ModelVersion

log = logging.getLogger(__name__)
Stage = ModelVersion.Stage


def install_builtin() -> list[ModelVersion]:
    """Register the artefacts that come with the release and let new ones serve.

    A release replaces the artefacts of the one before it, whose files are gone then.
    A model that this site has trained and promoted itself goes on serving.
    """
    folders = sorted(path for path in settings.MODEL_ARTIFACTS.iterdir() if path.is_dir())
    return [_install(folder) for folder in folders]


def register(folder: str, model: serving.RiskModel, *, stage: Stage) -> ModelVersion:
    """Write down a version; the same artefact twice is the same version."""
    known = ModelVersion.objects.filter(task=model.task, digest=model.digest).first()
    if known:
        return known
    newest = ModelVersion.objects.filter(task=model.task).aggregate(newest=Max("number"))
    return ModelVersion.objects.create(
        task=model.task,
        title=model.study.title,
        number=(newest["newest"] or 0) + 1,
        stage=stage,
        folder=folder,
        digest=model.digest,
        manifest=model.manifest,
    )


@transaction.atomic
def promote(challenger: ModelVersion, *, by: User) -> None:
    """Let a challenger serve; the version that served until now retires. Raises IncompleteCard."""
    permissions.check(by, Permission.MODEL_PROMOTE)
    replaced = _replace_serving(challenger)
    _check_card(challenger)
    audit.record("model.promoted", target=challenger, by=by, replaced=str(replaced or ""))


def _check_card(version: ModelVersion) -> None:
    """Every source attribute is there, and what people say of the study has not changed since."""
    card = version.manifest.get("card", [])
    said = facts.of(version.task)
    blank = [row["title"] for row in card if not row["text"].strip()]
    stale = [row["title"] for row in card if said.get(row["code"], row["text"]) != row["text"]]
    if card and not blank and not stale:
        return
    found = (("lacks", blank), ("is out of date on", stale))
    trouble = [f"{word} {', '.join(titles)}" for word, titles in found if titles]
    raise IncompleteCard(
        f"{version} cannot serve: its model card {'; '.join(trouble) or 'has no attributes'}. "
        "Say it in ml/studies/facts.toml and train the model again."
    )


@transaction.atomic
def _install(folder: Path) -> ModelVersion:
    model = serving.load(folder)
    version = register(f"builtin/{folder.name}", model, stage=Stage.CHALLENGER)
    champion = ModelVersion.objects.filter(task=model.task, stage=Stage.SERVING).first()
    is_new_release = champion is None or champion.folder == version.folder
    if version.stage == Stage.CHALLENGER and is_new_release:
        _replace_serving(version)
        audit.record("model.installed", target=version, by=None)
    return version


def _replace_serving(challenger: ModelVersion) -> ModelVersion | None:
    versions = ModelVersion.objects.select_for_update().filter(task=challenger.task)
    champion = versions.filter(stage=Stage.SERVING).first()
    if champion:
        champion.move(Stage.SERVING, to=Stage.RETIRED)
    challenger.move(Stage.CHALLENGER, to=Stage.SERVING)
    return champion
