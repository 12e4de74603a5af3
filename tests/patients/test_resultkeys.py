import datetime as dt

import pytest

from patients import resultkeys

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
ELSEWHERE = AT.astimezone(dt.timezone(dt.timedelta(hours=9)))
THREAD = resultkeys.thread(1, 2, AT, "A1")


def version(**changes):
    usual = {"status": "final", "comparator": "", "value": 7.0, "issued_at": AT}
    return resultkeys.version(THREAD, **usual | changes)


def test_a_moment_is_the_same_in_every_time_zone():
    assert resultkeys.thread(1, 2, ELSEWHERE, "A1") == THREAD
    assert version(issued_at=ELSEWHERE) == version()


def test_keys_have_sixteen_bytes():
    assert len(THREAD) == len(version()) == 16


@pytest.mark.parametrize("key", [(2, 2, AT, "A1"), (1, 3, AT, "A1"), (1, 2, AT, "A2"),
                                 (1, 2, AT + dt.timedelta(seconds=1), "A1")])  # fmt: skip
def test_another_sample_is_another_thread(key):
    assert resultkeys.thread(*key) != THREAD


@pytest.mark.parametrize("change", [{"status": "corrected"}, {"comparator": "<"}, {"value": 7.1},
                                    {"value": None}, {"issued_at": None}])  # fmt: skip
def test_another_statement_is_another_version(change):
    assert version(**change) != version()


def test_the_writing_of_a_number_does_not_matter():
    assert version(value=7) == version(value=float("7.00"))


def test_columns_of_microseconds_give_the_same_keys():
    collected = resultkeys.microseconds(AT)

    assert resultkeys.thread_at(1, 2, collected, "A1") == THREAD
    assert resultkeys.version_at(THREAD, "final", "", 7.0, collected) == version()
