"""Conformal intervals, stability of a patient's risk, domain, worth of an unknown input."""

import json

import numpy as np
import pytest
from scipy.special import expit

from ml.evaluation import evaluate, logistic
from ml.uncertainty import conformal, domain, missing, stability


def stays(rows, seed=0):
    """Days that spread more the longer they are, and a good prediction of their mean."""
    rng = np.random.default_rng(seed)
    value = rng.gamma(3, 2, rows)
    return value + rng.normal(0, 0.2 + 0.4 * value), value


def test_the_interval_holds_the_stated_share_in_every_band():
    fitted = conformal.fit(*stays(5000, seed=1), level=0.8)
    y, value = stays(20_000, seed=2)

    low, high = fitted.interval(value)

    held = (low <= y) & (y <= high)
    band = np.digitize(value, np.quantile(value, [0.2, 0.4, 0.6, 0.8]))
    assert held.mean() == pytest.approx(0.8, abs=0.015)
    assert all(held[band == number].mean() == pytest.approx(0.8, abs=0.04) for number in range(5))


def test_one_width_for_all_fails_the_long_stays_that_bands_hold():
    y, value = stays(20_000, seed=2)
    calibrating = stays(5000, seed=1)

    def held(fitted):
        low, high = fitted.interval(value)
        return np.mean(((low <= y) & (y <= high))[value > np.quantile(value, 0.9)])

    assert held(conformal.fit(*calibrating, bands=1)) < 0.65
    assert held(conformal.fit(*calibrating)) == pytest.approx(0.8, abs=0.04)


def test_coverage_holds_for_small_samples_on_average():
    """The finite-sample rank: mean coverage is at least the level; 400 samples of 40."""
    shares = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        fitted = conformal.fit(rng.normal(size=40), np.zeros(40), level=0.8)
        y = rng.normal(size=200)
        low, high = fitted.interval(np.zeros(200))
        shares.append(np.mean((low <= y) & (y <= high)))

    assert 0.8 <= np.mean(shares) < 0.85


def test_coverage_is_shown_by_subgroup():
    y, value = stays(3000)
    low, high = conformal.fit(*stays(3000, seed=1)).interval(value)
    ward = np.where(np.arange(3000) % 3 == 0, "A", "B")

    found = evaluate(
        y,
        np.column_stack([value, low, high]),
        "number",
        groups={"ward": ward},
        random_state=1,
        rounds=20,
    )

    shown = [row.metrics["coverage"].value for row in found.tables["subgroups"]]
    assert shown == pytest.approx([0.8, 0.8], abs=0.05)


def test_a_stay_is_never_shorter_than_nothing():
    low, _ = conformal.fit(*stays(2000), floor=0).interval([0.01, 3.0])

    assert (low >= 0).all()


def test_a_handful_of_residuals_is_refused_with_a_sentence():
    with pytest.raises(conformal.TooFewResiduals, match=r"^3 predictions outside"):
        conformal.fit([1, 2, 3], [1, 2, 3], level=0.8)


def test_bands_survive_their_file():
    fitted = conformal.fit(*stays(2000))

    assert conformal.Conformal.from_json(json.loads(json.dumps(fitted.to_json()))) == fitted


def test_each_quantile_holds_its_share_after_the_shift():
    y, value = stays(20_000)
    told = value[:, None] + [-0.1, 0.5, 0.1]
    moved = conformal.fit_quantiles(y[::2], told[::2], (0.1, 0.5, 0.9))

    after = conformal.ConformalQuantiles.from_json(moved.to_json()).apply(told[1::2])

    held = (y[1::2, None] <= after).mean(axis=0)
    assert held == pytest.approx([0.1, 0.5, 0.9], abs=0.02)
    assert (np.diff(after, axis=1) >= 0).all()


def logistic_sample(rows, seed=0):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(rows), rng.normal(size=(rows, 3))])
    y = (rng.random(rows) < expit(design @ [-1, 1, 0.5, 0])).astype(float)
    return design, y, logistic.fit(design, y)


def test_one_newton_step_is_nearly_the_refit():
    design, y, coefficients = logistic_sample(2000)
    refits = stability.one_step(design, y, coefficients, count=3, random_state=1)

    weights = list(stability.bootstrap.draws(np.arange(2000), 1, 3))

    exact = [logistic.fit(design, y, weight=weight) for weight in weights]
    np.testing.assert_allclose(refits.coefficients, exact, atol=0.01)


def test_the_interval_shrinks_with_the_root_of_the_people():
    here = np.array([[1.0, 1.0, -1.0, 0.5]])

    def width(rows):
        design, y, coefficients = logistic_sample(rows)
        refits = stability.one_step(design, y, coefficients, random_state=1)
        found = stability.stability(here @ coefficients, refits, here)
        return float((found.high - found.low)[0])

    assert width(1000) / width(16_000) == pytest.approx(4, rel=0.2)


def test_the_interval_holds_the_true_risk_as_often_as_it_says():
    """90 % for 300 people in each of 30 samples; people of one sample share its luck."""
    here = np.column_stack([np.ones(300), np.random.default_rng(9).normal(size=(300, 3))])
    truth = expit(here @ [-1, 1, 0.5, 0])
    held = []
    for seed in range(30):
        design, y, coefficients = logistic_sample(800, seed)
        refits = stability.one_step(design, y, coefficients, random_state=seed)
        found = stability.stability(here @ coefficients, refits, here)
        held.append(np.mean((found.low <= truth) & (truth <= found.high)))

    assert np.mean(held) == pytest.approx(0.9, abs=0.04)


def test_flips_are_counted_refit_by_refit():
    spread = np.array([[-1.0, 0.0, 0.1, 3.0]])

    (share,) = stability.flips(np.array([0.0]), spread, [0.4, 0.6])

    assert share == 2 / 4


def test_people_far_from_every_cut_never_flip():
    design, y, coefficients = logistic_sample(4000)
    refits = stability.one_step(design, y, coefficients, random_state=1)

    found = stability.stability(design[:50] @ coefficients, refits, design[:50], cuts=[0.0001])

    assert found.flips.tolist() == [0] * 50


@pytest.fixture
def adults():
    """Age, height and weight of adults; height and weight go together."""
    rng = np.random.default_rng(0)
    height = rng.normal(170, 10, 3000)
    X = np.column_stack([rng.uniform(20, 85, 3000), height, height - 100 + rng.normal(0, 8, 3000)])
    return domain.fit(X, ["age", "height", "weight"]), X


def test_training_people_are_inside(adults):
    found, X = adults

    assert sum(reason != "" for reason in found.reasons(X)) <= 1


def test_a_child_is_refused_by_the_range_of_ages(adults):
    found, _ = adults

    (reason,) = found.reasons([[12, 150, 50]])

    assert reason.startswith("age is 12; the model has learned from people with 13.")


def test_a_combination_that_nobody_had_is_refused_though_each_value_is_common(adults):
    found, X = adults
    short_and_heavy = [50, np.quantile(X[:, 1], 0.01), np.quantile(X[:, 2], 0.99)]

    (reason,) = found.reasons([short_and_heavy])

    assert reason.startswith("This combination")


def test_a_range_of_what_is_never_negative_starts_at_zero_or_above():
    found = domain.fit(np.linspace(2, 100, 500)[:, None], ["age"])

    assert found.low == (0.0,)
    assert found.far([[-1], [0], [150], [1e9]])[1:3] == ["", ""]
    below, *_, above = found.far([[-1], [0], [150], [1e9]])
    assert below.startswith("age is -1; the model has learned from people with 0 to 109.")
    assert above.endswith("That is too far for a number.")


def test_what_may_be_negative_may_be_below_zero():
    found = domain.fit(np.linspace(-50, 50, 500)[:, None], ["base excess"])

    assert found.low[0] < -50
    assert found.far([[-60], [-300]])[0] == ""


def test_too_much_unknown_is_refused_before_anything_else(adults):
    found, _ = adults

    assert found.reasons([[np.nan, np.nan, 70]]) == [
        "2 of 3 inputs are unknown: too many for a number."
    ]
    assert found.reasons([[40, np.nan, 70]]) == [""]


def test_the_domain_survives_its_file(adults):
    found, X = adults

    again = domain.Domain.from_json(json.loads(json.dumps(found.to_json())))

    np.testing.assert_array_equal(again.distance(X), found.distance(X))


def test_the_input_that_moves_the_risk_most_is_asked_for_first():
    rng = np.random.default_rng(0)
    training = rng.normal(size=(500, 3))

    found = missing.next_best(
        lambda X: np.nan_to_num(X) @ [0.1, 2.0, 0.5],
        [0.3, np.nan, np.nan],
        training,
        ["age", "hba1c", "ldl"],
    )

    assert [open_input.name for open_input in found] == ["hba1c", "ldl"]
    assert found[0].spread == pytest.approx(2, rel=0.25)


def test_what_similar_people_share_is_hardly_open():
    rng = np.random.default_rng(0)
    first = rng.normal(size=2000)
    training = np.column_stack([first, first + rng.normal(0, 0.01, 2000)])

    (found,) = missing.next_best(lambda X: X[:, 1], [0.5, np.nan], training, ["a", "b"])

    assert found.spread < 0.1


def test_nothing_unknown_leaves_nothing_open():
    assert missing.next_best(lambda X: X[:, 0], [1.0], [[1.0], [2.0]], ["a"]) == []
