"""Retraining: the champion's own study on the newest data makes a challenger."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from django.conf import settings

from healthcare.audit import services as audit
from healthcare.jobs import services as jobs
from ml import serving
from ml.datasets import nhanes
from ml.studies import registry as studies
from ml.studies import train
from predictions.models import ModelVersion
from predictions.services import registry


def request_all() -> None:
    """Queue one training of each task; a second call while one waits adds nothing."""
    for task in studies.STUDIES:
        jobs.enqueue("predictions.retrain", key=task, queue="training", arguments={"task": task})


def retrain(task: str, *, today: date, report: Callable[..., None]) -> ModelVersion:
    """Train a challenger; a person decides whether it serves.

    The same study on the same data gives the same model, which is then the version that is
    known already: training it again brings its newest card to the register and no more.
    """
    frame, source = _training_data()
    report(progress=1, total=3)
    fitted = train.fit(studies.get(task), frame, source=source, threads=1)
    report(progress=2, total=3)
    version = _register(_keep(fitted, task, today))
    report(progress=3, total=3)
    return version


def _training_data():
    try:
        return nhanes.load(settings.NHANES_PATH), nhanes.source_digest(settings.NHANES_PATH)
    except (OSError, ValueError) as absent:
        raise jobs.PermanentFailure(
            f"The training data cannot be read ({absent}). Set NHANES_PATH to the file; "
            "data/README.md says where it comes from."
        ) from absent


def _keep(fitted: train.FittedStudy, task: str, today: date) -> Path:
    """Write the artefact and move its files to a folder named by its digest.

    A folder that is there may serve just now. It holds the same model, so each file is replaced
    at one stroke by its like; only what no digest of the model covers, as the card, may be newer.
    """
    models = Path(settings.MEDIA_ROOT) / "models" / task
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix="part-") as aside:
        part = train.save(fitted, Path(aside) / task, created_on=today)
        folder = models / serving.load(part).digest[:16]
        folder.mkdir(exist_ok=True)
        for file in part.iterdir():
            file.replace(folder / file.name)
    return folder


def _register(folder: Path) -> ModelVersion:
    name = f"models/{folder.parent.name}/{folder.name}"
    version = registry.register(name, serving.load(folder), stage=ModelVersion.Stage.CHALLENGER)
    audit.record("model.trained", target=version, by=None)
    return version
