"""Boosted trees, their packed refits, what is unknown, and intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from ml.explanation import points
from ml.features import person
from ml.models import boosting, knowledge, refits
from ml.trees import CompiledTrees
from ml.uncertainty import stability

NAMES = ("age", "waist", "hdl")


def rows(people=600, *, seed=0):
    """Inputs with gaps, and outcomes that rise with the first and fall with the last."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(people, 3)).astype(np.float32)
    y = (rng.random(people) < expit(X[:, 0] - X[:, 2] - 1)).astype(float)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, y


@pytest.fixture(scope="module")
def booster():
    X, y = rows()
    return boosting.fit(
        X, np.ones(len(y)), [boosting.Stage(20, y)], names=NAMES,
        parameters={"max_depth": 3, "learning_rate": 0.2}, monotone={"age": 1, "hdl": -1},
        random_state=1, threads=1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def bundle():
    X, y = rows()
    return refits.fit(
        X, y, np.ones(len(y)), np.arange(len(y)), monotone=[1, 0, -1], count=8, random_state=4,
        threads=1,
    )  # fmt: skip


def test_model_survives_its_bytes(booster):
    X, _ = rows(50, seed=9)

    again = boosting.from_bytes(boosting.to_bytes(booster))

    np.testing.assert_array_equal(boosting.margins(again, X), boosting.margins(booster, X))


def test_contributions_and_base_add_up_to_the_margin(booster):
    X, _ = rows(50, seed=9)

    total = CompiledTrees.of(booster).contributions(X).sum(axis=1)

    np.testing.assert_allclose(total, boosting.margins(booster, X), atol=1e-5)


@given(low=st.floats(-3, 3), high=st.floats(-3, 3), waist=st.floats(-3, 3))
def test_risk_never_falls_with_a_rising_monotone_input(booster, low, high, waist):
    low, high = sorted([low, high])
    X = np.array([[low, waist, np.nan], [high, waist, np.nan]], np.float32)

    margin = boosting.margins(booster, X)

    assert margin[0] <= margin[1] + 1e-6


def test_packed_refit_equals_the_boosted_model():
    import xgboost as xgb

    X, y = rows()
    settings = {**refits.PARAMETERS, "base_score": 0.3, "seed": 2, "nthread": 1}
    model = xgb.train(settings, xgb.QuantileDMatrix(X, y, max_bin=32), refits.TREES)
    packer = refits._Packer()
    packer.add(model, 0.3)

    found = packer.packed().margins(X)[:, 0]

    np.testing.assert_allclose(found, boosting.margins(model, X), atol=5e-3)  # float16 leaves


def test_refits_survive_their_bytes_and_repeat(bundle):
    X, _ = rows(40, seed=5)
    again = refits.Refits.from_bytes(bundle.to_bytes())

    np.testing.assert_array_equal(again.margins(X), bundle.margins(X))
    assert again.to_bytes() == bundle.to_bytes()


def test_refits_give_one_margin_for_each_resample(bundle):
    X, _ = rows(3, seed=5)

    assert bundle.margins(X).shape == (3, 8)
    assert bundle.margins(X[:0]).shape == (0, 8)
    assert np.ptp(bundle.margins(X)[0]) > 0


def test_large_groups_are_evaluated_in_parts(bundle, monkeypatch):
    X, _ = rows(7, seed=5)
    whole = bundle.margins(X)

    monkeypatch.setattr(refits, "PEOPLE_AT_ONCE", 3)

    np.testing.assert_array_equal(bundle.margins(X), whole)


@given(
    st.lists(st.floats(-4, 4), min_size=1, max_size=8),
    st.floats(-6, 3),
)
def test_points_add_up_and_keep_sign(phi, base):
    phi, base = np.array([phi]), np.array([base])
    margin = base + phi.sum(axis=1)

    found = points.from_logit(phi, base, margin)

    assert found.sum() == pytest.approx(100 * (expit(margin) - expit(base))[0], abs=1e-7)
    assert np.all((np.sign(found) == np.sign(phi)) | (np.abs(phi) < 1e-6))


@given(st.floats(-8, 8), st.floats(0, 3), st.floats(0, 3))
def test_interval_holds_the_risk_and_widens_with_the_unknown(margin, less, more):
    less, more = sorted([less, more])
    spread = stability.deviations(np.random.default_rng(0).normal(size=(2, 50)))

    low, high = stability.limits(np.full(2, margin), spread, np.array([less, more]))

    assert np.all((low <= expit(margin)) & (expit(margin) <= high))
    assert high[1] - low[1] >= high[0] - low[0] - 1e-12 or more > 2.5  # saturation at 0 and 1


def test_tier_flips_half_the_time_on_the_cut_and_never_far_from_it():
    spread = np.zeros(50)

    both = np.tile(spread, (2, 1))
    on_the_cut, far_from_it = stability.flips(np.array([0.0, 9.0]), both, [0.5], 0.5)

    assert on_the_cut == pytest.approx(0.5)
    assert far_from_it == pytest.approx(0, abs=1e-9)


def knowing(*names, variance, gain):
    columns = knowledge.columns_of([person.get(name) for name in names])
    return knowledge.Knowledge(columns, variance, gain)


def test_half_a_group_leaves_half_of_its_variance_open():
    names = ("age", "hdl", "total_cholesterol", "smoking")
    known = knowing(
        *names, variance={"lipids": 0.2, "smoking": 0.1}, gain={"lipids": 0.6, "smoking": 0.4}
    )
    X = np.array([[50, np.nan, 200, np.nan]], np.float32)

    np.testing.assert_allclose(known.open_variance(X), [[0.1, 0.1]])
    assert known.known_gain(X) == pytest.approx(0.3)
    assert known.most_gaining() == "lipids"


def test_nothing_is_open_when_all_is_known():
    known = knowing("age", "smoking", variance={"smoking": 0.1}, gain={"smoking": 0.4})

    open_variance = known.open_variance(np.array([[50, 0]], np.float32))

    assert known.most_open(open_variance[0]) == ""
