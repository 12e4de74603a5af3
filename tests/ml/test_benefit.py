"""Absolute benefit: the worked example, coverage in simulation, horizons, combinations, ties."""

import numpy as np
import pytest
from scipy.special import expit, logit

from ml import benefit as b


def test_the_worked_example_of_the_trial_and_its_number_needed_to_treat():
    found = b.benefit(b.Baseline(0.20, 0.1, 10), b.Effect.from_interval(0.70, 0.81, 0.75))
    assert found.arr == pytest.approx(0.050, abs=1e-12)
    assert found.nnt == pytest.approx(20)
    assert found.low < found.arr < found.high
    assert found.nnt_low < 20 < found.nnt_high


def test_without_doubt_about_the_baseline_the_interval_is_that_of_the_trial():
    found = b.benefit(b.Baseline(0.20, 0.0, 10), b.Effect.from_interval(0.70, 0.80))
    assert found.low == pytest.approx(0.20 * (1 - 0.80), rel=0.01)
    assert found.high == pytest.approx(0.20 * (1 - 0.70), rel=0.01)


def test_the_interval_covers_the_truth_of_simulated_people():
    rng = np.random.default_rng(7)
    people, worlds = 500, 40
    covered = []
    for _ in range(worlds):
        true_risk = expit(rng.normal(-1.5, 0.8, people))
        sd, rr_sd = rng.uniform(0.05, 0.4, people), rng.uniform(0.02, 0.2, people)
        estimated = expit(logit(true_risk) + sd * rng.normal(size=people))
        true_rr = rng.uniform(0.5, 1.1, people)
        rr = true_rr * np.exp(rr_sd * rng.normal(size=people))
        found = b.reductions(estimated, sd, rr, rr_sd)
        truth = true_risk * (1 - true_rr)
        covered.append(((found.low <= truth) & (truth <= found.high)).mean())
    covered = np.array(covered)
    assert 0.945 < covered.mean() < 0.955
    assert ((covered >= 0.93) & (covered <= 0.97)).mean() >= 0.9  # of 500 people, by chance 0.96


def test_one_pair_and_many_give_the_same_numbers():
    risks, rrs = np.array([0.02, 0.2, 0.6]), np.array([0.5, 0.75, 1.2])
    many = b.reductions(risks, 0.2, rrs, 0.1)
    for n in range(3):
        one = b.benefit(b.Baseline(risks[n], 0.2, 10), b.Effect(rrs[n], 0.1))
        assert (one.arr, one.low, one.high) == pytest.approx(
            (many.arr[n], many.low[n], many.high[n]), rel=1e-12
        )


def test_a_shorter_horizon_has_a_smaller_benefit_and_the_same_relative_one():
    baseline, effect = b.Baseline(0.20, 0.1, 10), b.Effect(0.75, 0.04)
    years = {n: b.benefit(baseline, effect, n) for n in (1, 5, 10)}
    assert years[1].arr < years[5].arr < years[10].arr
    for found in years.values():
        assert found.risk_after / found.risk == pytest.approx(0.75)


def test_harm_has_no_number_needed_to_treat():
    found = b.benefit(b.Baseline(0.03, 0.1, 1), b.Effect.from_interval(1.3, 1.7))
    assert found.arr < 0
    assert found.nnt is None


def test_an_interval_that_reaches_zero_has_no_largest_number_needed_to_treat():
    found = b.benefit(b.Baseline(0.1, 0.1, 10), b.Effect.from_interval(0.8, 1.1))
    assert found.nnt is not None
    assert found.nnt_high is None


def test_one_item_alone_multiplies_the_risk_and_many_are_capped():
    assert b.together(0.2, [0.75]) == pytest.approx(0.15)
    assert b.together(0.2, []) == pytest.approx(0.2)
    capped = b.together(0.2, [0.2] * 6)
    assert capped == pytest.approx(1 - 0.8**0.25)


def test_the_order_of_combined_items_does_not_matter():
    assert b.together(0.3, [0.9, 0.7, 0.8]) == pytest.approx(b.together(0.3, [0.8, 0.9, 0.7]))


def test_overlapping_intervals_share_a_place():
    assert b.ties([(0.05, 0.03, 0.07), (0.04, 0.02, 0.06), (0.005, 0.0, 0.01)]) == [1, 1, 3]
    assert b.ties([]) == []


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: b.Baseline(1.2, 0.1, 10), "fraction from 0 to 1"),
        (lambda: b.Baseline(0.2, -1, 10), "spread of 0 or more"),
        (lambda: b.Effect.from_interval(0.9, 0.7), "0 < low <= high"),
        (lambda: b.Effect.from_interval(0.7, 0.8, 0.95), "outside its interval"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_change_of_a_risk_factor_is_log_linear_in_its_size():
    per_five = b.Effect.from_interval(0.88, 0.92, 0.90)
    ten = b.Effect.per_unit(-10, -10, per_five, -5)
    assert ten.rr == pytest.approx(0.81)
    wide = b.Effect.per_unit(-14, -6, per_five, -5)
    assert wide.rr == pytest.approx(0.81)
    assert wide.sd > ten.sd
