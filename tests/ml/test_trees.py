"""Compiled trees say what XGBoost says."""

import numpy as np
import pytest

from ml.models import boosting
from ml.trees import CompiledTrees, TooDeep
from ml.trees.packing import pack

xgb = pytest.importorskip("xgboost")

RNG = np.random.default_rng(3)


def table(rows=700, features=8, missing=0.2):
    X = RNG.normal(size=(rows, features)).astype(np.float32)
    X[RNG.random(X.shape) < missing] = np.nan
    return X


def booster(depth, objective="binary:logistic", trees=40, **settings):
    X = table(1500)
    signal = np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) * np.nan_to_num(X[:, 2])
    y = (signal > 1).astype(float) if "logistic" in objective else np.exp(signal / 2)
    settings = {"objective": objective, "max_depth": depth, "nthread": 1, "seed": 1} | settings
    trained = xgb.train(settings, xgb.QuantileDMatrix(X, y), trees)
    return boosting.from_bytes(boosting.to_bytes(trained))  # as it is served


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("objective", ["binary:logistic", "reg:squarederror", "reg:tweedie"])
def test_margins_have_the_same_bits_as_xgboost(depth, objective):
    model, X = booster(depth, objective), table()

    expected = model.inplace_predict(X, predict_type="margin")

    assert (CompiledTrees.of(model).margins(X) == expected).all()


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 6])
def test_contributions_are_those_of_xgboost(depth):
    model, X = booster(depth), table()

    expected = model.predict(xgb.DMatrix(X), pred_contribs=True)

    assert np.abs(CompiledTrees.of(model).contributions(X) - expected).max() < 5e-6


def test_contributions_are_those_of_shap():
    import shap

    model, X = booster(4), table(200, missing=0)

    expected = shap.TreeExplainer(model).shap_values(X)

    assert np.abs(CompiledTrees.of(model).contributions(X)[:, :-1] - expected).max() < 5e-6


def test_contributions_add_up_to_the_margin():
    compiled, X = CompiledTrees.of(booster(4)), table()

    assert np.abs(compiled.contributions(X).sum(axis=1) - compiled.margins(X)).max() < 5e-6


@pytest.mark.parametrize("threads", [1, 3])
def test_a_row_alone_has_the_bits_it_has_in_a_crowd(threads):
    compiled, X = CompiledTrees.of(booster(4), threads=threads), table(7000)
    margins, contributions = compiled.margins(X), compiled.contributions(X)

    for row in (0, 255, 256, 6999):
        assert compiled.margins(X[row : row + 1])[0] == margins[row]
        assert (compiled.contributions(X[row : row + 1])[0] == contributions[row]).all()


def test_extreme_values_go_where_xgboost_sends_them():
    model = booster(4)
    X = table(300)
    X[RNG.random(X.shape) < 0.2] = np.inf
    X[RNG.random(X.shape) < 0.2] = np.finfo(np.float32).min

    compiled = CompiledTrees.of(model)

    assert (compiled.margins(X) == _one_by_one(model, X)).all()


def _one_by_one(model, X):
    return model.predict(xgb.DMatrix(np.nan_to_num(X, nan=np.nan, posinf=3e38)), output_margin=True)


def test_a_model_of_one_leaf_says_its_base():
    model = booster(3, trees=1, min_child_weight=1e9)
    compiled, X = CompiledTrees.of(model), table(5)

    assert (compiled.margins(X) == model.inplace_predict(X, predict_type="margin")).all()
    assert (compiled.contributions(X)[:, :-1] == 0).all()


def test_trees_that_are_too_deep_are_refused():
    with pytest.raises(TooDeep, match="depth 7"):
        pack(booster(7, min_child_weight=0, reg_lambda=0))


def test_boosters_of_several_outputs_are_refused():
    X = table(300)
    settings = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    model = xgb.train(settings, xgb.DMatrix(X, RNG.integers(0, 3, 300)), 3)

    with pytest.raises(ValueError, match="one-output"):
        pack(model)


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match="8 features"):
        CompiledTrees.of(booster(2)).margins(table(features=7))
