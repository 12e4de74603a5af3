"""What the columns of a table seem to be, and what of that a person must settle."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as element
from typing import Any

from ml import analytes, units

from . import evidence, tests_across
from .cells import Numbers, Refusal, value
from .evidence import Doubt
from .fields import OF_ONE_RESULT, PROVENANCE, REQUIRED, REQUIRED_IN_WIDE, WORDS, meanings
from .heads import Head
from .moments import is_clock
from .profile import CHOICES, Profile

NUMBERS = ("value", "value_numeric", "reference_low", "reference_high")
DATES = ("collected_at", "issued_at", "birth_date")
# What a person may have settled for a source, and how it is when nobody has.
OPEN: dict[str, Any] = {
    "decimal": "",
    "thousands": "",
    "date_order": "ymd",
    "dates_as_serials": False,
}
LOOKED_AT = 500  # cells of a column, to see what it holds


@dataclass(frozen=True)
class Table:
    """A header, the first records under it, and what was seen of the others."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    count: float  # of the records, as far as it can be told
    is_whole: bool  # nothing is under the header that was not looked at
    is_sheet: bool = False
    texts: Mapping[str, Collection[str]] = element(default_factory=dict)  # of the whole column

    def cells(self, headings: Iterable[str]) -> list[str]:
        """Cells of some columns: of all records for those that were followed through the file."""
        return [cell for heading in headings for cell in self.texts.get(heading, ())
                or self.shown(heading)]  # fmt: skip

    def shown(self, heading: str) -> list[str]:
        place = self.header.index(heading)
        return [row[place] for row in self.rows if place < len(row)]


def followed(profile: Profile) -> list[str]:
    """The columns whose cells tell how numbers and dates are written."""
    return [*_figure_columns(profile), *_date_columns(profile)]


def columns(head: Head, basis: Profile) -> tuple[Profile, list[Doubt]]:
    """The basis with the columns that the headings name."""
    meant = meanings(head.header)
    for provenance in PROVENANCE:
        meant.pop(provenance, None)
    if "value" not in meant and "value_numeric" in meant:
        meant["value"] = meant.pop("value_numeric")
    if apart := _date_and_time(head, meant.get("collected_at", [])):
        meant |= apart
    elif "collected_time" in meant and not _completes(head, meant):
        del meant["collected_time"]
    found = {field: names[0] for field, names in meant.items() if len(names) == 1}
    doubts = [_doubled(field, names) for field, names in meant.items() if len(names) > 1]
    if "code" not in meant and "test_name" in found:
        found["code"] = found["test_name"]
    if "value" in meant or not (tests := _tests(head)):
        profile = replace(basis, columns=found)
        return profile, doubts + _missing(head, found, REQUIRED, {d.field for d in doubts})
    return _wide(head, basis, found, tests, doubts)


def writing(table: Table, profile: Profile) -> tuple[Profile, list[Doubt]]:
    """The profile with the way in which the cells write numbers and dates."""
    figures = table.cells(_figure_columns(profile))
    dates = table.cells(_date_columns(profile))
    if table.is_sheet:
        decimal = evidence.decimal_sign_of_sheet(figures)
    else:
        decimal = evidence.decimal_sign(
            figures, delimiter=profile.delimiter, is_whole=table.is_whole
        )
    if not _figure_columns(profile) and not table.is_sheet and profile.delimiter != ",":
        decimal = evidence.Writing("")  # a person has yet to say where the values stand
    order = evidence.date_order(dates)
    thousands = evidence.thousands_sign(figures, decimal=decimal.choice)
    found = (decimal.doubt, thousands.doubt, order.doubt, evidence.serial_dates(dates))
    settled = replace(profile, decimal=decimal.choice, date_order=order.choice)
    return settled, [doubt for doubt in found if doubt] + _without_unit(table, profile)


def as_before(remembered: Profile, found: Profile) -> tuple[Profile, list[Doubt]]:
    """The columns as the source's last file had them, in this file's own encoding and lines."""
    tests = {heading: test for heading, test in remembered.tests.items() if heading in found.tests}
    new = [heading for heading in found.tests if heading not in remembered.tests]
    profile = replace(
        remembered,
        encoding=found.encoding,
        delimiter=found.delimiter,
        header_row=found.header_row,
        units_row=found.units_row,
        reference_row=found.reference_row,
        sheet=found.sheet,
        compression=found.compression,
        tests=tests,
    )
    return profile, [_new_tests(new)] if new and remembered.layout == "wide" else []


def fits(remembered: Profile, found: Profile, header: Sequence[str]) -> bool:
    """Whether a table has the columns that the source's last file had."""
    return remembered.layout == found.layout and set(remembered.columns.values()) <= set(header)


def settle(found: Profile, doubts: list[Doubt], remembered: Profile) -> tuple[Profile, list[Doubt]]:
    """What a person said of the source's last file settles doubts of this one.

    What the cells of this file contradict is open again, and asked anew.
    """
    for name, unsaid in OPEN.items():
        said, seen = getattr(remembered, name), getattr(found, name)
        is_doubted = name in {doubt.field for doubt in doubts}
        if said in (unsaid, seen):
            continue
        if is_doubted or seen == unsaid:
            found = replace(found, **{name: said})
            doubts = [doubt for doubt in doubts if doubt.field != name]
        else:
            found = replace(found, **{name: unsaid})
            doubts = [*doubts, _contradiction(name, said, seen)]
    return found, doubts


def results_in(table: Table, profile: Profile) -> int:
    """About how many results a table holds: each filled cell of a test is one if it is wide."""
    if profile.layout == "long" or not table.rows:
        return round(table.count)
    filled = sum(bool(cell.strip()) for name in profile.tests for cell in table.shown(name))
    return round(table.count * filled / len(table.rows))


def unknown_tests(table: Table, profile: Profile) -> list[Doubt]:
    """Columns of a wide table that hold results under a heading that is no known test."""
    if profile.layout == "long":
        return []
    taken = {*profile.columns.values(), *profile.tests}
    unknown = [
        heading
        for heading in table.header
        if heading not in taken
        and not meanings([heading])
        and tests_across.looks_like_results(table.cells([heading])[:LOOKED_AT])
    ]
    return [_new_tests(unknown)] if unknown else []


def _date_and_time(head: Head, names: Sequence[str]) -> dict[str, list[str]]:
    """`Collection date` beside `Collection time`, when the latter holds times of day only."""
    for name in names if len(names) == 2 else ():
        if _holds_clocks(head, name):
            day = next(other for other in names if other != name)
            return {"collected_at": [day], "collected_time": [name]}
    return {}


def _completes(head: Head, meant: Mapping[str, Sequence[str]]) -> bool:
    """Whether the column of times completes the one of days, and not a time that is there."""
    days = [cell for name in meant.get("collected_at", ()) for cell in _below(head, name)]
    times = meant["collected_time"]
    return len(times) == 1 and _holds_clocks(head, times[0]) and not any(":" in day for day in days)


def _holds_clocks(head: Head, name: str) -> bool:
    cells = _below(head, name)
    return bool(cells) and all(map(is_clock, cells))


def _below(head: Head, name: str) -> list[str]:
    place = head.header.index(name)
    below = (cells[place].strip() for _row, cells in head.below if place < len(cells))
    return list(filter(None, below))


def _wide(
    head: Head, basis: Profile, found: dict[str, str], tests: dict, doubts: list[Doubt]
) -> tuple[Profile, list[Doubt]]:
    below = dict(head.below[:2])
    rows = list(below)
    units_row = rows[0] if rows and tests_across.units_below(head.header, below[rows[0]]) else 0
    rest = [row for row in rows if row != units_row][:1]
    is_reference = rest and tests_across.is_reference_line(head.header, below[rest[0]])
    kept = {field: name for field, name in found.items() if field not in OF_ONE_RESULT}
    profile = replace(
        basis,
        layout="wide",
        columns=kept,
        tests=tests,
        units_row=units_row,
        reference_row=rest[0] if is_reference else 0,
    )
    doubts = [doubt for doubt in doubts if doubt.field not in OF_ONE_RESULT]
    open_fields = {doubt.field for doubt in doubts}
    return profile, [
        *doubts,
        *_missing(head, kept, REQUIRED_IN_WIDE, open_fields),
        *_unitless(tests),
    ]


def _tests(head: Head) -> dict[str, dict[str, str]]:
    units_below = (
        tests_across.units_below(head.header, head.below[0][1]) if head.below and head.row else {}
    )
    return tests_across.tests_of(head.header, units_below)


def _figure_columns(profile: Profile) -> list[str]:
    if profile.layout == "wide":
        return list(profile.tests)
    return [profile.columns[field] for field in NUMBERS if field in profile.columns]


def _date_columns(profile: Profile) -> list[str]:
    return [profile.columns[field] for field in DATES if field in profile.columns]


def _contradiction(name: str, said: str, seen: str) -> Doubt:
    words = CHOICES[name]
    return Doubt(
        name, f"{name}_changed",
        f"Files of this source had: {words[said]}. The cells of this one say: {words[seen]}.",
        "Say which is right; until then rows that could be read in two ways are refused.",
        (said, seen),
    )  # fmt: skip


def _doubled(field: str, names: Sequence[str]) -> Doubt:
    return Doubt(
        field, "column_doubled",
        f"More than one column may be “{WORDS.get(field, field)}”: {', '.join(names)}."[:300],
        "Keep one of them, or say which it is.", tuple(names),
    )  # fmt: skip


def _missing(
    head: Head, found: Mapping[str, str], needed: Iterable[str], doubted: set[str]
) -> list[Doubt]:
    free = tuple(name for name in head.header if name not in found.values())
    doubts = [
        Doubt(field, "column_missing", f"No column is headed “{WORDS[field]}” or a word for it.",
              "Say which column it is.", free)
        for field in needed
        if field not in found and field not in doubted
    ]  # fmt: skip
    if head.row:
        return doubts
    return [Doubt("header_row", "no_header", "The first line does not name the columns.",
                  "Add such a line, or say which column is what."), *doubts]  # fmt: skip


def _without_unit(table: Table, profile: Profile) -> list[Doubt]:
    """A long table whose rows name no unit anywhere."""
    if profile.layout == "wide" or {"unit"} & profile.columns.keys() or profile.default_unit:
        return []
    if "value" not in profile.columns:
        return []
    sample = table.cells([profile.columns["value"]])[:LOOKED_AT]
    if any(map(_has_unit, sample)):
        return []
    return [Doubt("unit", "column_missing", "No column gives the units.",
                  "Say which column it is, or which unit all rows have.",
                  table.header)]  # fmt: skip


def _has_unit(cell: str) -> bool:
    try:
        return bool(value(cell, numbers=Numbers()).unit)
    except Refusal:
        return False


def _unitless(tests: Mapping[str, Mapping[str, str]]) -> list[Doubt]:
    named = [heading for heading, test in tests.items() if not test["unit"] and _has_units(test)]
    if not named:
        return []
    return [Doubt("tests", "unit_missing", f"No unit is given for: {', '.join(named)}."[:300],
                  "Say which unit each of them has.", tuple(named))]  # fmt: skip


def _has_units(test: Mapping[str, str]) -> bool:
    analyte = analytes.resolve(test["code"])
    return analyte is None or not units.is_accepted(analyte.code, "")


def _new_tests(names: Sequence[str]) -> Doubt:
    return Doubt(
        "tests", "columns_unknown",
        f"These columns seem to hold results and are not read: {', '.join(names)}."[:300],
        "Say which test each of them is, or leave them out.", tuple(names),
    )  # fmt: skip
