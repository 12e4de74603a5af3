"""Pages in docs/reference that say which test shows which sentence: do the tests exist?"""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "reference"
NAMED = re.compile(r"`((?:tests/)?[\w/]+\.py)(?:::(\w+))?`")


def named(page: str) -> list[tuple[str, str]]:
    """File and test (empty for a whole file) of everything that the page names."""
    return NAMED.findall((PAGES / page).read_text(encoding="utf-8"))


def missing(page: str, home: str) -> list[tuple[str, str]]:
    """What the page names and nobody finds, below the checkout or the folder `home` of tests."""
    return [(path, test) for path, test in named(page) if not _is_there(path, test, home)]


def _is_there(path: str, test: str, home: str) -> bool:
    places = [ROOT / path, ROOT / "tests" / home / path]
    return any(f"def {test}(" in _text(place) if test else place.is_file() for place in places)


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
