"""Compiled trees say what the library that grew them says."""

import itertools
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest

from ml.models import boosting
from ml.trees import CompiledTrees, NotReadable, read
from ml.trees.forest import Forest, Tree

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


@pytest.mark.parametrize("depth", [1, 3, 4, 8])
@pytest.mark.parametrize("objective", ["binary:logistic", "reg:squarederror", "reg:tweedie"])
def test_margins_have_the_same_bits_as_xgboost(depth, objective):
    model, X = booster(depth, objective), table()

    expected = model.inplace_predict(X, predict_type="margin")

    assert (CompiledTrees.of(model).margins(X) == expected).all()


@pytest.mark.parametrize("score", ["1.2186198", "1.2701263", "1.197967", "1.2136289"])
def test_the_base_is_the_logarithm_of_the_c_library_to_the_last_bit(score):
    """Numbers whose logarithm in double precision, rounded, is another."""
    X = table(200)
    settings = {"objective": "reg:tweedie", "base_score": float(score), "nthread": 1}
    trained = xgb.train(settings, xgb.QuantileDMatrix(X, np.exp(np.nan_to_num(X[:, 0]))), 3)

    expected = trained.inplace_predict(X, predict_type="margin")

    assert (CompiledTrees.of(trained).margins(X) == expected).all()


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6, 8])
def test_contributions_are_those_of_the_definition_in_double_precision(depth):
    model, X = booster(depth, trees=10), table(60)

    found = CompiledTrees.of(model).contributions(X)

    expected = by_definition(model, X)
    # The margin is a single-precision sum; what it lost is spread over the contributions.
    lost = found.sum(axis=1) - expected.sum(axis=1)
    assert np.abs(lost).max() < 1e-6
    some = found[:, :-1] != 0
    gap = (lost / np.maximum(some.sum(axis=1), 1))[:, None]
    assert np.abs(found[:, :-1] - gap * some - expected[:, :-1]).max() < 1e-12
    assert found[0, -1] == pytest.approx(expected[0, -1], abs=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6, 8, 10])
def test_contributions_are_nearer_to_the_definition_than_those_of_xgboost(depth):
    """What XGBoost's differ by from ours is its own single precision, which grows with depth."""
    model, X = booster(depth), table(40)
    exact = by_definition(model, X)

    xgboost = np.abs(model.predict(xgb.DMatrix(X), pred_contribs=True) - exact).max()
    ours = np.abs(CompiledTrees.of(model).contributions(X) - exact).max()

    assert ours < 1e-6
    assert xgboost < 3e-5
    assert ours < xgboost or xgboost < 1e-6


def by_definition(model, X):
    """Shapley values of every tree, coalition by coalition, shape (rows, features + 1)."""
    return _definition(read(model), X)


def _definition(forest, X):
    out = np.zeros((len(X), forest.features + 1))
    out[:, -1] = forest.base
    for root in forest.root.tolist():
        players = sorted(asked_below(forest, root))
        worth = {}
        for size in range(len(players) + 1):
            for known in itertools.combinations(players, size):
                worth[frozenset(known)] = worth_of(forest, root, X, frozenset(known))
        out[:, -1] += worth[frozenset()]
        for player, (known, value) in itertools.product(players, worth.items()):
            if player not in known:
                orders = math.factorial(len(known)) * math.factorial(len(players) - len(known) - 1)
                gain = worth[known | {player}] - value
                out[:, player] += orders / math.factorial(len(players)) * gain
    return out


def asked_below(forest, node):
    if node < 0:
        return set()
    below = (asked_below(forest, child) for child in forest.child[node].tolist())
    return {int(forest.feature[node])}.union(*below)


def worth_of(forest, node, X, known):
    """Expected leaf of each row when the features of `known` are, and the others follow cover."""
    if node < 0:
        return np.full(len(X), float(forest.value[~node]))
    left, right = (worth_of(forest, child, X, known) for child in forest.child[node].tolist())
    if int(forest.feature[node]) not in known:
        return forest.share[node, 0] * left + forest.share[node, 1] * right
    value = X[:, forest.feature[node]]
    goes_right = np.where(np.isnan(value), forest.missing_right[node],
                          value >= forest.threshold[node])  # fmt: skip
    return np.where(goes_right, right, left)


def test_contributions_are_those_of_shap():
    shap = imported_shap()

    model, X = booster(4), table(200, missing=0)

    expected = shap.TreeExplainer(model).shap_values(X)

    assert np.abs(CompiledTrees.of(model).contributions(X)[:, :-1] - expected).max() < 3e-6


def imported_shap():
    with warnings.catch_warnings():  # it draws on what matplotlib is about to drop
        warnings.simplefilter("ignore")
        return pytest.importorskip("shap")


def test_contributions_add_up_to_the_margin():
    compiled, X = CompiledTrees.of(booster(4)), table()

    assert np.abs(compiled.contributions(X).sum(axis=1) - compiled.margins(X)).max() < 1e-6


@pytest.mark.parametrize("threads", [1, 3])
def test_a_row_alone_has_the_bits_it_has_in_a_crowd(threads):
    compiled, X = CompiledTrees.of(booster(4), threads=threads), table(7000)
    margins, contributions = compiled.margins(X), compiled.contributions(X)

    for row in (0, 255, 256, 6999):
        assert compiled.margins(X[row : row + 1])[0] == margins[row]
        assert (compiled.contributions(X[row : row + 1])[0] == contributions[row]).all()


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 6, 10])
def test_every_row_has_the_same_bits_alone_whatever_the_depth(depth):
    compiled, X = CompiledTrees.of(booster(depth, trees=15)), table(150)

    alone = np.concatenate([compiled.contributions(row[None]) for row in X])

    assert (alone == compiled.contributions(X)).all()


@pytest.mark.parametrize("rows", [1, 100])
def test_margins_and_contributions_can_be_had_in_one_call(rows):
    compiled, X = CompiledTrees.of(booster(4)), table(rows)

    margins, contributions = compiled.explained(X)

    assert (margins == compiled.margins(X)).all()
    assert (contributions == compiled.contributions(X)).all()


def test_trees_without_questions_stand_between_others():
    """One leaf and two leaves: trees without forks, without ends, and a chain of forks."""
    chain = Tree(
        left=np.array([1, -1, 3, -1, 5, -1, -1]), right=np.array([2, -1, 4, -1, 6, -1, -1]),
        feature=np.array([0, 0, 1, 0, 0, 0, 0]), threshold=np.zeros(7, np.float32),
        missing_right=np.zeros(7, bool), value=np.arange(7.0), cover=np.array(
            [8.0, 3, 5, 1, 4, 2, 2]
        ),
    )  # fmt: skip
    leaf = Tree(
        np.array([-1]), np.array([-1]), np.zeros(1, int), np.zeros(1, np.float32),
        np.zeros(1, bool), np.ones(1), np.ones(1),
    )  # fmt: skip
    stump = Tree(
        np.array([1, -1, -1]), np.array([2, -1, -1]), np.zeros(3, int), np.zeros(3, np.float32),
        np.zeros(3, bool), np.array([0.0, 1, 3]), np.array([4.0, 1, 3]),
    )  # fmt: skip
    trees = [leaf, chain, leaf, stump, chain, leaf]
    forest = Forest.of(trees, features=2, base=0.5, precision=np.float64)
    X = table(70, features=2)

    found = CompiledTrees(forest).contributions(X)

    assert np.abs(found - _definition(forest, X)).max() < 1e-12
    assert (found[3] == CompiledTrees(forest).contributions(X[3:4])[0]).all()


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


def test_features_that_no_tree_asks_contribute_nothing():
    model, X = booster(2, trees=3), table(50)
    asked = np.unique(read(model).feature)

    contributions = CompiledTrees.of(model).contributions(X)[:, :-1]

    assert (np.delete(contributions, asked, axis=1) == 0).all()
    assert (contributions[:, asked] != 0).any(axis=0).all()


def test_another_process_gives_the_same_bits(tmp_path):
    model, X = booster(4), table(3000)
    model.save_model(tmp_path / "model.ubj")
    np.save(tmp_path / "X.npy", X)
    code = (
        "import sys, numpy as np, xgboost; from ml.trees import CompiledTrees\n"
        "b = xgboost.Booster(); b.load_model(sys.argv[1] + '/model.ubj')\n"
        "X = np.load(sys.argv[1] + '/X.npy')\n"
        "np.save(sys.argv[1] + '/out.npy', CompiledTrees.of(b, threads=2).contributions(X))"
    )

    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)

    ours = CompiledTrees.of(model).contributions(X)
    assert (np.load(tmp_path / "out.npy") == ours).all()


def test_leaves_that_no_training_row_reached_do_not_divide_by_zero():
    model, X = booster(4, trees=2, min_child_weight=0, reg_lambda=1), table(20)
    forest = read(model)
    forest.share[:, :] = (0.0, 1.0)

    assert np.isfinite(CompiledTrees(forest).contributions(X)).all()


@pytest.mark.parametrize("missing", [0, 0.2])
def test_lightgbm_is_read_exactly(missing):
    lightgbm = pytest.importorskip("lightgbm")
    X = table(1500, missing=missing)
    y = (np.nan_to_num(X[:, 0] + X[:, 1]) > 0.5).astype(float)
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 15}
    model = lightgbm.train(settings, lightgbm.Dataset(X, y), 30)
    rows = table(300)

    compiled = CompiledTrees.of(model)

    np.testing.assert_allclose(
        compiled.margins(rows), model.predict(rows, raw_score=True), atol=1e-6
    )
    expected = model.predict(rows, pred_contrib=True, num_threads=1)
    np.testing.assert_allclose(compiled.contributions(rows), expected, atol=3e-6)


def sklearn_models():
    from sklearn import ensemble, tree

    return [
        ensemble.RandomForestClassifier(20, max_depth=12, random_state=0),
        ensemble.ExtraTreesRegressor(20, max_depth=6, random_state=0),
        ensemble.GradientBoostingClassifier(n_estimators=20, random_state=0),
        ensemble.HistGradientBoostingClassifier(max_iter=20, random_state=0),
        ensemble.HistGradientBoostingRegressor(max_iter=20, random_state=0),
        tree.DecisionTreeClassifier(max_depth=5, random_state=0),
    ]


@pytest.mark.parametrize("model", sklearn_models(), ids=lambda model: type(model).__name__)
def test_scikit_learn_is_read_exactly(model):
    X = table(800, missing=0)
    model.fit(X, (X[:, 0] + X[:, 1] * X[:, 2] > 0.5).astype(int))
    compiled = CompiledTrees.of(model)
    if hasattr(model, "decision_function"):
        expected = model.decision_function(X)
    else:
        classifier = hasattr(model, "predict_proba")
        expected = model.predict_proba(X)[:, 1] if classifier else model.predict(X)

    np.testing.assert_allclose(compiled.margins(X), expected, atol=1e-6)
    np.testing.assert_allclose(compiled.margins(X[:1]), expected[:1], atol=1e-6)
    np.testing.assert_allclose(compiled.contributions(X).sum(axis=1), expected, atol=1e-6)


@pytest.mark.parametrize(("depth", "word"), [(8, np.uint16), (None, None)])
def test_fine_forests_have_the_same_bits_by_blocks_and_by_walks(depth, word):
    """More thresholds than a byte counts take two; very bushy trees are walked row by row."""
    from sklearn.ensemble import ExtraTreesRegressor

    X = table(4000, missing=0)
    forest = ExtraTreesRegressor(40, max_depth=depth, random_state=0).fit(X, RNG.normal(size=4000))
    compiled = CompiledTrees.of(forest)
    tables = compiled.scoring_tables

    assert (tables.word if tables else None) is word
    together = compiled.margins(X[:100])
    assert (together == np.array([compiled.margins(row[None])[0] for row in X[:100]])).all()


def test_other_models_are_refused():
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(NotReadable, match="LogisticRegression"):
        read(LogisticRegression())
    assert isinstance(read(booster(2)), Forest)


def test_boosters_of_several_outputs_are_refused():
    X = table(300)
    settings = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    model = xgb.train(settings, xgb.DMatrix(X, RNG.integers(0, 3, 300)), 3)

    with pytest.raises(ValueError, match="one-output"):
        read(model)


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match="8 features"):
        CompiledTrees.of(booster(2)).margins(table(features=7))


def test_without_a_folder_for_the_cache_kernels_are_compiled_all_the_same(monkeypatch):
    from numba.core import caching

    from ml.trees.jit import compiled

    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])

    assert compiled(lambda x: x + 1)(1) == 2
