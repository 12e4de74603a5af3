"""The `measurements` list of a person -> newest plausible value of each analyte."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from healthcare.interop.assess.problems import LARGEST, Problems
from ml import analytes, units
from ml.facts import Measurement

KEYS = {"code", "value", "unit", "collected"}
WITH_COMPARATOR = re.compile(
    r"\s*(<=|>=|<|>)?\s*([+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)\s*"
)


@dataclass
class Found:
    newest: dict[str, Measurement] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read(given: Any, *, as_of: date, problems: Problems) -> Found:
    """Keep the newest value of each analyte; name what was left out and why."""
    found = Found()
    if given is None:
        return found
    if not isinstance(given, list):
        problems.add("measurements", "Must be a list of objects with code, value and unit.")
        return found
    for index, entry in enumerate(given):
        prefix = f"measurements[{index}]."
        if not isinstance(entry, Mapping):
            problems.add(prefix[:-1], "Must be an object with code, value and unit.")
            continue
        problems.refuse_unknown(entry, KEYS, prefix=prefix)
        collected = problems.day(entry, "collected", latest=as_of, prefix=prefix)
        _keep(found, _measurement(entry, prefix, collected, found, problems))
    return found


def _measurement(
    entry: Mapping, prefix: str, collected: date | None, found: Found, problems: Problems
) -> Measurement | None:
    analyte = analytes.resolve(str(entry.get("code") or ""))
    parsed = _number(entry.get("value"))
    unit = entry.get("unit")
    if not entry.get("code"):
        problems.add(f"{prefix}code", "Give a LOINC code or a short name, such as CREAT.")
        return None
    if parsed is None:
        problems.add(f"{prefix}value", "Must be a number, or a number with <, <=, > or >=.")
        return None
    if not unit or not isinstance(unit, str):
        problems.add(f"{prefix}unit", "A unit is required, in UCUM, such as mg/dL.")
        return None
    if analyte is None:
        found.warnings.append(f"{prefix}code: {entry['code']!r} is not an analyte we know.")
        return None
    comparator, number = parsed
    try:
        value = units.convert(analyte.code, number, unit)
    except units.UnknownUnit as refusal:
        problems.add(f"{prefix}unit", str(refusal))
        return None
    if not analytes.is_plausible(analyte.code, value):
        found.warnings.append(
            f"{prefix}value: {value:g} {analyte.unit} is not plausible for {analyte.display}; "
            "treated as not measured. Check value and unit."
        )
        return None
    return Measurement(analyte.code, value, analyte.unit, collected, comparator)  # type: ignore[arg-type]


def _number(value: Any) -> tuple[str, float] | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return ("", float(value)) if -LARGEST <= value <= LARGEST else None
    match = WITH_COMPARATOR.fullmatch(value) if isinstance(value, str) else None
    return (match[1] or "", float(match[2])) if match else None


def _keep(found: Found, new: Measurement | None) -> None:
    """The newest wins; of two without a date, the later in the list."""
    if new is None:
        return
    old = found.newest.get(new.code)
    if old is None or (old.collected or date.min) <= (new.collected or date.min):
        found.newest[new.code] = new
