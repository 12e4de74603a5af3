import datetime as dt
import shutil

from django.conf import settings

from predictions.services import training

DAY = dt.date(2026, 3, 1)


def builtin(fitted, folder, *, created_on):
    """Stand in for the fit: the artefact of the release, as training would write it."""
    return shutil.copytree(settings.MODEL_ARTIFACTS / "ckd", folder)


def test_the_same_artefact_again_leaves_the_one_that_may_serve_alone(monkeypatch):
    monkeypatch.setattr(training.train, "save", builtin)
    kept = training._keep(None, "ckd", DAY)
    before = kept.stat().st_ino

    assert training._keep(None, "ckd", DAY) == kept
    assert kept.stat().st_ino == before
    assert list(kept.parent.iterdir()) == [kept]
