"""Whether there is enough data."""

import numpy as np
import pytest

from ml import samples


def test_worked_example_of_the_authors():
    """Riley et al. 2020, pre-eclampsia: 5 %, 30 parameters; they round R² to 0.05 and get 5,249."""
    found = samples.binary(10_000, 500, 30)

    assert found.criteria["shrinkage"] == pytest.approx(5249, rel=0.02)


def test_forty_events_with_twenty_five_inputs_are_refused():
    y = np.r_[np.ones(40), np.zeros(460)]

    with pytest.raises(samples.TooFewRows, match=r"40 events, 1\.6 for each of 25"):
        samples.refuse_hopeless(samples.of("binary", y, 25))


def test_a_reason_lets_them_pass():
    y = np.r_[np.ones(40), np.zeros(460)]

    samples.refuse_hopeless(samples.of("binary", y, 25), "teaching example")


def test_between_hopeless_and_enough_it_only_says_so():
    found = samples.binary(1000, 250, 20)

    samples.refuse_hopeless(found)
    assert not found.enough
    assert found.sentence.endswith("too few.")


@pytest.mark.parametrize(
    ("kind", "y"),
    [
        ("binary", np.tile([0.0, 1.0], 5000)),
        ("survival", np.tile([-3.0, 2.0], 5000)),
        ("number", np.arange(10_000.0)),
        ("classes", np.tile([0.0, 1.0, 2.0], 3000)),
    ],
)
def test_ten_thousand_rows_are_enough_for_ten_inputs(kind, y):
    assert samples.of(kind, y, 10).enough


def test_more_inputs_need_more_rows():
    needed = [samples.binary(1000, 100, count).needed for count in (5, 10, 20)]

    assert needed == sorted(needed)
    assert needed[0] < needed[2]
