"""Explanations: exact where they say so, measured where they are not, and honest in words."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from ml.explanation import counterfactual, effects, importance, quality
from ml.explanation.facade import METHODS, WrongMethod, explain
from ml.explanation.kernel import kernel_shap
from ml.explanation.surrogate import local_surrogate

RNG = np.random.default_rng(11)
NAMES = ("a", "b", "c", "d")
X = RNG.normal(size=(400, 4))


def additive(rows):
    return 2 * rows[:, 0] - rows[:, 1] + 0.5 * rows[:, 2]


def with_product(rows):
    return rows[:, 0] * rows[:, 1] + rows[:, 2]


@pytest.fixture(scope="module")
def logistic():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(X, (additive(X) > 0).astype(int))


@pytest.fixture(scope="module")
def booster():
    xgb = pytest.importorskip("xgboost")
    model = xgb.XGBClassifier(n_estimators=30, max_depth=3, n_jobs=1)
    return model.fit(X, (with_product(X) > 0).astype(int))


def test_trees_are_explained_exactly_and_add_up_to_the_logit(booster):
    split = explain(booster, X)

    assert (split.method, split.scale, split.exact) == ("TreeSHAP", "logit", True)
    margin = booster.predict(X, output_margin=True)
    assert np.abs(split.predictions - margin).max() < 1e-6


def test_the_package_has_one_door(booster):
    import ml.explanation

    assert ml.explanation.explain is explain
    with pytest.raises(AttributeError, match="no attribute 'guess'"):
        _ = ml.explanation.guess


def test_points_of_risk_add_up_to_risk_less_baseline(booster):
    split = explain(booster, X)

    gained = split.in_points().sum(axis=1)

    risk = expit(split.predictions)
    np.testing.assert_allclose(gained, 100 * (risk - split.baseline_risk), atol=1e-9)


def test_linear_contributions_are_those_of_shap(logistic):
    split = explain(logistic, X[:20], background=X, names=NAMES)

    assert split.method == "linear SHAP"
    np.testing.assert_allclose(split.predictions, logistic.decision_function(X[:20]), atol=1e-9)
    expected = logistic.coef_[0] * (X[:20] - X.mean(axis=0))
    np.testing.assert_allclose(split.contributions, expected, atol=1e-12)


def test_a_scaled_linear_model_is_still_explained_in_closed_form():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = pd.DataFrame(X * [1, 10, 100, 1], columns=NAMES)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(frame, (additive(X) > 0).astype(int))

    split = explain(model, frame[:5], background=frame)

    assert (split.method, split.names) == ("linear SHAP", NAMES)
    np.testing.assert_allclose(split.predictions, model.decision_function(frame[:5]), atol=1e-9)


def test_trees_behind_encoders_are_split_among_the_columns_that_they_see():
    from ml.models import encoding, zoo

    frame = pd.DataFrame({"a": X[:, 0], "ward": np.where(X[:, 1] > 0, "x", "y")})
    recipe = zoo.Recipe(encoding.Columns(("a",), ("ward",)), "binary")
    model = zoo.build("xgboost", recipe, None).fit(frame, (additive(X) > 0).astype(int))

    split = explain(model, frame)

    assert (split.method, len(split.names)) == ("TreeSHAP", 2)
    np.testing.assert_allclose(
        expit(split.predictions), model.predict_proba(frame)[:, 1], atol=1e-6
    )


def test_kernel_shap_needs_numbers(logistic):
    with pytest.raises(WrongMethod, match="give words in a frame"):
        explain(logistic, [["high", 1]], background=[["low", 2]], method="kernel")


def test_kernel_shap_agrees_with_linear_shap_on_a_linear_model(logistic):
    exact = explain(logistic, X[:5], background=X[:50])

    sampled = explain(logistic, X[:5], background=X[:50], method="kernel")

    np.testing.assert_allclose(sampled.contributions, exact.contributions, atol=1e-6)


def test_sampled_kernel_shap_adds_up_and_comes_near():
    wide = RNG.normal(size=(60, 14))

    split = kernel_shap(
        lambda rows: rows[:, 0] * 3 + rows[:, 1] * rows[:, 2], wide[:4], wide,
        names=[str(n) for n in range(14)], coalitions=2000,
    )  # fmt: skip

    assert not split.exact
    np.testing.assert_allclose(split.predictions, wide[:4, 0] * 3 + wide[:4, 1] * wide[:4, 2])
    expected = 3 * (wide[:4, 0] - wide[:, 0].mean())
    assert np.abs(split.contributions[:, 0] - expected).max() < 0.3


def test_kernel_shap_of_one_input_gives_it_everything():
    split = kernel_shap(lambda rows: rows[:, 0] ** 2, [[3.0]], [[1.0], [2.0]], names=["x"])

    assert split.contributions.tolist() == [[9 - 2.5]]


@pytest.mark.parametrize(
    ("method", "words"),
    [("trees", "use the kernel method"), ("kernel", "background rows"), ("lime", "No method")],
)
def test_wrong_pairs_are_refused_in_a_sentence(logistic, method, words):
    with pytest.raises(WrongMethod, match=words):
        explain(logistic, X, method=method)


def test_every_method_names_its_source():
    assert all(method.source for method in METHODS.values())


def test_local_surrogate_finds_the_slopes_of_a_plane():
    surrogate = local_surrogate(additive, X[0], X, names=NAMES)

    np.testing.assert_allclose(
        surrogate.slopes, np.array([2, -1, 0.5, 0]) * X.std(axis=0), atol=0.05
    )
    assert surrogate.fit > 0.99


def test_local_surrogate_admits_a_poor_fit():
    bumpy = local_surrogate(lambda rows: np.sin(20 * rows[:, 0]), X[0], X, names=NAMES)

    assert bumpy.fit < 0.2


def test_permutation_importance_ranks_inputs_and_bounds_the_useless_one():
    found = importance.permutation_importance(
        additive, X, additive(X), importance.squared_error, names=NAMES
    )

    assert [one.group for one in found] == ["a", "b", "c", "d"]
    assert (found[-1].low, found[-1].high) == (0, 0)
    assert found[0].low > found[1].high


def test_grouped_permutation_sees_what_twins_hide():
    twins = np.column_stack([X[:, 0], X[:, 0], X[:, 1]])

    def mean_of_twins(rows):
        return rows[:, 0] + rows[:, 1]

    both, alone = (
        importance.permutation_importance(
            mean_of_twins, twins, 2 * X[:, 0], importance.squared_error,
            names=("x", "twin", "z"), groups=groups,
        )[0].increase
        for groups in ({"pair": ("x", "twin")}, {"x": ("x",)})
    )  # fmt: skip

    assert both > 1.8 * alone


def test_log_loss_of_a_sure_and_wrong_prediction_is_finite():
    assert np.isfinite(importance.log_loss(np.array([1]), np.array([0.0]))).all()


def test_effects_of_a_plane_are_its_slope():
    dependence = effects.partial_dependence(additive, X, "a", names=NAMES)
    local = effects.accumulated_local_effects(additive, X, "a", names=NAMES)

    for curve in (dependence, local):
        slope = np.diff(curve.effect) / np.diff(curve.grid)
        np.testing.assert_allclose(slope, 2, atol=1e-9)


def test_local_effects_do_not_blame_an_input_for_its_twin():
    twin = np.column_stack([X[:, 0], X[:, 0] + RNG.normal(size=400) * 0.01])

    curve = effects.accumulated_local_effects(
        lambda rows: rows[:, 1], twin, "first", names=("first", "second")
    )

    assert np.abs(curve.effect).max() < 1e-9


def test_individual_curves_differ_where_inputs_interact():
    curve = effects.individual_curves(with_product, X[:30], "a", names=NAMES, centered=True)

    assert curve.curves.shape == (30, 20)
    assert curve.curves[:, -1].std() > 1


def test_interaction_is_zero_without_and_large_with_a_product():
    none = effects.interaction(additive, X[:60], ("a", "b"), names=NAMES)
    some = effects.interaction(with_product, X[:60], ("a", "b"), names=NAMES)

    assert none.strength < 1e-6
    assert some.strength > 0.8


def test_effect_of_an_unknown_or_constant_input_is_refused():
    with pytest.raises(ValueError, match="No input is called z"):
        effects.partial_dependence(additive, X, "z", names=NAMES)
    with pytest.raises(ValueError, match="fewer than two values"):
        effects.partial_dependence(additive, np.zeros((5, 4)), "a", names=NAMES)


def risk(rows):
    return expit(additive(rows))


LOWER_A = counterfactual.Actionable("a", -1.5, 3, unit_change=1, direction=-1, effect=1)
FREE_B = counterfactual.Actionable("b", -2, 2, unit_change=1)


def test_what_if_reaches_the_target_with_few_changes_within_limits():
    row = np.array([1.0, 0.0, 1.0, 0.0])

    found = counterfactual.what_if(risk, row, [LOWER_A, FREE_B], names=NAMES, target=0.3)

    assert found
    assert all(one.reaches_target and one.after <= 0.3 < one.before for one in found)
    for one in found:
        assert len(one.changes) <= 3
        assert {change.name for change in one.changes} <= {"a", "b"}
        assert "not a treatment effect" in one.caution
        for change in one.changes:
            limits = LOWER_A if change.name == "a" else FREE_B
            assert limits.low <= change.after <= limits.high


def test_what_if_never_moves_an_input_the_wrong_way():
    against = counterfactual.Actionable("b", -2, 2, unit_change=1, effect=1)  # model says -1
    row = np.array([1.0, 0.0, 1.0, 0.0])

    assert counterfactual.what_if(risk, row, [against], names=NAMES, target=0.3) == ()


def test_what_if_out_of_reach_says_so():
    row = np.array([5.0, 0.0, 5.0, 0.0])

    found = counterfactual.what_if(risk, row, [FREE_B], names=NAMES, target=0.01)

    assert not found[0].reaches_target
    assert found[0].changes[0].after == 2


def test_what_if_leaves_missing_values_and_refuses_four_changes():
    row = np.array([np.nan, 0.0, 0.0, 0.0])

    assert counterfactual.what_if(risk, row, [LOWER_A], names=NAMES, target=0.1) == ()
    with pytest.raises(ValueError, match="Between one and 3"):
        counterfactual.what_if(risk, row, [], names=NAMES, target=0.1, most_changes=4)
    unknown = counterfactual.Actionable("z", 0, 1, 1)
    with pytest.raises(ValueError, match="no input called z"):
        counterfactual.what_if(risk, row, [unknown], names=NAMES, target=0.1)


def test_a_true_explanation_is_more_faithful_than_a_shuffled_one():
    phi = np.array([2, -1, 0.5, 0]) * X[:60]

    score = quality.faithfulness(additive, X[:60], phi, X)

    assert score.says_something
    assert score.low > score.shuffled


def test_shuffled_contributions_are_found_out():
    phi = RNG.permuted(np.array([2, -1, 0.5, 0]) * X[:60], axis=1)

    assert not quality.faithfulness(additive, X[:60], phi, X).says_something


def test_a_smooth_explanation_is_stable_and_noise_is_not():
    def true(rows):
        return np.array([2, -1, 0.5, 0]) * rows

    def noise(rows):
        return RNG.normal(size=rows.shape)

    spread = X.std(axis=0)
    assert quality.stability(true, X[:60], spread).score > 0.9
    assert quality.stability(noise, X[:60], spread).score < 0.3
