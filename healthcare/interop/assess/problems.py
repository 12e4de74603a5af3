"""Collect what is wrong with a request, each with the path of its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

LARGEST = 1e300  # JSON has integers that no float holds


class InvalidPerson(Exception):
    """Some keys of one person cannot be used; `errors` maps each path to a sentence."""

    def __init__(self, errors: dict[str, str]):
        super().__init__("The person has errors; each is named with its key.")
        self.errors = errors


class Problems:
    """Typed reads of a JSON object that note errors instead of raising at the first."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}
        self.warnings: list[str] = []

    def add(self, path: str, sentence: str) -> None:
        self.errors.setdefault(path, sentence)

    def raise_if_any(self) -> None:
        if self.errors:
            raise InvalidPerson(self.errors)

    def refuse_unknown(self, given: Mapping, known: Iterable[str], *, prefix: str) -> None:
        names = sorted(known)
        for key in given:
            if key not in names:
                self.add(f"{prefix}{key}", f"Unknown key. Known here: {', '.join(names)}.")

    def number(
        self, given: Mapping, key: str, low: float, high: float, *, prefix: str = ""
    ) -> float | None:
        value = given.get(key)
        if value is None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not -LARGEST <= value <= LARGEST
        ):
            self.add(prefix + key, "Must be a number.")
            return None
        if not low <= value <= high:
            self.add(prefix + key, f"Must be between {low:g} and {high:g}, not {value:g}.")
            return None
        return value

    def boolean(self, given: Mapping, key: str) -> bool | None:
        value = given.get(key)
        if value is not None and not isinstance(value, bool):
            self.add(key, "Must be true, false or null.")
            return None
        return value

    def choice(
        self,
        given: Mapping,
        key: str,
        options: tuple[str, ...],
        *,
        required: bool = False,
        prefix: str = "",
    ) -> Any:
        value = given.get(key)
        if value is None and not required:
            return None
        if value not in options:
            self.add(prefix + key, f"Must be one of: {', '.join(options)}.")
            return None
        return value

    def day(self, given: Mapping, key: str, *, latest: date, prefix: str = "") -> date | None:
        value = given.get(key)
        if value is None:
            return None
        try:
            day = date.fromisoformat(str(value)[:10])
        except ValueError:
            self.add(prefix + key, "Must be a date as YYYY-MM-DD.")
            return None
        if day > latest:
            self.add(prefix + key, f"Lies after {latest.isoformat()}: the future is not known.")
            return None
        return day
