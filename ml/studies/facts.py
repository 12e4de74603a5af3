"""What only people know of a study, for its model card: developer, users, upkeep, evidence.

`facts.toml` holds the texts by the code of the card's attribute (45 CFR 170.315(b)(11)(iv)(B)):
those of `[all]` hold for every delivered study that does not say otherwise in a table of its own.
A study of somebody else's takes nothing from there; it brings its own file of codes and texts.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

DELIVERED = Path(__file__).with_suffix(".toml")
ALL = "all"


class BadFacts(ValueError):
    """A file of facts cannot be read."""


def of(task: str, path: str | Path | None = None) -> dict[str, str]:
    """Texts by attribute code; of a file when one is given, else of the delivered studies.

    Raises BadFacts with a sentence.
    """
    if path is None:
        found = _delivered()
        return {**found[ALL], **found[task]} if task in found else {}
    found = _read(Path(path))
    texts = {**found, **_table(found, ALL), **_table(found, task)}
    told = {code: text for code, text in texts.items() if not isinstance(text, Mapping)}
    if strange := [code for code, text in told.items() if not isinstance(text, str)]:
        raise BadFacts(f'{path}: {", ".join(strange)} must be text, such as "1.i" = "Our team"')
    return told


def tasks() -> list[str]:
    """The delivered studies that have a table of their own."""
    return [name for name in _delivered() if name != ALL]


@cache
def _delivered() -> dict[str, Any]:
    return _read(DELIVERED)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadFacts(f"{path} cannot be read as TOML: {problem}") from problem


def _table(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = found.get(name, {})
    return table if isinstance(table, Mapping) else {}
