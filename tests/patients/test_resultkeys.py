import datetime as dt

import numpy as np
import pytest

from patients import resultkeys

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
ELSEWHERE = AT.astimezone(dt.timezone(dt.timedelta(hours=9)))


def version(**changes):
    usual = {"status": "final", "comparator": "", "value": 7.0, "text": "", "issued_at": AT}
    return resultkeys.version(**usual | changes)


def test_a_moment_is_the_same_in_every_time_zone():
    assert version(issued_at=ELSEWHERE) == version()


def test_stored_numbers_stay_what_they_are():
    assert version() == -5821293619637461787


@pytest.mark.parametrize("change", [{"status": "corrected"}, {"comparator": "<"}, {"value": 7.1},
                                    {"value": None}, {"issued_at": None}, {"text": "haemolysed"},
                                    {"issued_at": AT + dt.timedelta(microseconds=1)}])  # fmt: skip
def test_another_statement_is_another_version(change):
    assert version(**change) != version()


@pytest.mark.parametrize(("one", "other"), [(7, float("7.00")), (0.0, -0.0)])
def test_the_writing_of_a_number_does_not_matter(one, other):
    assert version(value=one) == version(value=other)


def test_a_million_statements_have_a_million_versions():
    n = 1_000_000
    zeros = np.zeros(n, "int64")
    issued = np.arange(n, dtype="int64")
    versions = resultkeys.versions(zeros + 3, zeros, np.full(n, 5.0), zeros, issued)
    assert len(np.unique(versions)) == n
