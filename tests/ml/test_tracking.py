"""Runs and versions on a local store."""

import pytest

from ml import tracking

MANIFEST = {
    "task": "los",
    "version": "los-abc",
    "specification": "spec",
    "seed": 7,
    "data": {"digest": "d1", "rows": 10},
    "libraries": {"numpy": "2"},
    "figures": {
        "cross_fitted": {
            "metrics": {
                "r2": {"value": 0.5, "low": 0.4, "high": 0.6},
                "sensitivity@0.1": {"value": 0.5, "low": 0.4, "high": 0.6},
                "slope": {"value": None, "reason": "not enough data"},
            }
        }
    },
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "model.ubj").write_bytes(b"trees")
    return folder


@pytest.fixture(scope="module", params=[False, True], ids=["files", "mlflow"])
def store(request, tmp_path_factory):
    return tracking.open_store(tmp_path_factory.mktemp("store"), mlflow=request.param)


@pytest.fixture(scope="module")
def versions(store, model):
    return [store.log(MANIFEST, model), store.log({**MANIFEST, "seed": 8}, model)]


def test_every_run_is_a_new_version(versions):
    assert versions == ["1", "2"]


def test_run_is_known_by_data_seed_code_and_figures(store, versions):
    first = store.runs("los")[0]

    assert first["data_digest"] == "d1"
    assert str(first["seed"]) == "7"
    assert first["code"] == tracking.code_version()
    assert first["metrics"]["cross_fitted.r2.low"] == 0.4
    assert "cross_fitted.slope" not in first["metrics"]


def test_champion_and_challenger_stand_for_versions(store, versions):
    store.promote("los", "1", "champion")
    store.promote("los", "2", "challenger")
    store.promote("los", "2", "champion")

    assert store.holder("los", "champion") == "2"
    assert store.holder("los", "challenger") == "2"
    assert store.holder("sepsis", "champion") is None


def test_version_that_does_not_exist_is_not_promoted(store, versions):
    with pytest.raises(tracking.UnknownVersion, match="no version 99"):
        store.promote("los", "99", "champion")


def test_only_two_aliases_exist(store, versions):
    with pytest.raises(ValueError, match="champion, challenger"):
        store.promote("los", "1", "best")


def test_files_of_the_model_are_known_by_their_digest(model):
    told = tracking.facts(MANIFEST, model)

    assert set(told["files"]) == {"model.ubj"}
    assert len(told["files"]["model.ubj"]) == 64


def test_telemetry_is_off(store, versions):
    import os

    if isinstance(store, tracking.MLflowStore):
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
