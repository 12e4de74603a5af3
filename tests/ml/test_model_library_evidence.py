"""The table of what shows what of the model library names tests that are there."""

import pytest

from tests import evidence

PAGE = "model-library-evidence.md"


def test_every_test_of_the_table_exists():
    assert len(evidence.named(PAGE)) > 150
    assert evidence.missing(PAGE, "ml") == []


@pytest.mark.parametrize(
    ("path", "test"), [("test_zoo.py", "test_of_nothing"), ("test_nowhere.py", "")]
)
def test_a_test_that_is_not_there_is_found_out(path, test, monkeypatch):
    monkeypatch.setattr(evidence, "named", lambda page: [(path, test)])

    assert evidence.missing(PAGE, "ml") == [(path, test)]
