"""Every figure against scikit-learn, scikit-survival or arithmetic."""

import json

import numpy as np
import pytest
from sklearn import metrics as reference

from ml.evaluation import binary, censored, clinical, confusion, continuous, evaluate, multiclass


def exactly(value):
    return pytest.approx(value, abs=1e-9, rel=1e-9)


@pytest.fixture
def weighted():
    """Risks with ties, outcomes and whole-number weights."""
    rng = np.random.default_rng(11)
    risk = rng.beta(1.2, 4, 900).round(2).clip(0.01, 0.99)
    return (rng.random(900) < risk).astype(int), risk, rng.integers(0, 4, 900).astype(float)


@pytest.fixture
def followed():
    """Times in whole months with censoring, and a risk that tells something."""
    rng = np.random.default_rng(5)
    hazard = np.exp(rng.normal(-3, 0.8, 600))
    event, censoring = rng.exponential(1 / hazard), rng.uniform(0, 40, 600)
    risk = 1 - np.exp(-hazard[:, None] * [6, 12])
    return np.ceil(np.minimum(event, censoring)), event <= censoring, risk


def surv(time, event):
    return np.array(list(zip(event, time, strict=True)), dtype=[("e", bool), ("t", float)])


def test_ranking_and_error_of_weighted_risks_equal_scikit_learn(weighted):
    y, risk, weight = weighted

    found = binary.figures(y, risk, weight)

    assert found["auroc"] == exactly(reference.roc_auc_score(y, risk, sample_weight=weight))
    assert found["average_precision"] == exactly(
        reference.average_precision_score(y, risk, sample_weight=weight)
    )
    assert found["brier"] == exactly(reference.brier_score_loss(y, risk, sample_weight=weight))
    assert found["log_loss"] == exactly(reference.log_loss(y, risk, sample_weight=weight))


def test_weights_are_the_same_as_repeated_rows(weighted):
    y, risk, weight = weighted
    again = np.repeat(np.arange(len(y)), weight.astype(int))

    by_weight = binary.figures(y, risk, weight, (0.3,))
    by_rows = binary.figures(y[again], risk[again], np.ones(len(again)), (0.3,))

    # The knots of the smoother lie at quantiles of the rows themselves.
    for name in set(by_weight) - {"ici", "e90"}:
        assert by_weight[name] == exactly(by_rows[name]), name


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("accuracy", reference.accuracy_score),
        ("balanced_accuracy", reference.balanced_accuracy_score),
        ("sensitivity", reference.recall_score),
        ("ppv", reference.precision_score),
        ("f1", reference.f1_score),
        ("mcc", reference.matthews_corrcoef),
    ],
)
def test_ratios_of_a_decision_equal_scikit_learn(weighted, name, function):
    y, risk, weight = weighted

    found = confusion.ratios(confusion.cells(y, risk, 0.3, weight))

    assert found[name] == exactly(function(y, risk >= 0.3, sample_weight=weight))


def test_specificity_and_npv_are_recall_and_precision_of_the_others(weighted):
    y, risk, _ = weighted

    found = confusion.ratios(confusion.cells(y, risk, 0.3))

    assert found["specificity"] == exactly(reference.recall_score(1 - y, risk < 0.3))
    assert found["npv"] == exactly(reference.precision_score(1 - y, risk < 0.3))


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.61])
def test_net_benefit_is_the_formula(weighted, threshold):
    y, risk, _ = weighted
    true = np.sum((risk >= threshold) & (y == 1))
    false = np.sum((risk >= threshold) & (y == 0))

    expected = true / len(y) - false / len(y) * threshold / (1 - threshold)

    assert clinical.net_benefit(y, risk, threshold) == pytest.approx(expected, abs=1e-12)


def test_interventions_avoided_are_the_false_alarms_saved_at_equal_benefit(weighted):
    y, risk, _ = weighted

    (point,) = clinical.decision_curve(y, risk, [0.25])

    assert point.interventions_avoided == exactly((point.model - point.everybody) * 3)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("mae", reference.mean_absolute_error),
        ("rmse", reference.root_mean_squared_error),
        ("r2", reference.r2_score),
    ],
)
def test_errors_of_numbers_equal_scikit_learn(weighted, name, function):
    _, risk, weight = weighted
    y = risk + np.random.default_rng(1).normal(0, 0.2, len(risk))

    found = continuous.figures(y, risk, weight, 0.8)

    assert found[name] == exactly(function(y, risk, sample_weight=weight))


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_pinball_loss_equals_scikit_learn(weighted, at):
    y, risk, weight = weighted

    expected = reference.mean_pinball_loss(y, risk, alpha=at, sample_weight=weight)

    assert continuous.pinball(y, risk, at, weight) == exactly(expected)


def test_calibration_slope_of_numbers_is_least_squares(weighted):
    y, risk, _ = weighted

    assert continuous.slope(y, risk) == exactly(np.polyfit(risk, y, 1)[0])


def test_classes_equal_scikit_learn():
    rng = np.random.default_rng(2)
    probability = rng.dirichlet([1, 2, 3], 700)
    y = (rng.random((700, 1)) > probability.cumsum(axis=1)).sum(axis=1)
    chosen = probability.argmax(axis=1)

    found = multiclass.figures(y, probability, np.ones(700), "abc", "abc")

    assert found["log_loss"] == exactly(reference.log_loss(y, probability))
    assert found["accuracy"] == exactly(reference.accuracy_score(y, chosen))
    assert found["balanced_accuracy"] == exactly(reference.balanced_accuracy_score(y, chosen))
    assert found["f1_macro"] == exactly(reference.f1_score(y, chosen, average="macro"))
    assert found["f1_weighted"] == exactly(reference.f1_score(y, chosen, average="weighted"))
    assert found["mcc"] == exactly(reference.matthews_corrcoef(y, chosen))
    assert found["auroc_macro"] == exactly(
        reference.roc_auc_score(y, probability, multi_class="ovr")
    )
    np.testing.assert_array_equal(
        multiclass.confusion_matrix(y, probability), reference.confusion_matrix(y, chosen)
    )


def test_concordance_equals_scikit_survival(followed):
    from sksurv.metrics import concordance_index_censored, concordance_index_ipcw

    time, event, risk = followed
    score = risk[:, 0]

    uno = concordance_index_ipcw(surv(time, event), surv(time, event), score, tau=20)[0]

    assert censored.harrell_c(time, event, score) == exactly(
        concordance_index_censored(event, time, score)[0]
    )
    assert censored.uno_c(time, event, score, until=20) == exactly(uno)


def test_auc_and_brier_over_time_equal_scikit_survival(followed):
    from sksurv.metrics import brier_score, cumulative_dynamic_auc

    time, event, risk = followed
    y = surv(time, event)

    (auc,), _ = cumulative_dynamic_auc(y, y, risk[:, 1], [12])
    _, (brier,) = brier_score(y, y, 1 - risk[:, 1:], [12])

    assert censored.auc_at(time, event, risk[:, 1], 12) == exactly(auc)
    assert censored.brier_at(time, event, risk[:, 1], 12) == exactly(brier)


def test_kaplan_meier_equals_scikit_survival(followed):
    from sksurv.nonparametric import kaplan_meier_estimator

    time, event, _ = followed

    times, share = censored.kaplan_meier(time, event)
    expected_times, expected = kaplan_meier_estimator(event, time)

    np.testing.assert_array_equal(times, expected_times)
    np.testing.assert_allclose(share, expected, atol=1e-12)


def test_weighted_concordance_is_that_of_repeated_people(followed):
    time, event, risk = followed
    weight = np.random.default_rng(0).integers(0, 3, len(time))
    again = np.repeat(np.arange(len(time)), weight)

    by_weight = censored.uno_c(time, event, risk[:, 0], weight, until=20)
    by_rows = censored.uno_c(time[again], event[again], risk[again, 0], until=20)

    assert by_weight == exactly(by_rows)


def test_number_needed_to_treat_is_one_over_the_risk_taken_away():
    assert clinical.number_needed_to_treat(0.1, 0.2) == exactly(50)


def test_an_alert_for_every_stay_is_one_alert_for_the_patient():
    y = np.array([1, 0] * 20 + [0] * 40)
    risk = np.where(np.arange(80) < 40, 0.9, 0.1)
    person = np.repeat(np.arange(40), 2)

    found = evaluate(y, risk, "binary", person=person, thresholds=[0.5], random_state=1, rounds=20)

    (stays,), (patients,) = found.tables["thresholds"], found.tables["thresholds_by_person"]
    assert (stays.ppv, patients.ppv) == (0.5, 1.0)
    assert (found.rows, found.people) == (80, 40)


def test_json_holds_no_nan(followed):
    time, event, risk = followed

    found = evaluate(
        np.column_stack([time, event]),
        risk,
        "survival",
        horizons=[6, 12],
        thresholds=[0.999],
        random_state=1,
        rounds=10,
    )

    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["kind"] == "survival"
