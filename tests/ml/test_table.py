"""Studies of a table from raw rows to stored predictions."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from ml import samples
from ml.models import encoding
from ml.persistence import ArtifactAbsent, DigestMismatch
from ml.studies import table, tablecohort, tablefiles
from ml.studies.beside import Beside
from ml.studies.problem import Split
from ml.studies.spec import Tier
from ml.studies.table import FittedTable, TableStudy
from tests.ml.wards import days, prepare, problem, stays, study

TIERS = (Tier("T0", 0.0, "Nothing", "own"), Tier("T1", 0.4, "See a doctor", "own"))


@pytest.fixture(scope="module")
def fitted():
    return table.fit(study(refits=5, tiers=TIERS), stays())


def test_every_row_gets_a_row_in_order(fitted):
    rows = stays(50, seed=9).sample(frac=1, random_state=1)

    found = fitted.predict(rows)

    alone = fitted.predict(rows.iloc[[7]])
    assert len(found) == 50
    assert found["risk"].iloc[7] == pytest.approx(alone["risk"].iloc[0], abs=1e-12)


def test_outcome_is_not_needed_to_score(fitted):
    rows = stays(20, seed=9)

    without = fitted.predict(rows.drop(columns=["died", "days"]))

    pd.testing.assert_frame_equal(without, fitted.predict(rows))


def test_row_outside_the_population_gets_a_reason_and_no_number(fitted):
    found = fitted.predict(stays(5).assign(age=[70, 17, 60, 50, 40]))

    assert found["abstained"].tolist() == [False, True, False, False, False]
    assert found["reason"][1] == "Under 18 years"
    assert found.loc[1, ["risk", "low", "high"]].isna().all()


def test_row_that_prepare_drops_is_told_the_population():
    dropped = TableStudy(problem(), lambda frame: frame[frame["age"] >= 18])

    found = table.fit(dropped, stays()).predict(stays(3).assign(age=[70, 17, 60]))

    assert found["reason"].tolist() == ["", "Outside the population: Adults with a stay", ""]


def test_row_with_hardly_any_input_gets_no_number(fitted):
    rows = stays(2)
    rows.loc[1, ["age", "albumin", "creatinine", "ward"]] = None

    assert fitted.predict(rows)["reason"].tolist()[1].startswith("Too many inputs")


def test_person_unlike_the_training_people_is_warned_of(fitted):
    found = fitted.predict(stays(2).assign(creatinine=[1.0, 4.5]))

    assert found["warning"].iloc[0] == ""
    assert "creatinine is 4.5" in found["warning"].iloc[1]
    assert not found["abstained"].any()


def test_number_is_withheld_from_strangers_when_the_problem_says_so():
    fitted = table.fit(study(abstain_outside=True), stays())

    found = fitted.predict(stays(2).assign(creatinine=[1.0, 4.5]))

    assert found["abstained"].tolist() == [False, True]
    assert np.isnan(found["risk"].iloc[1])


def test_risk_lies_in_its_interval_and_names_its_tier(fitted):
    found = fitted.predict(stays())

    assert (found["low"] <= found["risk"]).all()
    assert (found["risk"] <= found["high"]).all()
    assert ((found["risk"] >= 0.4) == (found["tier"] == "T1")).all()
    assert found["tier_flip_probability"].between(0, 1).all()


def test_interval_of_a_number_holds_its_share():
    fitted = table.fit(TableStudy(days(quantiles=(0.1, 0.5, 0.9)), prepare), stays(800))
    fresh = stays(800, seed=5)

    found = fitted.predict(fresh)

    inside = fresh["days"].between(found["low"], found["high"]).mean()
    assert inside == pytest.approx(0.8, abs=0.06)
    assert (found["q10"] <= found["q50"]).all()
    assert (found["low"] >= found["expected"].clip(upper=0)).all()


def test_foretold_quantiles_hold_their_shares():
    fitted = table.fit(
        TableStudy(days(quantiles=(0.1, 0.5, 0.9), groups=("ward",)), prepare), stays(800)
    )
    fresh = stays(800, seed=5)

    found = fitted.predict(fresh)

    shares = [(fresh["days"] <= found[name]).mean() for name in ("q10", "q50", "q90")]
    assert shares == pytest.approx([0.1, 0.5, 0.9], abs=0.08)
    told = fitted.manifest["quantiles"]
    assert [row["part"] for row in told] == ["all", "cardiac", "medical", "surgical"]
    assert told[0]["q90"] == pytest.approx(0.9, abs=0.04)


def test_a_logistic_model_has_an_interval_without_being_asked():
    found = table.fit(study(), stays()).predict(stays())

    assert (found["low"] < found["risk"]).all()
    assert (found["risk"] < found["high"]).all()
    few = table.fit(study(), stays(150)).predict(stays(150))
    assert (few["high"] - few["low"]).mean() > (found["high"] - found["low"]).mean()


def test_a_risk_of_survival_has_an_interval():
    asked = problem(kind="survival", outcome="days", horizon=5.0, model="cox", refits=20)
    frame = stays().assign(days=lambda rows: rows["days"].where(rows["died"] == 1, -rows["days"]))

    found = table.fit(TableStudy(asked, prepare), frame).predict(frame)

    assert (found["low"] < found["risk"]).all()
    assert (found["risk"] < found["high"]).all()


def test_classes_get_a_risk_each_that_sum_to_one():
    frame = stays().assign(ward=lambda rows: rows["ward"])
    inputs = problem().inputs[:4]
    asked = problem(
        kind="classes", outcome="ward", inputs=inputs, classes=("cardiac", "medical", "surgical")
    )

    found = table.fit(TableStudy(asked, prepare), frame).predict(frame)

    risks = found[["risk_cardiac", "risk_medical", "risk_surgical"]]
    np.testing.assert_allclose(risks.sum(axis=1), 1)
    assert set(found["predicted"]) <= set(asked.classes)


def test_survival_tells_the_risk_by_the_horizon():
    frame = stays().assign(followed=lambda rows: np.where(rows["died"] == 1, 1, -1) * rows["days"])
    asked = problem(kind="survival", outcome="followed", horizon=6.0, model="cox")

    fitted = table.fit(TableStudy(asked, prepare), frame)

    assert fitted.predict(frame)["risk"].between(0, 1).all()
    assert fitted.manifest["figures"]["cross_fitted"]["metrics"]["c_index"]["value"] > 0.6


def test_stored_study_predicts_the_same(fitted, tmp_path):
    again = FittedTable.load(fitted.save(tmp_path / "model"), prepare)

    pd.testing.assert_frame_equal(again.predict(stays(30)), fitted.predict(stays(30)))
    assert again.problem == fitted.problem


def test_same_problem_and_data_give_the_same_digests(tmp_path):
    for name in ("one", "two"):
        table.fit(study(refits=3, model="xgboost", parameters={"n_estimators": 5}), stays()).save(
            tmp_path / name
        )

    one, two = (tablefiles.read_manifest(tmp_path / name) for name in ("one", "two"))
    assert one["data"]["digest"] == two["data"]["digest"]
    assert one["model_digest"] == two["model_digest"]


def test_one_changed_value_changes_the_data_digest():
    changed = stays()
    changed.loc[3, "age"] += 1

    digests = {tablecohort.data_digest(study().cohort(frame)) for frame in (stays(), changed)}

    assert len(digests) == 2


def test_tampered_file_is_not_opened(fitted, tmp_path):
    folder = fitted.save(tmp_path)
    (folder / "model.model.skops").write_bytes(b"other")

    with pytest.raises(DigestMismatch, match=r"model\.model\.skops"):
        FittedTable.load(folder, prepare)


def test_tampered_manifest_is_not_opened(fitted, tmp_path):
    folder = fitted.save(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["problem"]["tiers"][1]["low"] = 0.9
    (folder / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(DigestMismatch, match=r"manifest\.json"):
        FittedTable.load(folder, prepare)


def test_changed_figure_is_refused_by_name(fitted, tmp_path):
    path = fitted.save(tmp_path) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["figures"]["cross_fitted"]["metrics"]["auroc"]["value"] = 0.99
    path.write_text(json.dumps(manifest))

    with pytest.raises(DigestMismatch, match=r"manifest\.json"):
        tablefiles.read_manifest(tmp_path)


def test_manifest_that_is_no_json_is_refused_by_name(fitted, tmp_path):
    path = fitted.save(tmp_path) / "manifest.json"
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(DigestMismatch, match=r"manifest\.json"):
        FittedTable.load(tmp_path, prepare)


@pytest.mark.parametrize(
    "chosen",
    [
        {"model": "neighbours"},
        {"model": "blend", "parameters": {"members": {"logistic": {}, "svm": {}}}},
    ],
)
def test_model_made_of_patients_rows_is_not_stored(chosen, tmp_path):
    with pytest.raises(tablefiles.KeepsRows, match="rows of patients"):
        tablefiles.write(tmp_path / "model", problem(**chosen), {}, {}, {})

    assert not (tmp_path / "model").exists()


def test_absent_model_is_named(tmp_path):
    with pytest.raises(ArtifactAbsent, match=r"manifest\.json"):
        FittedTable.load(tmp_path, prepare)


def test_table_without_an_input_is_refused_by_column(fitted):
    with pytest.raises(KeyError, match="albumin"):
        fitted.predict(stays(3).drop(columns="albumin"))


def test_table_without_the_outcome_cannot_train():
    with pytest.raises(tablecohort.NoOutcome, match="died"):
        table.fit(study(), stays().drop(columns="died"))


def test_outcome_of_three_values_is_no_binary_one():
    with pytest.raises(tablecohort.NoOutcome, match="0 or 1"):
        table.fit(study(), stays().assign(died=np.arange(400.0) % 3))


def test_hopelessly_few_rows_are_refused_unless_there_is_a_reason():
    few = stays(40)

    with pytest.raises(samples.TooFewRows, match="SAMPLE_SIZE"):
        table.fit(study(), few)
    reasoned = study(overrides={"SAMPLE_SIZE": "teaching"}, split=Split(folds=2))
    assert not table.fit(reasoned, few).manifest["sample_size"]["enough"]


def test_report_sets_later_years_simplest_model_and_other_scores_beside():
    told = dataclasses.replace(
        study(time="year", model="ridge"),
        beside={"age": Beside("Age alone", lambda rows: rows["age"].to_numpy())},
    )

    figures = table.fit(told, stays(800)).manifest["figures"]

    assert set(figures) - {"recalibrated"} == {
        "cross_fitted", "simplest", "age", "later"
    }  # fmt: skip
    assert figures["cross_fitted"]["metrics"]["auroc"]["value"] > 0.7


def test_category_codes_are_text_for_every_model():
    found = encoding.typed(stays(), tablecohort.columns_of(problem()))

    assert found["ward"].map(type).eq(str).all()
