"""The table of what shows what names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "reference" / "intake-evidence.md"
NAMED = re.compile(r"`((?:tests/)?[\w/]+\.py)(?:::(\w+))?`")


def test_every_test_of_the_table_exists():
    named = NAMED.findall(TABLE.read_text())
    missing = [(path, test) for path, test in named if not is_there(path, test)]

    assert len(named) > 100
    assert missing == []


def is_there(path, test):
    places = [ROOT / path, ROOT / "tests" / "patients" / path]
    files = [place.read_text() for place in places if place.is_file()]
    return any(f"def {test}(" in text or not test for text in files)
