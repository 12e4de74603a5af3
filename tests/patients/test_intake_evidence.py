"""The table of what shows what names tests that are there."""

from tests import evidence

PAGE = "intake-evidence.md"


def test_every_test_of_the_table_exists():
    assert len(evidence.named(PAGE)) > 100
    assert evidence.missing(PAGE, "patients") == []
