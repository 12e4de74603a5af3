"""The register of model versions: what is on file, what serves, who let it."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from ml import serving
from ml.reports import card
from ml.studies import facts
from predictions import artifacts
from predictions.models import CannotServe, IncompleteCard, ModelVersion, WrongStage

log = logging.getLogger(__name__)
Stage = ModelVersion.Stage


def install_builtin(*, held: Callable[[str], object] = log.error) -> list[ModelVersion]:
    """Register what stands in the folders of the release and let it serve.

    A folder may hold a new release, a repaired model, or the one before put back. A model that
    this site has trained and promoted itself goes on serving. What does not open or has gaps in
    its card is told to `held` and does not serve; the other folders are installed all the same.
    """
    versions = []
    for path in sorted(path for path in settings.MODEL_ARTIFACTS.iterdir() if path.is_dir()):
        folder = f"builtin/{path.name}"
        try:
            model = artifacts.load_folder(folder)
            versions.append(register(folder, model, stage=Stage.CHALLENGER))
            _install(versions[-1], folder)
        except (artifacts.BrokenArtifact, CannotServe) as reason:
            held(str(reason))
    return versions


@transaction.atomic
def register(folder: str, model: serving.RiskModel, *, stage: Stage) -> ModelVersion:
    """Write down a version; the same model twice is the same version, with its newest card."""
    known = ModelVersion.objects.filter(task=model.task, digest=model.digest).first()
    if known:
        _renew(known, model.manifest)
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
def promote(challenger: ModelVersion, *, replacing: str, by: User) -> None:
    """Let a challenger serve; the version that served until now retires.

    `replacing` is the name of the one that serves in the eyes of the person who decides, "" for
    none: of two people who decide at once, the second is asked again. Raises CannotServe.
    """
    permissions.check(by, Permission.MODEL_PROMOTE)
    champion = _champion(challenger.task)
    if str(champion or "") != replacing:
        raise WrongStage(
            f"{champion or 'No version'} serves now, which was not so when you were asked. "
            "Look at both again."
        )
    _check_card(challenger)
    _replace(champion, challenger, Stage.CHALLENGER)
    audit.record("model.promoted", target=challenger, by=by, replaced=replacing)


def _renew(version: ModelVersion, manifest: Mapping[str, Any]) -> None:
    """Bring a newer card and figures of the same model to the register.

    A card with gaps never takes the place of a whole one: an old folder is only loaded again.
    """
    if manifest == version.manifest:
        return
    if _gaps(version.task, manifest) and not _gaps(version.task, version.manifest):
        return
    version.manifest = manifest
    version.save(update_fields=["manifest"])
    audit.record("model.manifest_renewed", target=version, by=None)


def _check_card(version: ModelVersion) -> None:
    """All 31 attributes are there, and what people say of the study has not changed since."""
    if gaps := _gaps(version.task, version.manifest):
        raise IncompleteCard(
            f"{version} cannot serve: its model card {gaps}. "
            "Say it in ml/studies/facts.toml and train the model again."
        )


def _gaps(task: str, manifest: Mapping[str, Any]) -> str:
    """What a card lacks, and where people say something else by now; "" when it is whole."""
    rows = {row["code"]: row for row in manifest.get("card", []) if row["text"].strip()}
    if not rows:
        return "has no attributes"
    said, titles = facts.of(task), card.titles()
    lacking = [title for code, title in titles.items() if code not in rows]
    stale = [
        row["title"]
        for code, row in rows.items()
        if row["source"] == "people" and said.get(code, row["text"]) != row["text"]
    ]
    found = (("lacks", lacking), ("is out of date on", stale))
    return "; ".join(f"{word} {', '.join(named)}" for word, named in found if named)


@transaction.atomic
def _install(version: ModelVersion, folder: str) -> None:
    """Let what stands in a folder serve in place of what stood in it before."""
    champion = _champion(version.task)
    if champion and (champion == version or champion.folder != folder):
        return
    _check_card(version)
    _replace(champion, version, Stage(version.stage))
    version.folder = folder
    version.save(update_fields=["folder"])
    audit.record("model.installed", target=version, by=None, replaced=str(champion or ""))


def _champion(task: str) -> ModelVersion | None:
    """The version that serves, read when nobody else is changing the stages of this task."""
    versions = ModelVersion.objects.select_for_update().filter(task=task).defer("manifest")
    return next((each for each in versions.order_by("pk") if each.stage == Stage.SERVING), None)


def _replace(champion: ModelVersion | None, version: ModelVersion, stage: Stage) -> None:
    if champion:
        champion.move(Stage.SERVING, to=Stage.RETIRED)
    version.move(stage, to=Stage.SERVING)
