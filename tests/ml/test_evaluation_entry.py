"""What `evaluate` says of good, thin, odd and unfair predictions."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ml.evaluation import UnfitSample, UnknownKind, bootstrap, discrimination, evaluate, peers
from ml.evaluation.coarse import coarse


def drawn(rows, seed=0, *, shift=0.0):
    """Outcomes with the given chance, and that chance moved by `shift` on the logit."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-1.5, 1.2, rows)
    y = (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(int)
    return y, 1 / (1 + np.exp(-z - shift))


def test_people_are_drawn_with_all_their_rows():
    person = np.repeat(np.arange(100), 4)

    weights = list(bootstrap.draws(person, random_state=1, rounds=3))

    assert all((weight.reshape(100, 4).std(axis=1) == 0).all() for weight in weights)
    assert all(weight.sum() == 400 for weight in weights)


def test_rows_of_one_person_tell_less_than_rows_of_many():
    y, risk = drawn(300)
    y, risk, person = np.repeat(y, 9), np.repeat(risk, 9), np.repeat(np.arange(300), 9)

    alone = evaluate(y, risk, "binary", random_state=1, rounds=100).metrics["auroc"]
    together = evaluate(y, risk, "binary", person=person, random_state=1, rounds=100)

    assert together.metrics["auroc"].value == alone.value
    width = together.metrics["auroc"].high - together.metrics["auroc"].low
    assert width > 2 * (alone.high - alone.low)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """Of 400 samples; the standard error of that count is 1.1 points, so 93 to 97 within it."""
    truth = discrimination.auroc(*drawn(400_000, seed=99))
    held = 0
    for seed in range(400):
        y, risk = drawn(300, seed)
        found = bootstrap.intervals(
            lambda weight, y=y, risk=risk: {"auroc": discrimination.auroc(y, risk, weight)},
            np.arange(300),
            random_state=seed,
            rounds=100,
        )["auroc"]
        held += found.low <= truth <= found.high

    assert 0.92 <= held / 400 <= 0.98


def test_groups_of_equal_risk_change_no_figure_that_an_interval_could_show():
    y, risk = drawn(20_000)
    weight = np.random.default_rng(3).poisson(1, len(y)).astype(float)
    few = coarse(y, risk, (0.25,))

    exact = discrimination.auroc(y, risk, weight)

    assert len(few.y) < 2100
    assert discrimination.auroc(few.y, few.risk, few.weigh(weight)) == pytest.approx(
        exact, abs=1e-4
    )
    assert few.weigh(weight)[few.risk >= 0.25].sum() == weight[risk >= 0.25].sum()


@pytest.mark.parametrize("events", [0, 3, 9])
def test_few_events_are_not_enough_data(events):
    y = np.array([1] * events + [0] * 200)

    found = evaluate(y, np.linspace(0, 1, len(y)), "binary", thresholds=[0.2], random_state=1)

    assert set(found.metrics.values()) == {None}
    assert found.notes[0].startswith(f"not enough data: {events} of")
    assert found.to_json()["metrics"]["auroc"] == {"value": None, "reason": "not enough data"}


@pytest.mark.parametrize(
    ("kind", "y", "prediction"),
    [
        ("binary", [], []),
        ("number", [1.0, 2.0], [1.0, 2.0]),
        ("number", [3.0] * 30, [3.0] * 30),
        ("classes", ["a"] * 30, np.ones((30, 1))),
        ("classes", ["a"] * 30 + ["b"] * 3, np.full((33, 2), 0.5)),
        ("survival", np.column_stack([np.ones(30), np.zeros(30)]), np.linspace(0, 1, 30)),
        ("survival", np.column_stack([np.ones(30), np.ones(30)]), np.linspace(0, 1, 30)),
        ("binary", [0, 1] * 30, [0.5] * 60),
        ("binary", [0, 1] * 30, [0.0, 1.0] * 30),
    ],
)
def test_degenerate_samples_give_plain_json(kind, y, prediction):
    found = evaluate(y, prediction, kind, random_state=1, rounds=10)

    assert json.dumps(found.to_json(), allow_nan=False)


def test_a_row_without_a_prediction_is_counted_as_withheld():
    y, risk = drawn(300)
    risk[:7] = np.nan

    found = evaluate(y, risk, "binary", random_state=1, rounds=10)

    assert (found.rows, found.withheld) == (293, 7)
    assert "7 rows got no prediction" in found.notes[0]


def test_weighted_classes_are_flagged_by_observed_to_expected():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(8000, 3))
    y = (rng.random(8000) < 1 / (1 + np.exp(2.13 - X.sum(axis=1) / 2))).astype(int)
    balanced = LogisticRegression(class_weight="balanced").fit(X, y)

    found = evaluate(y, balanced.predict_proba(X)[:, 1], "binary", random_state=1, rounds=20)

    assert found.metrics["observed_expected"].value == pytest.approx(0.32, abs=0.02)
    assert found.flags[0].startswith("The risks are too high: it foretold 3")


def test_honest_risks_raise_no_flag():
    y, risk = drawn(6000)

    assert evaluate(y, risk, "binary", random_state=1, rounds=20).flags == ()


def test_a_planted_gap_between_parts_is_flagged():
    y, risk = drawn(8000)
    site = np.where(np.arange(8000) % 4 == 0, "west", "east")
    risk = np.where(site == "west", risk / 2, risk)

    found = evaluate(
        y, risk, "binary", groups={"site": site}, thresholds=[0.2], random_state=1, rounds=20
    )

    west = next(row for row in found.tables["subgroups"] if row.part == "west")
    east = next(row for row in found.tables["subgroups"] if row.part == "east")
    assert {"observed_expected", "sensitivity@0.2"} <= set(west.flagged)
    assert (east.reference, east.flagged) == (True, ())
    assert any("site west" in flag for flag in found.flags)


def test_a_part_of_nine_people_shows_that_it_is_small_and_nothing_else():
    y, risk = drawn(500)
    part = np.array(["few"] * 9 + ["many"] * 491)

    found = evaluate(y, risk, "binary", groups={"part": part}, random_state=1, rounds=10)

    few = next(row for row in found.tables["subgroups"] if row.part == "few")
    assert (few.count, few.events, few.metrics, few.ratios) == ("n<10", "n<10", {}, {})


def test_few_people_without_the_event_do_not_show_through():
    y = np.array([1] * 95 + [0] * 5 + [0, 1] * 200)
    risk = np.random.default_rng(0).random(500)
    part = np.array(["nearly all"] * 100 + ["rest"] * 400)

    found = evaluate(y, risk, "binary", groups={"part": part}, random_state=1, rounds=10)

    assert found.tables["subgroups"][0].events == "n<10"


def test_unknown_labels_are_a_part_of_their_own():
    y, risk = drawn(300)
    sex = np.array(["f", None, "m"] * 100, dtype=object)

    found = evaluate(y, risk, "binary", groups={"sex": sex}, random_state=1, rounds=10)

    assert [row.part for row in found.tables["subgroups"]] == ["f", "m", "unknown"]


def test_classes_may_be_numbers_of_given_labels():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)

    found = evaluate(
        y,
        rng.dirichlet([1, 1, 1], 200),
        "classes",
        labels=("died", "home", "never"),
        random_state=1,
        rounds=10,
    )

    assert found.metrics["auroc[never]"] is None
    assert found.metrics["auroc[died]"] is not None
    assert found.notes == ("not enough data for never: fewer than 10 each.",)


def test_intervals_of_a_number_show_their_coverage():
    rng = np.random.default_rng(0)
    y = rng.normal(5, 1, 2000)
    value = np.column_stack([np.full(2000, 5), np.full(2000, 3.72), np.full(2000, 6.28)])

    found = evaluate(y, value, "number", random_state=1, rounds=20)

    assert found.metrics["coverage"].value == pytest.approx(0.8, abs=0.02)
    assert found.metrics["interval_width"].value == pytest.approx(2.56)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ({"y": [0, 1], "prediction": [0.1]}, "There are 2 outcomes but 1 rows of prediction"),
        ({"y": [0, 2], "prediction": [0.1, 0.2]}, "A binary outcome is 0 or 1"),
        ({"y": [0, 1], "prediction": [1, 20]}, "Risks lie between 0 and 1"),
        ({"y": [0, np.nan], "prediction": [0.1, 0.2]}, "Some outcomes are unknown"),
        ({"y": [0, 1], "prediction": [0.1, 0.2], "thresholds": [15]}, "Thresholds are risks"),
        ({"y": [0, 1], "prediction": [[0.1, 0.2]] * 2}, "Predictions of kind binary have 1 col"),
    ],
)
def test_an_unfit_sample_is_refused_with_a_sentence(call, sentence):
    with pytest.raises(UnfitSample, match=sentence):
        evaluate(**call, kind="binary", random_state=1)


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(UnknownKind, match="binary, number, classes, survival"):
        evaluate([0], [0.1], "ranking", random_state=1)


def test_peers_are_counted_as_the_register_counts_them():
    y, risk = drawn(2000)
    sex = np.where(np.arange(2000) % 2, "women", "men")
    age = np.where(np.arange(2000) < 9, "90 and over", "60 to 74")

    found = {
        row.stratum: row for row in peers.table(y, risk, {"sex": sex, "age": age}, threshold=0.3)
    }

    women = (sex == "women") & (age == "60 to 74")
    row = found["women, 60 to 74"]
    assert row.count == str(women.sum())
    assert row.observed_expected == pytest.approx(y[women].sum() / risk[women].sum())
    assert row.ppv == pytest.approx(y[women & (risk >= 0.3)].mean())
    assert found["men, 90 and over"].sentence == "men, 90 and over: not enough evidence."
    assert found["men, 90 and over"].count == "n<10"
