"""Intervals of many rows look at groups of rows; equal risks must stay equal there."""

import numpy as np

from ml.evaluation import evaluate


def test_equal_risks_have_an_auroc_of_a_half_with_no_doubt_above_it():
    y = np.random.default_rng(0).integers(0, 2, 5000)

    found = evaluate(y, np.full(5000, 0.1), "binary", random_state=1, rounds=20).metrics["auroc"]

    assert (found.low, found.value, found.high) == (0.5, 0.5, 0.5)


def test_interval_of_coarse_risks_lies_around_its_value():
    rng = np.random.default_rng(0)
    risk = rng.choice([0.05, 0.1, 0.2, 0.4], 6000)
    y = (rng.random(6000) < risk).astype(int)

    found = evaluate(y, risk, "binary", random_state=1, rounds=50).metrics["auroc"]

    assert found.low < found.value - 0.005
    assert found.high > found.value + 0.005
