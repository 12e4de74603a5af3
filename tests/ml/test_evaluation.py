"""Measures of prediction quality, against scikit-learn and hand values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from ml.evaluation import bootstrap, calibration, clinical, discrimination, evaluate, subgroups

PAIRS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.51, 0.9])),
    min_size=4,
    max_size=40,
).filter(lambda pairs: len({y for y, _ in pairs}) == 2)


def sample(people=4000, *, stretch=1.0, seed=3):
    """Outcomes drawn from risks, and the risks with their logit stretched."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-1.5, 1.2, people)
    y = (rng.random(people) < 1 / (1 + np.exp(-z))).astype(int)
    return y, 1 / (1 + np.exp(-stretch * z))


@given(PAIRS)
def test_auroc_equals_scikit_learn(pairs):
    y, risk = np.array(pairs).T

    assert discrimination.auroc(y, risk) == pytest.approx(roc_auc_score(y, risk))


@given(PAIRS)
def test_average_precision_equals_scikit_learn(pairs):
    y, risk = np.array(pairs).T

    expected = average_precision_score(y, risk)

    assert discrimination.average_precision(y, risk) == pytest.approx(expected)


@given(PAIRS)
def test_log_loss_equals_scikit_learn(pairs):
    y, risk = np.array(pairs).T

    assert calibration.log_loss(y, risk) == pytest.approx(log_loss(y, risk))


@pytest.mark.parametrize("metric", [discrimination.auroc, discrimination.average_precision])
def test_one_class_alone_has_no_discrimination(metric):
    with pytest.raises(discrimination.OneClassOnly):
        metric([1, 1], [0.2, 0.4])


def test_true_risks_have_slope_one_and_intercept_nought():
    y, risk = sample(40_000)

    assert calibration.slope(y, risk) == pytest.approx(1, abs=0.05)
    assert calibration.intercept(y, risk) == pytest.approx(0, abs=0.05)
    assert calibration.observed_expected(y, risk) == pytest.approx(1, abs=0.05)


def test_stretched_risks_show_the_stretch_as_slope():
    y, risk = sample(stretch=2)
    _, plain = sample()

    assert calibration.slope(y, risk) == pytest.approx(calibration.slope(y, plain) / 2, abs=1e-6)


@pytest.mark.parametrize("risk", [np.full(60, 0.3), np.tile([0.1, 0.9], 30)])
def test_one_risk_for_all_or_perfect_order_has_no_slope(risk):
    y = np.tile([0, 1], 30)

    assert np.isnan(calibration.slope(y, risk))
    found = evaluate(y, risk, "binary", random_state=1).to_json()["metrics"]["calibration_slope"]
    assert found["value"] is None


def test_smooth_calibration_is_small_for_true_risks_and_large_for_halved_ones():
    y, risk = sample(40_000)

    good, _ = calibration.ici_and_e90(y, risk)
    bad, worst = calibration.ici_and_e90(y, risk / 2)

    assert good < 0.01 < 0.05 < bad < worst


def test_rare_outcomes_do_not_break_the_smoother():
    rng = np.random.default_rng(1)
    risk = np.exp(rng.normal(-6, 2.5, 20_000)).clip(1e-5, 0.9)
    y = (rng.random(20_000) < risk).astype(int)

    ici, e90 = calibration.ici_and_e90(y, risk)

    assert 0 < ici <= e90 < 0.03


def test_brier_skill_of_the_prevalence_is_nought():
    assert calibration.brier_skill([0, 1, 0, 0], [0.25] * 4) == pytest.approx(0)


def test_curve_counts_everybody_once():
    y, risk = sample()

    points = calibration.curve(y, risk)

    assert sum(point.count for point in points) == len(y)
    assert [p.predicted for p in points] == sorted(p.predicted for p in points)


def test_threshold_row_adds_up_per_thousand():
    row = clinical.threshold_row([1, 1, 0, 0, 0], [0.9, 0.1, 0.8, 0.2, 0.1], 0.5)

    assert (row.found, row.missed, row.false_alarms, row.flagged) == (200, 200, 200, 400)
    assert (row.ppv, row.number_needed_to_evaluate) == (0.5, 2)
    assert row.sensitivity == 0.5


def test_nobody_flagged_has_no_predictive_value():
    row = clinical.threshold_row([1, 0], [0.1, 0.1], 0.5)

    assert (row.ppv, row.number_needed_to_evaluate, row.net_benefit) == (None, None, 0)


def test_net_benefit_of_treating_all_is_the_formula_by_hand():
    assert clinical.net_benefit_of_treating_all([1, 0, 0, 0], 0.2) == pytest.approx(0.0625)


def test_bootstrap_interval_holds_the_value_and_repeats():
    y, risk = sample(500)

    def found():
        def figures(weight):
            return {"auroc": discrimination.auroc(y, risk, weight)}

        return bootstrap.intervals(figures, np.arange(500), random_state=1, rounds=50)["auroc"]

    assert found() == found()
    assert found().low < found().value < found().high


def test_small_cells_are_hidden():
    y = np.array([1] * 9 + [0] * 91 + [1, 0] * 50)
    parts = np.array(["few events"] * 100 + ["enough"] * 100)
    risk = np.linspace(0.1, 0.9, 200)

    enough, few = subgroups.table(y, risk, {"part": parts})

    assert (few.count, few.events, few.auroc) == (100, None, None)
    assert (enough.count, enough.events) == (100, 50)
