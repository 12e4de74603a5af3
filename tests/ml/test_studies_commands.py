"""The three verbs of the served risks and of the disease table."""

import dataclasses
import json

import pandas as pd
import pytest

from ml import persistence, serving, tracking
from ml.datasets import nhanes
from ml.studies import disease_sets, disease_tables, registry, served
from tests.ml.datafolder import needs
from tests.ml.people import ARTIFACTS, measured, survey


@pytest.fixture
def table(tmp_path):
    """A kept-back part of the survey as a file, one person of it pregnant."""
    frame = survey(60, seed=3)
    frame.loc[5, "pregnant"] = 1
    path = tmp_path / "kept_back.csv.gz"
    frame.to_csv(path, index=False)
    return path


def test_score_writes_a_row_for_each_row_in_order(table, tmp_path):
    out = tmp_path / "risks.csv"
    folder = str(ARTIFACTS / "death_10y")

    served.main("death_10y", ["score", "--model", folder, "--data", str(table), "--out", str(out)])

    found, frame = pd.read_csv(out), nhanes.load(table)
    alone = serving.load(folder).assess(nhanes.to_facts(frame.iloc[[17]])[0])
    assert len(found) == 60
    assert found["risk"][17] == pytest.approx(alone.risk)
    assert found["abstained"][5]
    assert "pregnancy" in found["reason"][5]


def test_validate_writes_figures_with_intervals(table, tmp_path):
    out = tmp_path / "figures.json"
    folder = str(ARTIFACTS / "death_10y")

    served.main(
        "death_10y", ["validate", "--model", folder, "--data", str(table), "--json", str(out)]
    )

    found = json.loads(out.read_text())
    auroc = found["metrics"]["auroc"]
    assert found["rows"] + found["withheld"] == 59
    assert auroc["low"] <= auroc["value"] <= auroc["high"]
    (score,) = found["beside"].values()
    assert score["people"] == found["rows"]
    assert score["title"].startswith("Charlson")
    low, high = (score["differences"]["auroc"][end] for end in ("low", "high"))
    assert low < score["ours"]["auroc"]["value"] - score["theirs"]["auroc"]["value"] < high


def test_model_of_another_study_is_refused_in_one_sentence(table, tmp_path, capsys):
    with pytest.raises(SystemExit):
        served.main("ckd", ["score", "--model", str(ARTIFACTS / "death_10y"), "--data", str(table),
                            "--out", str(tmp_path / "x.csv")])  # fmt: skip

    assert capsys.readouterr().err == (
        "ckd: The folder holds a model of death_10y, not of ckd: give its own\n"
    )


def test_late_cycles_alone_cannot_validate_ten_years(tmp_path, capsys):
    survey(20).assign(cycle_start=2015).to_csv(tmp_path / "late.csv", index=False)

    with pytest.raises(SystemExit):
        served.main("death_10y", ["validate", "--model", str(ARTIFACTS / "death_10y"), "--data",
                                  str(tmp_path / "late.csv"), "--json", "x.json"])  # fmt: skip

    assert "No row tells the outcome" in capsys.readouterr().err


def test_run_stores_a_model_that_scores(tmp_path, monkeypatch):
    quick = dataclasses.replace(registry.get("cvd_death_10y"), trees=5, refits=2)
    monkeypatch.setitem(registry.STUDIES, "cvd_death_10y", quick)
    survey(500).to_csv(tmp_path / "survey.csv", index=False)

    folder, store = tmp_path / "model", tmp_path / "log"
    served.main("cvd_death_10y", ["run", "--data", str(tmp_path / "survey.csv"),
                                  "--out", str(folder), "--track", str(store)])  # fmt: skip

    assert serving.load(tmp_path / "model").task == "cvd_death_10y"
    told = json.loads((tmp_path / "model" / "report.json").read_text())
    assert set(told["evaluations"]) == {"cross_fitted", "later", "age_and_sex"}
    assert told["card"]["empty"] == []
    (run,) = tracking.open_store(store).runs("cvd_death_10y")
    found = told["evaluations"]["cross_fitted"]["metrics"]["auroc"]["value"]
    assert run["metrics"]["cross_fitted.auroc"] == found
    travels = persistence.read_manifest(folder)["card"]
    assert [row["text"] for row in travels] == [row["text"] for row in told["card"]["attributes"]]
    _takes_only_what_it_was_taught(folder, survey(500))


def _takes_only_what_it_was_taught(folder, taught):
    """Beyond the range of the training people, with its margin, nobody gets a number."""
    low, high = persistence.read_manifest(folder)["serving"]["ranges"]["sbp"]
    assert low < taught["sbp_mmhg"].min() < taught["sbp_mmhg"].max() < high
    model = serving.load(folder)
    (usual,) = nhanes.to_facts(taught[:1])
    extreme = {**usual.measurements, **measured(SBP=high + 1)}
    assert model.assess(usual).risk > 0
    outside = model.assess(dataclasses.replace(usual, measurements=extreme))
    assert outside.reason_code == "outside_training_range"


def test_disease_table_fits_scores_and_validates(tmp_path):
    needs("pima")
    out = tmp_path / "models"
    disease_tables.main(["run", "--out", str(out), "--only", "pima"])
    data = str(disease_tables.datasets.get("pima").path())
    how = ["--model", str(out / "pima"), "--data", data]
    disease_tables.main(["score", *how, "--out", str(tmp_path / "risks.csv")])
    disease_tables.main(["validate", *how, "--json", str(tmp_path / "figures.json")])

    row = pd.read_csv(out / "table.csv").iloc[0]
    assert 0.8 < float(row["auroc"].split()[0]) < 0.87
    assert len(pd.read_csv(tmp_path / "risks.csv")) == row["people"]
    assert json.loads((tmp_path / "figures.json").read_text())["rows"] == row["people"]


def test_hospital_is_foretold_by_the_others():
    needs("heart_uci")
    study = disease_sets.STUDIES["heart_uci"]

    found = disease_tables.left_out(study, disease_tables.datasets.load("heart_uci"), "dataset")

    assert set(found) == {"Cleveland", "Hungary", "Switzerland", "VA Long Beach"}
    assert found["Cleveland"] > 0.83 > found["Switzerland"]


def test_folder_of_another_study_is_no_disease_set(capsys):
    with pytest.raises(SystemExit):
        disease_tables.main(["score", "--model", str(ARTIFACTS / "ckd"), "--data", "x"])

    assert "'ckd' is none of the disease sets" in capsys.readouterr().err
