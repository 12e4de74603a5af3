"""Ranking measures, off-policy estimates, the alert budget, and change beyond chance."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import ndcg_score

from ml.recommenders import achieved, budget, metrics, offpolicy

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WEEK = timedelta(days=7)


def test_ndcg_is_that_of_scikit_learn():
    rng = np.random.default_rng(3)
    items = np.array([f"i{n}" for n in range(12)])
    for _ in range(50):
        scores, taken = rng.random(12), rng.random(12) < 0.3
        if taken.any():
            ranked = items[np.argsort(-scores)].tolist()
            ours = metrics.ndcg_at(5, ranked, frozenset(items[taken]))
            assert ours == pytest.approx(ndcg_score([taken], [scores], k=5), abs=1e-12)


def test_measures_are_means_over_people_who_took_anything():
    lists, taken = [["a", "b"], ["b", "a"], ["a"]], [frozenset("a"), frozenset("a"), frozenset()]
    found = metrics.table(1, lists, taken, random_state=0)
    assert found["precision"].value == 0.5
    assert found["precision"].low <= 0.5 <= found["precision"].high


def test_nobody_took_anything_is_said_aloud():
    with pytest.raises(metrics.NobodyTookAnything, match="nothing to measure"):
        metrics.table(3, [["a"]], [frozenset()], random_state=0)


def test_the_gain_over_another_way_is_paired():
    taken = [frozenset("a")] * 40
    gain = metrics.gain("ndcg", 2, [["a", "b"]] * 40, [["b", "a"]] * 40, taken, random_state=0)
    assert (gain.low, gain.high) == pytest.approx((1 - 1 / np.log2(3),) * 2)


def test_identical_items_are_not_diverse_and_opposite_needs_are():
    features = {"a": np.array([1.0, 0]), "b": np.array([1.0, 0]), "c": np.array([0, 1.0])}
    assert metrics.diversity(2, [["a", "b"]], features) == pytest.approx(0)
    assert metrics.diversity(2, [["a", "c"]], features) == pytest.approx(1)


def test_what_few_take_is_newer():
    popularity = {"a": 0.5, "b": 0.125}
    assert metrics.novelty(1, [["b"]], popularity) == 3 > metrics.novelty(1, [["a"]], popularity)


def world(decisions, seed):
    """A log of a known policy, with the true reward of every action."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=decisions)
    truth = expit(np.column_stack([x, -x, np.full(decisions, -0.5)]))
    preference = np.column_stack([0.5 * x, np.zeros(decisions), np.full(decisions, 0.2)])
    propensity = np.exp(preference) / np.exp(preference).sum(axis=1, keepdims=True)
    action = np.array([rng.choice(3, p=row) for row in propensity])
    reward = (rng.random(decisions) < truth[np.arange(decisions), action]).astype(float)
    return offpolicy.Log(action, reward, propensity), truth


def better_policy(truth):
    return np.eye(3)[truth.argmax(axis=1)]


@pytest.mark.parametrize("estimator", ["ips", "snips", "dr"])
def test_the_interval_covers_the_truth_of_a_known_world(estimator):
    covered = 0
    for seed in range(60):
        log, truth = world(800, seed)
        policy = better_policy(truth)
        estimate = {
            "ips": lambda: offpolicy.ips(log, policy),  # noqa: B023
            "snips": lambda: offpolicy.snips(log, policy),  # noqa: B023
            "dr": lambda: offpolicy.doubly_robust(log, policy, 0.8 * truth + 0.05),  # noqa: B023
        }[estimator]()
        covered += estimate.low <= (policy * truth).sum(axis=1).mean() <= estimate.high
    assert covered >= 52


def test_doubly_robust_is_narrower_than_plain_weighing():
    log, truth = world(2000, 1)
    policy = better_policy(truth)
    plain, robust = offpolicy.ips(log, policy), offpolicy.doubly_robust(log, policy, truth)
    assert robust.high - robust.low < plain.high - plain.low


def test_what_was_never_done_cannot_be_estimated():
    log, _ = world(500, 2)
    never = log.propensity.copy()
    never[:, 2] = 0
    never /= never.sum(axis=1, keepdims=True)
    blind = offpolicy.Log(np.where(log.action == 2, 0, log.action), log.reward, never)
    estimate = offpolicy.ips(blind, np.tile([0.0, 0.0, 1.0], (500, 1)))
    assert estimate.value is None
    assert estimate.problem.startswith("Cannot estimate: 100%")


def test_a_log_too_small_for_the_policy_cannot_be_estimated():
    log, truth = world(60, 3)
    estimate = offpolicy.snips(log, better_policy(truth))
    assert estimate.value is None
    assert "are needed" in estimate.problem


def test_propensities_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="add up to 1"):
        offpolicy.Log(np.array([0]), np.array([1.0]), np.array([[0.5, 0.2]]))


def cards(count):
    return [budget.Card(n, "S07", 0.1 + n / 10_000, worth=n / 1000) for n in range(count)]


def given(sent=(), capacity=20, threshold=0.0, listed=None):
    return budget.decide(
        cards(1000) if listed is None else listed, sent, capacity=capacity, threshold=threshold,
        window=WEEK, now=NOW,
    )  # fmt: skip


def test_of_a_thousand_patients_not_more_than_the_budget_interrupt():
    decided = given()
    interrupting = [each.card.patient for each in decided if each.fate == "interrupts"]
    assert interrupting == list(range(980, 1000))
    assert len(decided) == 1000


def test_nothing_repeats_within_the_window_and_then_it_may():
    sent = [budget.Sent(999, "S07", NOW - timedelta(days=6)),
            budget.Sent(998, "S07", NOW - timedelta(days=8))]  # fmt: skip
    fates = {each.card.patient: each.fate for each in given(sent)}
    assert (fates[999], fates[998]) == ("repeated", "interrupts")


def test_the_urgent_always_interrupt_and_use_up_the_budget():
    urgent = [budget.Card(n, "F18", 0.9, 0.0, urgent=True) for n in range(3)]
    fates = [each.fate for each in given(capacity=4, listed=[*urgent, *cards(10)])]
    assert fates[:3] == ["interrupts"] * 3
    assert fates[3:].count("interrupts") == 1


def test_what_was_held_back_and_missed_is_listed():
    missed = budget.missed(given(), events={5, 990})
    assert [(each.card.patient, each.fate) for each in missed] == [(5, "over_budget")]


def test_the_threshold_keeps_to_the_capacity_and_never_goes_below_what_pays():
    rng = np.random.default_rng(5)
    risk = rng.beta(1, 8, 4000)
    y = (rng.random(4000) < risk).astype(int)
    cut = budget.threshold_within(y, risk, capacity_share=0.1, harm=0.05)
    assert (risk >= cut).mean() <= 0.1
    assert cut >= 0.05
    assert budget.threshold_within(y, risk, capacity_share=1.0, harm=0.99) > risk.max()


def measured_twice(effect, seed=1, people=4000):
    """People treated because their first value was high, with a true effect."""
    rng = np.random.default_rng(seed)
    stable = rng.normal(130, 12, people)
    first, second = (stable + rng.normal(0, 9, people) for _ in range(2))
    treated = first > 145
    return first[treated], second[treated] + effect, first, second


def test_without_an_effect_the_adjusted_change_is_about_none_and_the_naive_is_not():
    before, after, first, second = measured_twice(0)
    found = achieved.change(before, after, achieved.learn_again(first, second))
    assert found.naive < -4
    assert found.low <= 0 <= found.high


def test_a_true_effect_is_found_again():
    before, after, first, second = measured_twice(-6)
    found = achieved.change(before, after, achieved.learn_again(first, second))
    assert found.low <= -6 <= found.high
    assert found.naive < found.adjusted


def test_of_a_few_people_nothing_is_said():
    found = achieved.change([150] * 9, [140] * 9, achieved.Again(130, 15, 0.7))
    assert (found.people, found.adjusted) == (9, None)
