"""Wide tables: a sample a line, tests side by side, the unit in the heading or a line below."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ml import analytes

from .cells import Numbers, Refusal, reference_range, value
from .fields import meanings, undoubled
from .values import is_unit

LOINC = re.compile(r"\d{1,7}-\d", re.ASCII)
IN_BRACKETS = re.compile(r"(.+?)[\s_]*(?:\((.+)\)|\[(.+)\])", re.DOTALL)
BEHIND = re.compile(r"(.+?)[\s_,]+(\S+(?: m2)?)", re.DOTALL)
REFERENCE_WORDS = re.compile(r"ref|range|normal|norm|limit|bereich|valeur|valor", re.IGNORECASE)
UNIT_WORDS = re.compile(r"units?|uom|einheit(en)?|unit[eé]s?|unidad(es)?|eenheid", re.IGNORECASE)
Test = dict[str, str]


def test_of(heading: str) -> tuple[str, str]:
    """The test that a heading names, and its unit: `Glucose (mg/dL)`, `Na mmol/L`, `2345-7`."""
    name = undoubled(heading).strip()
    for pattern in (IN_BRACKETS, BEHIND):
        found = pattern.fullmatch(name)
        unit = next(filter(None, found.groups()[1:]), "").strip() if found else ""
        if found and is_unit(unit):
            return found[1].strip(), unit
    return name, ""


def is_test(heading: str) -> bool:
    """A heading that names a test known here, is a LOINC code, or gives a unit."""
    if meanings([heading]):
        return False
    name, unit = test_of(heading)
    return bool(unit) or bool(LOINC.fullmatch(name)) or analytes.resolve(name) is not None


def tests_of(header: Sequence[str], units: Mapping[str, str]) -> dict[str, Test]:
    """The tests of a header by their headings; a line of units completes what headings say."""
    return {heading: _test(heading, units.get(heading, ""))
            for heading in header if is_test(heading) or heading in units}  # fmt: skip


def looks_like_results(cells: Iterable[str]) -> bool:
    """Whether a column without a known heading holds results."""
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and sum(map(_is_result, filled)) > len(filled) / 2


def units_below(header: Sequence[str], record: Sequence[str]) -> dict[str, str]:
    """The units of a line under the header that holds nothing but units; else none."""
    cells = dict(zip(header, (cell.strip() for cell in record), strict=False))
    labels = [cell for heading, cell in cells.items() if meanings([heading]) and cell]
    under = {heading: cell for heading, cell in cells.items() if not meanings([heading])}
    filled = {heading: cell for heading, cell in under.items() if cell}
    if not filled or not all(UNIT_WORDS.fullmatch(label) for label in labels):
        return {}
    return filled if all(map(is_unit, filled.values())) else {}


def is_reference_line(header: Sequence[str], record: Sequence[str]) -> bool:
    """A line under the header of nothing but reference ranges."""
    cells = dict(zip(header, (cell.strip() for cell in record), strict=False))
    labels = [cell for heading, cell in cells.items() if meanings([heading]) and cell]
    ranges = [cell for heading, cell in cells.items() if not meanings([heading]) and cell]
    if not ranges or not all(REFERENCE_WORDS.search(label) for label in labels):
        return False
    understood = [reference_range(cell, numbers=Numbers()) for cell in ranges]
    return all(limits.low is not None or limits.high is not None for limits in understood)


def _test(heading: str, unit_below: str) -> Test:
    name, unit = test_of(heading)
    return {"code": name[:100], "unit": (unit or unit_below)[:30]}


def _is_result(cell: str) -> bool:
    try:
        value(cell, numbers=Numbers())
    except Refusal:
        return False
    return True
