"""Ranking measures, off-policy estimates, the alert budget, and change beyond chance."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import ndcg_score

from ml.recommenders import achieved, budget, collaborative, comparison, metrics, offpolicy

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


def test_a_list_of_one_has_no_diversity_and_an_unknown_item_is_as_new_as_the_rarest():
    features = {"a": np.array([1.0, 0]), "b": np.array([0.6, 0.8]), "c": np.array([0, 1.0])}
    found = metrics.diversities(3, [["a"], ["a", "b", "c"]], features)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(np.mean([0.4, 1.0, 0.2]))
    assert metrics.novelties(1, [["z"], []], {"a": 0.5, "b": 0.25})[0] == 2


def test_several_measures_at_once_are_those_one_by_one():
    values = np.random.default_rng(1).random((60, 2))
    people = np.arange(60) // 2
    both = metrics.measured_columns(values, random_state=3, people=people)
    for column, found in zip(values.T, both, strict=True):
        one = metrics.measured(column, random_state=3, people=people)
        assert (found.value, found.low, found.high) == pytest.approx((one.value, one.low, one.high))


def test_an_interval_by_person_is_wider_than_by_list_when_lists_of_one_are_alike():
    values = np.repeat(np.random.default_rng(2).random(40), 10)
    by_list = metrics.measured(values, random_state=0)
    by_person = metrics.measured(values, random_state=0, people=np.arange(400) // 10)
    assert by_person.high - by_person.low > 2 * (by_list.high - by_list.low)


@pytest.mark.parametrize(
    ("hybrid", "said"),
    [(["a", "b"], "beats popularity"), (["b", "a"], "includes zero"),
     (["b", "c"], "is worse than popularity")],
)  # fmt: skip
def test_the_verdict_is_plain(hybrid, said):
    other = ["b", "a"] if said != "is worse than popularity" else ["a", "b"]
    found = comparison.compare(
        {"hybrid": [hybrid] * 60, "popularity": [other] * 60}, [frozenset("a")] * 60, k=2,
        items=list("abc"), popularity={"b": 0.9, "a": 0.1}, people=np.arange(60),
    )  # fmt: skip
    assert said in found.verdict()


def test_neighbours_and_factors_know_what_goes_together_and_give_newcomers_the_popular():
    rng = np.random.default_rng(6)
    kind = rng.random(400) < 0.4
    taken = np.column_stack([kind, kind, ~kind, ~kind]) * (rng.random((400, 4)) < 0.9).astype(float)
    past = np.array([[1.0, 0, 0, 0], [0, 0, 0, 0]])
    for alike in (
        collaborative.neighbours(taken),
        collaborative.factors(taken, random_state=0, rank=2),
    ):
        scores = alike.scores(past)
        assert scores[0, 1] > scores[0, 2:].max()
        assert set(np.argsort(-scores[1])[:2]) == {2, 3}


def test_a_basket_is_everything_that_somebody_ever_took():
    found = collaborative.baskets(np.array([7, 3, 7]), np.array([[1.0, 0], [0, 0], [0, 1.0]]))
    assert found.tolist() == [[0, 0], [1, 1]]


def world(decisions, seed):
    """A log of a known policy, with the true reward of every action."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=decisions)
    truth = expit(np.column_stack([x, -x, np.full(decisions, -0.5)]))
    preference = np.column_stack([0.5 * x, np.zeros(decisions), np.full(decisions, 0.2)])
    propensity = np.exp(preference) / np.exp(preference).sum(axis=1, keepdims=True)
    action = (rng.random((decisions, 1)) > propensity.cumsum(axis=1)[:, :2]).sum(axis=1)
    reward = (rng.random(decisions) < truth[np.arange(decisions), action]).astype(float)
    return offpolicy.Log(action, reward, propensity), truth


def better_policy(truth):
    return np.eye(3)[truth.argmax(axis=1)]


def coverage(estimate_of, worlds=300):
    """Share of worlds whose interval holds the true value, and the mean error in its errors."""
    covered, errors = [], []
    for seed in range(worlds):
        log, truth = world(800, seed)
        policy = better_policy(truth)
        value = (policy * truth).sum(axis=1).mean()
        found = estimate_of(log, policy, truth)
        if found.problem:
            continue
        covered.append(found.low <= value <= found.high)
        errors.append(found.value - value)
    assert len(errors) > 0.97 * worlds  # a good log is hardly ever refused
    bias = np.mean(errors) / (np.std(errors) / np.sqrt(len(errors)))
    return np.mean(covered), abs(bias)


ESTIMATORS = {
    "inverse propensity": lambda log, policy, truth: offpolicy.ips(log, policy),
    "self-normalised": lambda log, policy, truth: offpolicy.snips(log, policy),
    "doubly robust": lambda log, policy, truth: offpolicy.doubly_robust(
        log, policy, 0.8 * truth + 0.05
    ),
    "doubly robust with a wrong model": lambda log, policy, truth: offpolicy.doubly_robust(
        log, policy, np.full(truth.shape, 0.3)
    ),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_interval_covers_the_truth_of_known_worlds_as_often_as_it_says(name):
    covered, bias = coverage(ESTIMATORS[name])
    assert 0.92 <= covered <= 0.98
    assert bias < 3


def test_doubly_robust_is_right_with_the_right_model_though_propensities_are_wrong():
    errors = []
    for seed in range(100):
        log, truth = world(800, seed)
        wrong = 0.7 * log.propensity + 0.1
        policy = better_policy(truth)
        found = offpolicy.doubly_robust(offpolicy.Log(log.action, log.reward, wrong), policy, truth)
        if found.value is not None:
            errors.append(found.value - (policy * truth).sum(axis=1).mean())
    assert len(errors) > 50
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))


def test_weights_that_do_not_add_up_tell_of_wrong_propensities():
    log, truth = world(3000, 5)
    swapped = offpolicy.Log(log.action, log.reward, log.propensity[:, [2, 0, 1]] ** 3
                            / (log.propensity**3).sum(axis=1, keepdims=True))  # fmt: skip
    estimate = offpolicy.ips(swapped, better_policy(truth))
    assert estimate.value is None
    assert "not those with which the log was made" in estimate.problem


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


def measured_twice(effect, seed=1, people=4000, drift=0.0):
    """Those with a high first value are treated, with a true effect; the others are the untreated.

    Returns (before, after) of the treated and (first, second) of the untreated.
    """
    rng = np.random.default_rng(seed)
    stable = rng.normal(130, 12, people)
    first, second = (stable + rng.normal(0, 9, people) for _ in range(2))
    treated, second = first > 145, second + drift
    return first[treated], second[treated] + effect, first[~treated], second[~treated]


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


@pytest.mark.parametrize(("pairs", "treated"), [(30, 10), (60, 40), (400, 100)])
def test_a_true_effect_is_found_without_bias_and_covered_as_often_as_said(pairs, treated):
    """Also by those who drift, and learned from people of whom the treated are no part."""
    errors, covered = [], []
    for seed in range(400):
        before, after, first, second = measured_twice(-6, seed, people=1500, drift=2.0)
        again = achieved.learn_again(first[:pairs], second[:pairs])
        found = achieved.change(before[:treated], after[:treated], again)
        errors.append(found.adjusted - (-6))
        covered.append(found.low <= -6 <= found.high)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))
    assert 0.93 <= np.mean(covered) <= 0.99


def test_equal_first_values_teach_nothing():
    with pytest.raises(ValueError, match="nothing can be learned"):
        achieved.learn_again(np.full(40, 130.0), np.arange(40.0))


def test_of_a_few_people_nothing_is_said():
    again = achieved.Again(130, 130, 0.7, 15, 10, 400)
    found = achieved.change([150] * 9, [140] * 9, again)
    assert (found.people, found.adjusted) == (9, None)
