"""Exports say what the model says, to 1e-6."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from ml import export, persistence, serving
from ml.datasets import nhanes
from ml.export import Exportable, NotExportable
from ml.models import encoding, zoo
from ml.studies import command, served, table
from tests.ml.people import survey
from tests.ml.wards import stays, study

pytest.importorskip("skl2onnx")
runtime = pytest.importorskip("onnxruntime")
ARTIFACTS = Path(export.__file__).parent / "artifacts"
RNG = np.random.default_rng(2)
X = RNG.normal(size=(300, 4)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
COLUMNS = ("a", "b", "c", "d")


def run(content, rows):
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1  # with more, the trees are added in another order
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"inputs": rows})


@pytest.fixture(scope="module")
def plain():
    return export.read(ARTIFACTS / "ckd")


def people(model, missing=0.3):
    rows = RNG.normal(50, 30, (200, len(model.columns))).astype(np.float32)
    rows[RNG.random(rows.shape) < missing] = np.nan
    return rows


def test_a_served_risk_has_the_same_margins_in_onnx(plain):
    rows = people(plain)
    expected = plain.learner.inplace_predict(rows, predict_type="margin", validate_features=False)

    margin, probability = run(export.to_onnx(plain), rows)

    assert (margin[:, 0] == expected).all()
    np.testing.assert_allclose(probability[:, 0], expit(expected), atol=1e-6)


def test_the_file_names_its_columns_and_its_model(plain):
    import onnx

    graph = onnx.load_model_from_string(export.to_onnx(plain))

    about = {entry.key: entry.value for entry in graph.metadata_props}
    assert json.loads(about["inputs"]) == list(plain.columns)
    assert about["version"] == plain.version


def test_ubj_gives_the_same_bits(plain, tmp_path):
    import xgboost as xgb

    assert export.main([str(ARTIFACTS / "ckd"), "--ubj", str(tmp_path / "m.ubj")]) == 0

    copy, rows = xgb.Booster(), people(plain)
    copy.load_model(tmp_path / "m.ubj")
    ours, theirs = (
        b.inplace_predict(rows, predict_type="margin", validate_features=False)
        for b in (plain.learner, copy)
    )
    assert (ours == theirs).all()


def test_linear_models_have_the_same_probabilities():
    from sklearn.linear_model import LogisticRegression

    learner = LogisticRegression().fit(X, Y)

    found = run(export.to_onnx(Exportable(learner, COLUMNS, "1")), X)[1]

    np.testing.assert_allclose(found, learner.predict_proba(X), atol=1e-6)


def test_forests_have_the_same_probabilities():
    from sklearn.ensemble import RandomForestClassifier

    learner = RandomForestClassifier(10, max_depth=4, random_state=0).fit(X, Y)

    found = run(export.to_onnx(Exportable(learner, COLUMNS, "1")), X)

    assert len(found) == 1  # their trees add up to the probability itself
    np.testing.assert_allclose(found[0][:, 0], learner.predict_proba(X)[:, 1], atol=1e-6)


def test_histogram_boosting_and_lightgbm_have_the_same_probabilities():
    from sklearn.ensemble import HistGradientBoostingClassifier

    lightgbm = pytest.importorskip("lightgbm")
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(X, Y), 10)
    boosted = HistGradientBoostingClassifier(max_iter=10).fit(X, Y)

    for learner, expected in (
        (booster, booster.predict(X)),
        (boosted, boosted.predict_proba(X)[:, 1]),
    ):
        found = run(export.to_onnx(Exportable(learner, COLUMNS, "1")), X)[1]
        np.testing.assert_allclose(found[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize("name", ["xgboost", "logistic", "forest"])
def test_models_of_the_zoo_are_exported_behind_their_encoders(name):
    columns = encoding.Columns(("a", "b"), ("ward",))
    frame = pd.DataFrame(
        {"a": X[:, 0].astype(float), "b": X[:, 1].astype(float), "ward": np.where(Y, "x", "y")}
    )
    frame.loc[::7, "ward"] = "z"
    model = zoo.build(name, zoo.Recipe(columns, "binary"), None).fit(frame, Y)
    learner, names = export._core(model)
    encoded = encoding.encode(getattr(model, "pipeline_", model), frame)

    found = run(export.to_onnx(Exportable(learner, names, "1")), encoded)[-1][:, -1]

    assert len(names) == encoded.shape[1]
    np.testing.assert_allclose(found, model.predict_proba(frame)[:, 1], atol=1e-6)


def test_what_a_format_cannot_hold_is_refused_in_a_sentence():
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(NotExportable, match="UBJSON holds XGBoost models"):
        export.to_ubj(Exportable(LogisticRegression().fit(X, Y), COLUMNS, "1"))
    with pytest.raises(NotExportable, match="ONNX cannot hold this str"):
        export.to_onnx(Exportable("nothing", COLUMNS, "1"))


def test_a_changed_file_is_not_exported(tmp_path, capsys):
    for path in (ARTIFACTS / "ckd").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / persistence.MODEL).write_bytes(b"other")

    assert export.main([str(tmp_path), "--onnx", str(tmp_path / "m.onnx")]) == 1
    assert "is not opened" in capsys.readouterr().err
    assert not (tmp_path / "m.onnx").exists()


@pytest.fixture(scope="module")
def repaired(tmp_path_factory):
    """The folder of a served risk with the level and slope of a site."""
    folder = tmp_path_factory.mktemp("site")
    survey(500, seed=5).to_csv(folder / "rows.csv", index=False)
    served.main("death_10y", ["recalibrate", "--model", str(ARTIFACTS / "death_10y"),
                              "--data", str(folder / "rows.csv"),
                              "--out", str(folder / "model")])  # fmt: skip
    return folder / "model"


def test_a_repaired_served_risk_is_exported_with_its_repair(repaired, tmp_path):
    import xgboost as xgb

    model, exported = serving.load(repaired), export.read(repaired)
    told = [found for found in model.assess_many(nhanes.to_facts(survey(80, seed=6)))
            if hasattr(found, "risk")]  # fmt: skip
    rows = np.array([[found.inputs[name] for name in exported.columns] for found in told], float)
    (tmp_path / "m.ubj").write_bytes(export.to_ubj(exported))
    booster = xgb.Booster(model_file=tmp_path / "m.ubj")

    _, onnx = run(export.to_onnx(exported), rows.astype(np.float32))
    ubj = booster.inplace_predict(rows.astype(np.float32), validate_features=False)

    risks = [found.risk for found in told]
    np.testing.assert_allclose(onnx[:, 0], risks, atol=1e-6)
    np.testing.assert_allclose(ubj, risks, atol=1e-6)


@pytest.mark.parametrize("name", ["xgboost", "logistic", "histogram"])
def test_repaired_models_of_a_table_are_exported_with_their_repair(name, tmp_path):
    folder, rows = mended(name, tmp_path), stays(60, seed=9)
    fitted = table.FittedTable.load(folder, study().prepare)
    encoded = encoding.encode(opened_pipeline(fitted), fitted.inputs(rows))

    found = run(export.to_onnx(export.read(folder)), encoded)[-1][:, -1]

    np.testing.assert_allclose(found, fitted.predict(rows)["risk"], atol=1e-6)


def test_a_repair_that_a_learner_cannot_hold_is_refused_in_a_sentence(tmp_path, capsys):
    folder = mended("forest", tmp_path)

    assert export.main([str(folder), "--onnx", str(tmp_path / "m.onnx")]) == 1
    assert "were repaired by level and slope of the logit" in capsys.readouterr().err
    assert not (tmp_path / "m.onnx").exists()


def mended(name, folder):
    """The folder of a small model whose risks were put right where half as many die."""
    asked = study(model=name)
    rows = stays(700, seed=3)
    spared = np.random.default_rng(0).random(len(rows)) < 0.5
    rows = rows.assign(died=rows["died"].where(~spared, 0.0))
    repaired, done = command.recalibrated(asked, table.fit(asked, stays(400)), rows)
    assert done.offer.repair.method == "sigmoid"
    return repaired.save(folder / "model")


def opened_pipeline(fitted):
    model = fitted.parts["model"]
    return getattr(model, "pipeline_", model)
