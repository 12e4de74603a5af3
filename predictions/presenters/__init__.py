"""A model's manifest in words, tables and chart specifications."""

from __future__ import annotations

from collections.abc import Mapping

TOO_FEW = "too few to show"
LEAST_EVENTS = 100


def count(number: int | None) -> str:
    return TOO_FEW if number is None else f"{number:,}".replace(",", "\u202f")


def value(number: float | None) -> str:
    return TOO_FEW if number is None else f"{number:.3f}"


def with_interval(found: Mapping[str, float] | float | None) -> str:
    """An estimate with its 95 % interval, where it has one."""
    if found is None:
        return "not measured"
    if isinstance(found, int | float):
        return value(found)
    return f"{found['value']:.3f} ({found['low']:.3f}–{found['high']:.3f})"


def carried(found: Mapping[str, float] | float | None, events: int | None) -> str:
    """The same of a part: without an interval, as in old manifests, only by enough events."""
    few = isinstance(found, int | float) and (events is None or events < LEAST_EVENTS)
    return TOO_FEW if found is None or few else with_interval(found)
