"""What the library promises as a whole: nothing that was asked for may drop out unnoticed."""

import dataclasses
import hashlib
import re
import runpy
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import datasets, persistence, tracking
from ml.datasets.synthetic import cohort
from ml.models import __main__ as models
from ml.models import clusters, encoding, zoo
from ml.studies import command, learning, tablecohort, tablefiles
from ml.studies.problem import Problem, Search, Split
from tests.ml.people import ARTIFACTS, ROOT
from tests.ml.wards import problem, stays, study

# Data sets


def test_every_folder_of_the_data_sets_has_a_loader():
    if not datasets.folder().is_dir():
        pytest.skip(f"there is no folder {datasets.folder()}")
    known = {Path(one.files[0]).parts[0] for one in datasets.DATASETS.values()}

    there = {path.name for path in datasets.folder().iterdir() if path.is_dir()}

    assert there - known == set()


def test_a_million_synthetic_people_take_minutes():
    begun = time.process_time()

    made = cohort.generate(20_000, 1, date(2026, 1, 1))

    assert len(made.people) == 20_000
    assert 50 * (time.process_time() - begun) < 300


# Specification


def test_a_problem_holds_every_part_of_the_question_and_cannot_be_changed():
    asked = {"population", "index_time", "outcome", "time_at_risk", "look_back", "washout",
             "inputs", "split", "model", "search", "metrics"}  # fmt: skip

    assert asked <= {one.name for one in dataclasses.fields(Problem)}
    assert {"available", "provenance"} <= {
        one.name for one in dataclasses.fields(problem().inputs[0])
    }
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem().washout = "a year"
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem().inputs[0].available = "before"


def test_a_search_inside_a_split_by_time_looks_forward_too():
    asked = problem(time="year", split=Split("time", 3), search=Search("grid", folds=3))
    found = tablecohort.cohort(asked, stays(300))

    pairs = learning._inner(asked, found)

    assert len(pairs) == 3
    for train, test in pairs:
        assert found.moment[train].max() < found.moment[test].min()


# The zoo

ASKED = {
    "number": {"linear", "ridge", "lasso", "elastic_net", "tree", "forest", "extra_trees",
               "histogram", "xgboost", "lightgbm", "svm", "neighbours", "network", "additive"},
    "binary": {"logistic", "ridge", "lasso", "elastic_net", "tree", "forest", "extra_trees",
               "histogram", "xgboost", "lightgbm", "svm", "neighbours", "bayes", "network",
               "additive", "stack", "published"},
    "classes": {"logistic", "tree", "forest", "xgboost", "lightgbm", "bayes"},
    "survival": {"cox", "survival_forest", "survival_boosting", "xgboost"},
}  # fmt: skip


@pytest.mark.parametrize("kind", ASKED)
def test_every_method_that_was_asked_for_is_in_the_catalogue(kind):
    assert ASKED[kind] <= {entry.name for entry in zoo.of_kind(kind)}


def test_one_command_trains_the_whole_zoo_and_marks_what_has_no_skill(tmp_path, capsys):
    stays(160).drop(columns="days").to_csv(tmp_path / "stays.csv", index=False)

    asked = ["compare", str(tmp_path / "stays.csv"), "--outcome", "died", "--person", "person"]
    assert models.main([*asked, "--folds", "2", "--json", str(tmp_path / "zoo.json")]) == 0

    lines = capsys.readouterr().out.splitlines()
    every = {entry.name for entry in zoo.of_kind("binary")} - {"published"}
    assert {line.split()[0] for line in lines} == every
    told = pd.read_json(tmp_path / "zoo.json").set_index("name")
    marked = {line.split()[0] for line in lines if line.endswith("no skill")}
    assert marked == set(told.index[~told["skilled"]])
    assert "baseline" in marked
    assert {"logistic", "forest"}.isdisjoint(marked)


def test_that_a_value_is_missing_is_an_input_of_linear_models():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    unknown = rng.random(400) < 0.1 + 0.7 * y
    X = pd.DataFrame({"lab": np.where(unknown, np.nan, rng.normal(size=400))})
    columns = encoding.Columns(("lab",))

    model = zoo.build("logistic", zoo.Recipe(columns, "binary"), None).fit(X, y)

    absent, known = model.predict_proba(pd.DataFrame({"lab": [np.nan, 0.0]}))[:, 1]
    assert absent > 0.7 > 0.4 > known


def test_many_rows_are_clustered_in_batches_and_rarely_go_astray():
    rng = np.random.default_rng(0)
    rows = np.vstack([rng.normal(centre, 0.5, (2000, 2)) for centre in (0, 4, 8)])

    found = clusters.kmeans(rows, range(2, 5), random_state=1)

    assert len(rows) > clusters.IN_ONE_BATCH
    assert found.k == 3
    assert sorted(np.bincount(found.labels)) == [2000, 2000, 2000]


def test_umap_keeps_neighbours_together():
    rng = np.random.default_rng(0)
    rows = np.vstack([rng.normal(centre, 0.5, (40, 3)) for centre in (0, 6, 12)])

    places = clusters.umap(rows, random_state=1)

    apart = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (apart.argmin(axis=1) // 40 == np.arange(120) // 40).all()


# Studies

STUDIES = ("undiagnosed_diabetes", "ckd", "death_10y", "cvd_death_10y", "death_survival",
           "diabetes_prevalence", "cvd_prevalence", "los_microsoft", "los_diabetes130",
           "los_diabetes130_stay", "los_vitaldb", "los_support2", "ward_forecast",
           "readmission_diabetes130", "support2_death", "nhanes1_survival", "heart_failure",
           "framingham_chd", "framingham_survival", "disease_tables")  # fmt: skip
OPTIONS = {"run": ("--data", "--out"), "score": ("--model", "--data", "--out"),
           "validate": ("--model", "--data", "--json")}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("verb", OPTIONS)
def test_every_study_is_a_command_with_three_verbs(name, verb, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, verb, "--help"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"ml.studies.{name}", run_name="__main__")

    assert ended.value.code == 0
    assert set(OPTIONS[verb]) <= set(re.findall(r"--\w+", capsys.readouterr().out))


@pytest.mark.parametrize("task", sorted(path.name for path in ARTIFACTS.iterdir()))
def test_the_interval_of_a_served_risk_rests_on_200_refits(task):
    artifact = persistence.load(ARTIFACTS / task)
    row = np.full((1, len(artifact.manifest["features"])), np.nan, np.float32)

    assert artifact.refits.margins(row).shape[1] >= 200


# Tracking


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A run that was logged: folder of the model, folder of the store."""
    folder = tmp_path_factory.mktemp("tracked")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(datasets, "load", lambda name, path=None: stays(200))
        out, store = str(folder / "model"), str(folder / "store")
        command.main(study(), ["run", "--out", out, "--track", store])
    return folder / "model", folder / "store"


def test_a_tracked_run_tells_data_code_seed_environment_files_and_figures(tracked):
    model, store = tracked
    manifest = tablefiles.read_manifest(model)

    (run,) = tracking.open_store(store, mlflow=True).runs("hospital_death")

    assert run["data_digest"] == manifest["data"]["digest"]
    assert run["code"] == tracking.code_version()
    assert run["seed"] == "7"
    assert {"library.python", "library.numpy", "library.scikit-learn"} <= set(run)
    for path in model.iterdir():
        assert run[f"file.{path.name}"] == hashlib.sha256(path.read_bytes()).hexdigest()
    auroc = manifest["figures"]["cross_fitted"]["metrics"]["auroc"]
    assert run["metrics"]["cross_fitted.auroc.low"] == pytest.approx(auroc["low"])


def test_the_page_of_experiments_opens_the_store_that_runs_log_to():
    recipe = re.search(r"^mlflow:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)[1]

    assert tracking.LOCAL.as_posix() == "var/mlflow"
    assert f"sqlite:///$(CURDIR)/{(tracking.LOCAL / tracking.DATABASE).as_posix()}" in recipe
    assert "MLFLOW_DISABLE_TELEMETRY=true" in recipe


def test_no_file_of_a_model_can_run_code(tracked):
    files = [*tracked[0].iterdir(), *(path for path in ARTIFACTS.rglob("*") if path.is_file())]
    plain = {".json", ".txt", ".html", ".ubj", ".npz", ".skops", ".xml"}

    assert {path.suffix for path in files} <= plain
    for path in files:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype != object for name in arrays.files)


def test_a_run_says_what_moves_the_model_and_whether_to_believe_it(tracked):
    told = tablefiles.read_manifest(tracked[0])["explanation"]

    assert told["movers"][0]["name"] == "age"
    assert all(one["low"] > one["shuffled"] for one in told["quality"])
    assert "What moves the model" in (tracked[0] / "report.html").read_text(encoding="utf-8")
