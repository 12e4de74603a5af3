"""Which test a code means, how its unit converts, and what values of it are usual."""

import difflib
from functools import cache
from typing import NamedTuple

import numpy as np

from healthcare.common import figures
from healthcare.jobs.services import PermanentFailure
from ml import analytes, units
from patients.labcsv.cells import one_unit
from patients.labcsv.readings import Coded
from patients.labcsv.refusal import Refusal
from patients.models import Analyte, LabSource, LocalCode, ReferenceRange
from patients.services.labpeople import SEXES

Limits = tuple[float | None, float | None]
OLDEST = 130  # years; what is older is as old
HINT = " Is it "  # after it comes what one row may have meant
Said = dict[str, tuple[str, str]]  # code: our code, and the unit where rows give none


class Test(NamedTuple):
    """One test as the rows of a source name it. `unit` is for rows that give none."""

    analyte_id: int
    analyte: analytes.Analyte
    unit: str


class Kind(NamedTuple):
    """Of a person, what usual limits depend on. `sex` is a place in SEXES."""

    sex: int
    age: int
    is_pregnant: bool


class Conversion(NamedTuple):
    factor: float
    offset: float
    as_sent: str


class Tests:
    """The tests of one source; answers are remembered for the length of a file."""

    def __init__(self, lab_source: LabSource | None):
        self.lab_source = lab_source
        self.analyte_ids = _analyte_ids()
        self.own_ranges = _own_ranges(lab_source)
        self.ranges: dict[tuple, Limits] = {}
        self.conversions: dict[tuple, Conversion | Refusal] = {}
        self.codes = Codes({}, self.analyte_ids)

    def said_by_people(self) -> Said:
        """What the codes of this source mean; somebody may have said so just now."""
        return _said(self.lab_source)

    def named(self, said: Said) -> "Codes":
        """The tests by their codes, given what people have said of these."""
        if self.codes.said != said:
            self.codes = Codes(said, self.analyte_ids)
        return self.codes

    def conversion(self, test: Test, unit: str, unit_in_cell: str) -> Conversion | Refusal:
        key = (test.analyte.code, test.unit, unit, unit_in_cell)
        if key not in self.conversions:
            self.conversions[key] = _conversion(test, unit, unit_in_cell)
        return self.conversions[key]

    def usual(self, test: Test, person: Kind) -> Limits:
        """Usual limits for a kind of person: the source's own, else the site's."""
        key = (test.analyte.code, person)
        if key not in self.ranges:
            sex, age, is_pregnant = person
            self.ranges[key] = self._own_range(test.analyte_id, person) or (
                analytes.reference_range(test.analyte.code, SEXES[sex], age, is_pregnant)
            )
        return self.ranges[key]

    def _own_range(self, analyte_id: int, person: Kind) -> Limits | None:
        fitting = [
            own for own in self.own_ranges
            if own.analyte_id == analyte_id and own.sex in ("", SEXES[person.sex])
            and own.age_from <= person.age <= (own.age_to or OLDEST)
            and own.is_pregnant in (False, person.is_pregnant)
        ]  # fmt: skip
        if not fitting:
            return None
        best = max(fitting, key=lambda own: (own.is_pregnant, own.sex != ""))
        return best.low, best.high


class Codes:
    """Which test each code means; never changed but to remember more."""

    def __init__(self, said: Said, analyte_ids: dict[str, int]):
        self.said = said
        self.analyte_ids = analyte_ids
        self.tests: dict[str, Test | Refusal] = {}

    def find(self, codes: Coded[str]) -> list[Test | Refusal]:
        """What each distinct code means."""
        for code in codes.meanings:
            if code not in self.tests:
                self.tests[code] = self._found(code)
        return [self.tests[code] for code in codes.meanings]

    def _found(self, code: str) -> Test | Refusal:
        name, unit = self.said.get(code) or self.said.get(code.casefold()) or (None, "")
        analyte = analytes.resolve(code) if name is None else analytes.get(name)
        if analyte is None or analyte.code not in self.analyte_ids:
            return Refusal("code", "unknown_code", "This test is not known.", _nearest(code), code)
        return Test(self.analyte_ids[analyte.code], analyte, unit)


def _analyte_ids() -> dict[str, int]:
    ids = dict(Analyte.objects.values_list("code", "id"))
    if not ids:
        raise PermanentFailure(
            "The table of analytes is empty. An administrator must run “manage.py load_reference”."
        )
    return ids


def _said(lab_source: LabSource | None) -> Said:
    """What people have said of a source's codes; as written first, then in any case."""
    if lab_source is None:
        return {}
    codes = LocalCode.objects.filter(lab_source=lab_source).order_by("code")
    rows = list(codes.values_list("code", "analyte__code", "unit"))
    in_any_case = {code.casefold(): (name, unit) for code, name, unit in rows}
    return in_any_case | {code: (name, unit) for code, name, unit in rows}


def _own_ranges(lab_source: LabSource | None) -> list[ReferenceRange]:
    if lab_source is None:
        return []
    return list(ReferenceRange.objects.filter(lab_source=lab_source).order_by("age_from", "pk"))


def _conversion(test: Test, unit: str, unit_in_cell: str) -> Conversion | Refusal:
    written = unit or unit_in_cell or test.unit
    found = _known_conversion(test.analyte, written)
    if isinstance(found, Refusal) or not (unit and unit_in_cell):
        return found
    try:
        one_unit(unit_in_cell, unit)
    except Refusal as contradiction:
        other = _known_conversion(test.analyte, unit_in_cell)
        if isinstance(other, Refusal) or other[:2] != found[:2]:
            return contradiction
    return found


def _known_conversion(analyte: analytes.Analyte, unit: str) -> Conversion | Refusal:
    if not unit and not units.is_accepted(analyte.code, ""):
        return Refusal("unit", "missing_unit", "There is no unit.",
                       f"Fill in the unit, such as {in_print(analyte.code, analyte.unit)}."
                       )  # fmt: skip
    try:
        factor, offset = _factors(analyte.code, unit)
    except units.UnknownUnit:
        known = ", ".join(in_print(analyte.code, one) for one in
                          [analyte.unit, *analyte.other_units])  # fmt: skip
        return Refusal("unit", "unknown_unit",
                       f"{analyte.display} cannot be read in this unit.",
                       f"Units that can: {known}."[:300], unit)  # fmt: skip
    return Conversion(factor, offset, unit)


def _factors(code: str, unit: str) -> tuple[float, float]:
    conversion = units.conversion_of(code, unit)
    return conversion.factor, conversion.offset


def in_print(code: str, ucum: str) -> str:
    """A unit of an analyte as people write it, where it is read when they do."""
    printed = figures.unit(ucum)
    try:
        is_read = units.conversion_of(code, printed) == units.conversion_of(code, ucum)
    except units.UnknownUnit:
        is_read = False
    return (printed or "no unit") if is_read else ucum


@cache
def _names() -> dict[str, str]:
    return {name.casefold(): analyte.code for analyte in analytes.all()
            for name in (analyte.code, analyte.display, analyte.loinc) if name}  # fmt: skip


def without_hint(repair: str) -> str:
    """Advice for many rows, without what was meant for the test of one of them."""
    return repair.split(HINT, 1)[0]


def _nearest(code: str) -> str:
    names = _names()
    near = difflib.get_close_matches(code.casefold()[:60], names, n=3, cutoff=0.75)
    meant = sorted({names[name] for name in near})
    hint = f"{HINT}{' or '.join(meant)}?" if meant else ""
    return f"Use a LOINC code or a short name of the list of tests.{hint}"


def limits_of(limits: list[Limits]) -> np.ndarray:
    """Pairs of limits as two rows of numbers, NaN for none."""
    return np.array([[np.nan if limit is None else limit for limit in pair] for pair in limits],
                    "float64").reshape(-1, 2).T  # fmt: skip
