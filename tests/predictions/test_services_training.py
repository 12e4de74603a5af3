import copy
import datetime as dt
import shutil
from dataclasses import replace

import pytest
from django.conf import settings
from django.urls import reverse

from healthcare.audit.models import AuditEvent
from ml import persistence
from predictions import artifacts
from predictions.models import ModelVersion
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


@pytest.mark.django_db
def test_a_stale_card_is_put_right_by_training_again(client, data_scientist, monkeypatch):
    """The advice of the refusal, all the way from a stale card to a version that serves."""
    whole = persistence.load(settings.MODEL_ARTIFACTS / "ckd")
    stale = copy.deepcopy(whole.manifest)
    stale["card"][0]["text"] = "Somebody who has left"
    trained = trains(monkeypatch, replace(whole, manifest=stale))
    client.force_login(data_scientist)
    url = reverse("model-promote", args=[trained.pk])

    refused = client.post(url)
    again = trains(monkeypatch, whole)
    served = client.post(url)

    assert (refused.status_code, served.status_code, again) == (409, 302, trained)
    assert "train the model again" in refused.content.decode()
    trained.refresh_from_db()
    assert trained.stage == ModelVersion.Stage.SERVING
    assert artifacts.load(trained).manifest["card"] == trained.manifest["card"]
    assert AuditEvent.objects.filter(action="model.manifest_renewed").count() == 1


def trains(monkeypatch, fitted):
    """A training of which only the minutes of the fit are left out."""
    monkeypatch.setattr(training, "_training_data", lambda: (None, ""))
    monkeypatch.setattr(training.train, "fit", lambda *told, **how: fitted)
    return training.retrain("ckd", today=DAY, report=lambda **progress: None)
