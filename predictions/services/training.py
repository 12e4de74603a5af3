"""Retraining: the champion's own study on the newest data makes a challenger."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from healthcare.audit import services as audit
from healthcare.jobs import services as jobs
from ml import serving
from ml.datasets import nhanes
from ml.studies import STUDIES, train
from predictions.models import ModelVersion
from predictions.services import registry


def request_all() -> None:
    """Queue one training of each task; a second call while one waits adds nothing."""
    for task in STUDIES:
        jobs.enqueue("predictions.retrain", key=task, queue="training", arguments={"task": task})


def retrain(task: str, *, report: Callable[..., None]) -> ModelVersion:
    """Train a challenger; a person decides whether it serves.

    The same study on the same data gives the same artefact, which is then the version that
    is known already: retraining twice changes nothing.
    """
    try:
        frame = nhanes.load(Path(settings.NHANES_PATH))
    except (FileNotFoundError, ValueError) as absent:
        raise jobs.PermanentFailure(
            f"Training data are not there: {absent} Set NHANES_PATH; data/README.md says where "
            "the file comes from."
        ) from absent
    report(progress=1, total=3)
    fitted = train.fit(STUDIES[task], frame)
    report(progress=2, total=3)
    folder = Path(settings.MEDIA_ROOT) / "models" / task / fitted.digest[:16]
    train.save(fitted, folder)
    model = serving.load(folder)
    name = f"models/{task}/{folder.name}"
    version = registry.register(name, model, stage=ModelVersion.Stage.CHALLENGER)
    audit.record("model.trained", target=version, by=None)
    report(progress=3, total=3)
    return version
