"""The next test is the one whose answer may change what is advised."""

import numpy as np
import pytest
from scipy.special import expit, logit

from ml.uncertainty import decision

CUTS = [0.05, 0.2]


def test_the_chance_is_that_of_a_simulation():
    rng = np.random.default_rng(2)
    for margin, sd in [(logit(0.04), 0.5), (logit(0.1), 1.0), (logit(0.5), 0.8)]:
        drawn = expit(margin + sd * rng.normal(size=200_000))
        tier = np.searchsorted(CUTS, expit(margin), side="right")
        changed = np.mean(np.searchsorted(CUTS, drawn, side="right") != tier)
        assert decision.chance_of_another_tier(margin, sd, CUTS) == pytest.approx(
            changed, abs=0.005
        )


def test_a_test_that_cannot_change_the_tier_comes_after_one_that_can():
    far, near = {"a": 0.5}, {"a": 0.5}
    low = decision.of_groups(logit(0.0001), far, CUTS)[0].changes_tier
    close = decision.of_groups(logit(0.048), near, CUTS)[0].changes_tier
    assert low < 0.001 < close


def test_what_is_known_is_no_test():
    assert decision.of_groups(0.0, {"a": 0.0}, CUTS) == []


def test_shares_of_doubt_add_up():
    values = decision.of_groups(-2.0, {"a": 0.3, "b": 0.1, "c": 0.0}, CUTS)
    assert sum(value.share_of_doubt for value in values) == pytest.approx(1)
    assert [value.group for value in values] == ["a", "b"]


def test_on_a_cut_point_the_upper_tier_is_the_present_one():
    chance = decision.chance_of_another_tier(logit(0.05), 0.001, CUTS)
    assert chance == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("risk", [0.01, 0.05, 0.1, 0.2])
def test_no_test_gains_more_than_certainty_and_a_wider_one_gains_more(risk):
    gains = decision.gain_of_knowing(risk, [0.0, 0.3, 0.6, 1.0], 0.1)

    assert gains[0] == pytest.approx(0, abs=1e-12)
    assert np.all(np.diff(gains) > -1e-12)
    assert gains[-1] <= decision.gain_of_certainty(risk, 0.1) + 1e-12


def test_the_expected_gain_is_that_of_a_simulation():
    risk, sd, cut = 0.08, 0.7, 0.1
    after = expit(logit(risk) + sd * np.random.default_rng(5).normal(size=400_000))
    after *= risk / after.mean()
    acted = np.maximum(after - (1 - after) * cut / (1 - cut), 0).mean()

    assert decision.gain_of_knowing(risk, [sd], cut)[0] == pytest.approx(acted, rel=0.03)
