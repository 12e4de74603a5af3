"""Plain values as TOML; the standard library reads it but does not write it."""

import json
from collections.abc import Mapping
from typing import Any


def to_toml(values: Mapping[str, Any]) -> str:
    """Scalars and lists first, then tables, then arrays of tables: what `tomllib` reads back.

    >>> print(to_toml({"a": 1, "b": {"c": "x"}, "d": [{"e": True}]}))
    a = 1
    <BLANKLINE>
    [b]
    c = "x"
    <BLANKLINE>
    [[d]]
    e = true
    """
    return "\n".join(_lines(values, ()))


def _lines(values: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    lines = [f"{_key(key)} = {_value(value)}" for key, value in values.items() if _plain(value)]
    for key, value in values.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{_dotted((*path, key))}]", *_lines(value, (*path, key))]
    for key, value in values.items():
        if not _plain(value) and isinstance(value, list):
            for entry in value:
                lines += ["", f"[[{_dotted((*path, key))}]]", *_lines(entry, (*path, key))]
    return lines


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return not any(isinstance(entry, Mapping) for entry in value)
    return not isinstance(value, Mapping)


def _value(value: Any) -> str:
    # JSON's strings, numbers, booleans and flat lists are TOML as well.
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)[1:-1] if key.isidentifier() else json.dumps(key)


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(_key(key) for key in path)
