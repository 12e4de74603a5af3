"""A survival problem drafted from a table: times are signed, and other readings are refused."""

import numpy as np
import pandas as pd
import pytest

from ml.studies import draft
from ml.studies.problem import BadProblem


def followed(**more):
    """People followed for some days; two of three died."""
    days, died = np.arange(1.0, 31.0), np.arange(30) % 3 > 0
    told = pd.DataFrame({"age": 40 + days, "days": days, "died": died.astype(int)})
    return told.assign(followed=np.where(died, days, -days), **more)


def drafted(frame, outcome):
    return draft.study(frame, outcome=outcome, model="cox", kind="survival", horizon=10.0)


def test_signed_times_are_a_survival_outcome():
    frame = followed().drop(columns=["days", "died"])

    study = drafted(frame, "followed")

    assert study.problem.names == ("age",)
    assert (study.cohort(frame).y > 0).sum() == 20


@pytest.mark.parametrize(
    ("outcome", "wrong"),
    [("days", "no negative time, so nobody is censored"), ("died", "'died' holds zeros")],
)
def test_the_time_alone_and_the_event_alone_are_refused(outcome, wrong):
    with pytest.raises(BadProblem, match=wrong) as refused:
        drafted(followed(), outcome)

    assert "minus the time to the last contact" in str(refused.value)


def test_a_time_of_zero_is_refused_with_what_to_give():
    frame = followed()
    frame.loc[3, "followed"] = 0

    with pytest.raises(BadProblem, match="half a unit"):
        drafted(frame, "followed")
