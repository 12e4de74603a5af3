"""Comparison, kinds of validation, repair of risks, learning curves."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from ml.evaluation import calibration, comparison, discrimination, learning, recalibration
from ml.evaluation.validation import Status, Validation, of, optimism_corrected, status
from ml.uncertainty import stability


@pytest.fixture
def people():
    """Two inputs of which the second is weak, and outcomes from both."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(3000, 2))
    z = -1.5 + X @ [1.0, 0.4]
    return X, (rng.random(3000) < expit(z)).astype(int), expit(z)


def test_delong_agrees_with_the_paired_bootstrap(people):
    X, y, truth = people
    weaker = expit(X[:, 0] - 1.5)

    found = comparison.compare(y, truth, weaker, "binary", random_state=1)

    paired = found.differences["auroc"]
    assert found.delong.value == pytest.approx(paired.value, abs=1e-9)
    assert found.delong.low == pytest.approx(paired.low, abs=0.004)
    assert found.delong.high == pytest.approx(paired.high, abs=0.004)
    assert found.delong.low > 0


def test_delong_is_the_published_variance_by_brute_force():
    rng = np.random.default_rng(0)
    y = np.array([1] * 12 + [0] * 20)
    ours, theirs = rng.random((2, 32)).round(1)

    def kernel(risk):
        event, other = risk[y == 1][:, None], risk[y == 0][None, :]
        return (event > other) + 0.5 * (event == other)

    gap = kernel(ours) - kernel(theirs)
    variance = gap.mean(axis=1).var(ddof=1) / 12 + gap.mean(axis=0).var(ddof=1) / 20
    found = comparison.delong(y, ours, theirs)

    assert found.value == pytest.approx(gap.mean(), abs=1e-12)
    assert found.high - found.value == pytest.approx(1.959964 * np.sqrt(variance), abs=1e-6)


def test_a_model_compared_with_itself_differs_by_nought(people):
    _, y, truth = people

    found = comparison.compare(y, truth, truth, "binary", thresholds=[0.2], random_state=1)

    assert {(d.value, d.low, d.high) for d in found.differences.values()} == {(0, 0, 0)}


def test_gain_in_net_benefit_has_an_interval(people):
    _, y, truth = people

    found = comparison.compare(
        y, truth, np.full(3000, y.mean()), "binary", thresholds=[0.3], random_state=1
    )

    assert found.differences["net_benefit@0.3"].low > 0


def test_numbers_are_compared_by_error(people):
    X, _, truth = people

    found = comparison.compare(X[:, 0], X[:, 0] * 0.9, truth, "number", random_state=1)

    assert found.differences["mae"].high < 0


def test_survival_scores_are_compared_by_concordance(people):
    X, _, _ = people
    time = np.random.default_rng(1).exponential(np.exp(-X[:, 0]))
    y = np.column_stack([time, np.ones(3000)])

    found = comparison.compare(y, X[:, 0], X[:, 1], "survival", random_state=1, rounds=40)

    assert found.differences["c_index"].low > 0.1


@pytest.mark.parametrize("y", [[], [1] * 4 + [0] * 50])
def test_few_events_cannot_be_compared(y):
    found = comparison.compare(y, [0.2] * len(y), [0.3] * len(y), "binary", random_state=1)

    assert (found.differences, found.delong) == ({}, None)


def test_a_random_split_alone_cannot_be_called_validated():
    cross_fitted_over_rows = of("cross_fitted", split="row")

    assert status({Validation.APPARENT, cross_fitted_over_rows}) == Status.DEVELOPED


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["apparent"], Status.DEVELOPED),
        (["cross_fitted"], Status.INTERNAL),
        (["optimism"], Status.INTERNAL),
        (["cross_fitted", "later"], Status.VALIDATED),
        (["external"], Status.VALIDATED),
    ],
)
def test_status_follows_from_whom_it_was_measured_on(names, expected):
    assert status({of(name) for name in names}) == expected


def test_figures_of_another_model_are_no_validation():
    assert of("simplest") is None


def test_corrected_figures_are_those_of_new_people():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_300, 12))
    y = (rng.random(20_300) < expit(X[:, 0] - 1)).astype(int)
    here, new = slice(0, 300), slice(300, None)

    def fitted(rows):
        return LogisticRegression(C=1e6).fit(X[here][rows], y[here][rows])

    found = optimism_corrected(
        lambda rows: fitted(rows).predict_proba(X[here])[:, 1],
        lambda y, risk: {"auroc": discrimination.auroc(y, risk)},
        y[here],
        np.arange(300),
        random_state=1,
        rounds=40,
    )

    fresh = discrimination.auroc(y[new], fitted(np.arange(300)).predict_proba(X[new])[:, 1])
    auroc = found["auroc"]
    assert auroc.apparent > fresh + 0.03
    assert auroc.corrected == pytest.approx(fresh, abs=0.02)
    assert auroc.interval.low < fresh < auroc.interval.high
    assert auroc.apparent - auroc.optimism == pytest.approx(auroc.corrected)


@pytest.mark.parametrize("method", ["intercept", "sigmoid", "isotonic"])
def test_a_repair_brings_shifted_risks_back(people, method):
    _, y, truth = people
    shifted = expit(logit(truth) + 1)

    found = recalibration.offer(y, shifted, method=method, random_state=1)

    assert found.worth_it
    assert found.observed_expected_after == pytest.approx(1, abs=0.03)
    assert found.repair.apply(shifted).mean() == pytest.approx(y.mean(), abs=0.01)


def test_temperature_takes_away_the_stretch(people):
    _, y, truth = people

    found = recalibration.fit(y, expit(2 * logit(truth)), "temperature")

    assert found.stretch == pytest.approx(0.5, abs=0.05)


def test_good_risks_need_no_repair(people):
    _, y, truth = people

    found = recalibration.offer(y, truth, random_state=1)

    assert not found.worth_it
    assert found.slope_before == pytest.approx(1, abs=0.1)


def test_risks_out_of_limits_are_said_to_need_a_repair(people):
    _, y, truth = people

    assert recalibration.offer(y, expit(logit(truth) + 1), random_state=1).needed


@pytest.mark.parametrize("rows", [150, 400, 1000])
def test_right_risks_are_seldom_said_to_be_out_of_limits(rows):
    rng = np.random.default_rng(rows)
    told = []
    for _ in range(20):
        risk = expit(rng.normal(-2, 1, rows))
        y = (rng.random(rows) < risk).astype(float)
        told.append(recalibration.offer(y, risk, random_state=1).needed)

    assert np.mean(told) <= 0.15


@pytest.mark.parametrize(
    ("rows", "method", "stretch"), [(90, "intercept", 1.0), (600, "sigmoid", 0.7)]
)
def test_the_doubt_of_a_repair_holds_the_truth_of_nine_in_ten_small_sites(rows, method, stretch):
    rng = np.random.default_rng(1)
    fresh = rng.normal(-1.5, 1.2, 50)
    held = []
    for _ in range(80):
        z = rng.normal(-1.5, 1.2, rows)
        y = (rng.random(rows) < expit(0.7 + stretch * z)).astype(float)
        repair = recalibration.offer(y, expit(z), method=method, random_state=1).repair
        told, truth = repair.shift + repair.stretch * fresh, 0.7 + stretch * fresh
        held.append((np.abs(told - truth) <= stability.Z90 * repair.doubt(told)).mean())

    assert 0.85 <= np.mean(held) <= 0.95


def test_rows_of_one_person_tell_a_repair_no_surer_than_one_row(people):
    _, y, truth = people
    once = recalibration.offer(y[:600], truth[:600], random_state=1).repair
    person = np.tile(np.arange(600), 4)

    again = recalibration.offer(
        np.tile(y[:600], 4), np.tile(truth[:600], 4), person=person, method=once.method,
        random_state=1,
    ).repair  # fmt: skip

    np.testing.assert_allclose(again.covariance, once.covariance, rtol=1e-6, atol=1e-12)


def test_a_handful_of_events_carries_no_repair():
    found = recalibration.offer([1] * 5 + [0] * 95, np.full(100, 0.5), random_state=1)

    assert (found.repair.method, found.worth_it) == ("none", False)
    assert found.reason.startswith("not enough data: 5 events")


def test_a_repair_survives_its_file(people):
    _, y, truth = people
    repair = recalibration.fit(y, truth, "isotonic")

    again = recalibration.Recalibration.from_json(repair.to_json())

    np.testing.assert_array_equal(again.apply(truth), repair.apply(truth))
    line = recalibration.offer(y, truth, method="sigmoid", random_state=1).repair
    assert recalibration.Recalibration.from_json(line.to_json()) == line
    old = {"method": "intercept", "shift": 0.3, "stretch": 1.0, "knots": []}
    assert not recalibration.Recalibration.from_json(old).doubt(np.ones(3)).any()
    assert calibration.slope(y, again.apply(truth)) > 0


def test_more_people_teach_more(people):
    X, y, _ = people
    wide = np.column_stack([X, np.random.default_rng(0).normal(size=(3000, 40))])

    def refit(train, test):
        model = LogisticRegression(C=1e6, max_iter=500).fit(wide[train], y[train])
        return model.predict_proba(wide[test])[:, 1]

    found = learning.curve(
        refit, discrimination.auroc, y, np.arange(3000), random_state=1, shares=(0.05, 1)
    )

    assert [size.people for size in found] == [112, 2250]
    assert found[0].metric.high < found[1].metric.value
