"""Nobody is on both sides."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import splits

people = st.lists(st.integers(0, 30), min_size=60, max_size=200).filter(lambda p: len(set(p)) > 25)


@given(people)
def test_no_person_is_in_training_and_test(person):
    person = np.array(person)

    for train, test in splits.group_folds(person, 3):
        assert not set(person[train]) & set(person[test])
        assert len(train) + len(test) == len(person)


def test_fold_of_a_person_depends_on_the_person_alone():
    folds = splits.fold_of(["a", "b", "c", "a"], 5)

    assert folds[0] == folds[3] == splits.fold_of(["a"], 5)[0]


def test_another_salt_deals_anew():
    person = np.arange(200)

    assert (splits.fold_of(person, 5, "one") != splits.fold_of(person, 5, "two")).mean() > 0.5


def test_folds_that_people_cannot_fill_are_refused():
    with pytest.raises(splits.TooFewGroups, match="2 different people"):
        list(splits.group_folds([1, 1, 2, 2], 5))


def test_later_rows_test_what_earlier_rows_taught():
    moments = np.array([5, 1, 4, 2, 3, 6, 7, 8, 9, 10])

    train, test = splits.time_holdout(moments, 0.2)

    assert sorted(moments[test]) == [9, 10]
    assert moments[train].max() < moments[test].min()


def test_every_time_fold_looks_forward():
    moments = np.random.default_rng(0).integers(0, 50, 300)

    for train, test in splits.time_folds(moments, 4):
        assert moments[train].max() < moments[test].min()


def test_people_seen_earlier_are_left_out_of_the_later_test():
    person, moments = np.array([1, 2, 3, 1, 4]), np.array([1, 1, 1, 9, 9])

    _, test = splits.later_without_earlier_people(person, moments, 0.4)

    assert person[test].tolist() == [4]


def test_one_moment_cannot_be_split():
    with pytest.raises(splits.TooFewGroups, match="one moment"):
        splits.time_holdout(np.ones(20), 0.2)


def test_without_a_person_equal_rows_are_one():
    frame = pd.DataFrame({"a": [1, 1, 2], "b": ["x", "x", "x"], "id": [1, 2, 3]})

    found = splits.people_of(frame, None, ["a", "b"])

    assert found[0] == found[1] != found[2]
