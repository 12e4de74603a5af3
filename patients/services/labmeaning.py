"""What rows of a file mean here: whose result, of which analyte, in our unit, how unusual."""

import difflib
import math
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Generic, NamedTuple, TypeVar

from django.utils import timezone

from healthcare.jobs.services import PermanentFailure
from ml import analytes, units
from ml.analytes import ADULT
from ml.facts import Sex
from patients import labcsv, resultkeys
from patients.labcsv.cells import Refusal, masked
from patients.labcsv.rows import problem
from patients.models import Analyte, PatientIdentifier, Result
from patients.models.patients import completed_years
from patients.services.labstore import Incoming

CLOCKS_DIFFER = timedelta(minutes=10)
LONGEST_PREGNANCY = timedelta(weeks=42)
MOST_REMEMBERED = 200_000
# Statuses that speak of an earlier version: without an issue time they are as new as their file.
AFTERTHOUGHTS = {
    Result.Status.CORRECTED,
    Result.Status.AMENDED,
    Result.Status.CANCELLED,
    Result.Status.ENTERED_IN_ERROR,
}
Range = tuple[float | None, float | None]
KNOWN_SEXES: dict[str, Sex] = {"female": "female", "male": "male"}
NO_RANGE: Range = (None, None)
K = TypeVar("K")
V = TypeVar("V")


class Person(NamedTuple):
    patient_id: int
    sex: Sex | None
    birth_date: date
    pregnant_since: date | None

    def is_pregnant_on(self, day: date) -> bool:
        since = self.pregnant_since
        return since is not None and since <= day <= since + LONGEST_PREGNANCY


class Found(dict[K, V], Generic[K, V]):
    """Answers to questions that the rows of a file ask again and again."""

    def __init__(self, find: Callable[[K], V]):
        super().__init__()
        self.find = find

    def __missing__(self, key: K) -> V:
        self[key] = answer = self.find(key)
        return answer


class Interpreter:
    """Reads the rows of one import. `received_at` is when its file was uploaded."""

    def __init__(self, *, received_at: datetime):
        self.received_at = received_at
        self.received_on = timezone.localdate(received_at)
        self.last_issue_day = self.received_on + timedelta(days=1)
        self.latest = received_at + CLOCKS_DIFFER
        self.people: dict[tuple[str, str], Person] = {}
        self.analyte_ids = _analyte_ids()
        self.analytes = Found(self._analyte)
        self.conversions = Found(_conversion)
        self.ranges = Found(_range)

    def read(
        self, rows: list[labcsv.Row], layout: labcsv.Layout
    ) -> tuple[list[Incoming], list[labcsv.Problem]]:
        """Rows as they may be stored, and those refused for what they say."""
        self._meet({(row.system, row.identifier) for row in rows})
        incoming: list[Incoming] = []
        problems: list[labcsv.Problem] = []
        for row in rows:
            try:
                incoming.append(self._incoming(row))
            except Refusal as refusal:
                problems.append(problem(row.row, layout, refusal))
        return incoming, problems

    def _incoming(self, row: labcsv.Row) -> Incoming:
        person = self.people.get((row.system, row.identifier))
        if person is None:
            raise _unknown_patient(row)
        analyte_id, analyte = self.analytes[row.code]
        factor, offset = self.conversions[analyte.code, row.unit]
        value = None if row.value is None else row.value * factor + offset
        if value is not None and not analyte.plausible[0] <= value <= analyte.plausible[1]:
            raise _implausible(row, analyte)
        day = self._check_times(row, person)
        age = completed_years(person.birth_date, day)
        usual = self._limits(row, analyte, person, day, age, factor, offset)
        return Incoming(
            import_row=row.row,
            patient_id=person.patient_id,
            analyte_id=analyte_id,
            version=resultkeys.version(row.status, row.comparator, value, "", row.issued_at),
            accession=row.accession,
            value=value,
            comparator=row.comparator,
            value_as_sent=row.value_as_sent,
            unit_as_sent=row.unit,
            status=row.status,
            collected_at=row.collected_at,
            issued_at=row.issued_at or self._issued_at(row),
            reference_low=usual[0],
            reference_high=usual[1],
            flag=_flag(row, value, usual, analyte.critical if age >= ADULT else NO_RANGE),
        )

    def _check_times(self, row: labcsv.Row, person: Person) -> date:
        """The day of collection, when it lies between birth and upload."""
        day = row.collected_at.date()
        if row.collected_at > self.latest and (row.has_time or day > self.received_on):
            raise Refusal("collected_at", "collected_in_future",
                          "The sample was collected after this file was uploaded.",
                          "Check the date, the time and the offset from UTC.",
                          row.collected_at.isoformat())  # fmt: skip
        if row.issued_at is not None and row.issued_at.date() > self.received_on + timedelta(
            days=1
        ):
            raise Refusal("issued_at", "issued_in_future",
                          "The result was issued after this file was uploaded.",
                          "Check the date, the time and the offset from UTC.")  # fmt: skip
        if day < person.birth_date:
            raise Refusal("collected_at", "collected_before_birth",
                          "The sample was collected before this patient was born.",
                          "Check the date and the patient's number.",
                          row.collected_at.isoformat())  # fmt: skip
        return day

    def _issued_at(self, row: labcsv.Row) -> datetime:
        """When the laboratory said so, where the file does not tell; see decision 0002."""
        return self.received_at if row.status in AFTERTHOUGHTS else row.collected_at

    def _limits(self, row, analyte, person, day, age, factor, offset) -> Range:
        """The laboratory's own reference range where the row has one, else ours."""
        low, high = row.reference_low, row.reference_high
        if low is None and high is None:
            pregnant = person.is_pregnant_on(day)
            return self.ranges[analyte.code, person.sex, age, pregnant]
        if low is not None and high is not None and low > high:
            raise Refusal("reference_low", "reference_range_reversed",
                          "The lower reference limit is above the upper one.",
                          "Check the two limits.", f"{low:g} to {high:g}")  # fmt: skip
        return (
            None if low is None else low * factor + offset,
            None if high is None else high * factor + offset,
        )

    def _analyte(self, code: str) -> tuple[int, analytes.Analyte]:
        analyte = analytes.resolve(code)
        if analyte is None or analyte.code not in self.analyte_ids:
            raise Refusal("code", "unknown_code", "This test is not known.", _nearest(code), code)
        return self.analyte_ids[analyte.code], analyte

    def _meet(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Look up patients not met before, one query a namespace."""
        if len(self.people) > MOST_REMEMBERED:
            self.people.clear()
        strangers = set(wanted) - self.people.keys()
        for system in {system for system, _value in strangers}:
            values = [value for namespace, value in strangers if namespace == system]
            found = PatientIdentifier.objects.filter(system=system, value__in=values).values_list(
                "value",
                "patient_id",
                "patient__sex",
                "patient__birth_date",
                "patient__pregnant_since",
            )
            for value, patient_id, sex, birth_date, pregnant_since in found.iterator():
                person = Person(patient_id, KNOWN_SEXES.get(sex), birth_date, pregnant_since)
                self.people[system, value] = person


def _analyte_ids() -> dict[str, int]:
    ids = dict(Analyte.objects.values_list("code", "id"))
    if not ids:
        raise PermanentFailure(
            "The table of analytes is empty. An administrator must run “manage.py load_reference”."
        )
    return ids


def _conversion(key: tuple[str, str]) -> tuple[float, float]:
    code, unit = key
    if not unit and not units.is_accepted(code, ""):
        raise Refusal("unit", "missing_unit", "There is no unit.",
                      f"Fill in the unit, such as {analytes.get(code).unit}.")  # fmt: skip
    try:
        conversion = units.conversion_of(code, unit)
    except units.UnknownUnit:
        analyte = analytes.get(code)
        known = ", ".join([analyte.unit, *analyte.other_units])
        raise Refusal("unit", "unknown_unit",
                      f"{analyte.display} cannot be read in this unit.",
                      f"Units that can: {known}."[:300], unit) from None  # fmt: skip
    return conversion.factor, conversion.offset


def _range(key: tuple[str, Sex | None, int, bool]) -> Range:
    return analytes.reference_range(*key)


def _flag(row: labcsv.Row, value: float | None, usual: Range, critical: Range) -> str:
    """LL, L, N, H or HH, or "" when nothing says; limits as in `ml.analytes.flag`.

    What is known only as below or above a number gets a flag when every value it may have
    would get that one.
    """
    if value is None:
        return ""
    least = -math.inf if row.comparator.startswith("<") else value
    most = math.inf if row.comparator.startswith(">") else value

    def is_below(limit: float | None) -> bool:
        return limit is not None and (most < limit or (row.comparator, most) == ("<", limit))

    def is_above(limit: float | None) -> bool:
        return limit is not None and (least > limit or (row.comparator, least) == (">", limit))

    if is_below(critical[0]):
        return "LL"
    if is_above(critical[1]):
        return "HH"
    low, high = usual
    if is_below(low):
        return "L"
    if is_above(high):
        return "H"
    is_inside = (low is None or least >= low) and (high is None or most <= high)
    return "N" if is_inside and usual != NO_RANGE else ""


def _unknown_patient(row: labcsv.Row) -> Refusal:
    return Refusal(
        "mrn",
        "unknown_patient",
        "No patient here has this number.",
        "Check the number and its leading zeros. If the person is new, register them first and "
        "send this row again.",
        masked(row.identifier),
    )


def _implausible(row: labcsv.Row, analyte: analytes.Analyte) -> Refusal:
    low, high = analyte.plausible
    return Refusal(
        "value",
        "implausible_value",
        f"{analyte.display} of a living person lies between {low:g} and {high:g} {analyte.unit}.",
        "Check the value, the unit and the decimal point.",
        f"{row.value_as_sent} {row.unit}",
    )


@cache
def _names() -> dict[str, str]:
    return {name.casefold(): analyte.code for analyte in analytes.all()
            for name in (analyte.code, analyte.display, analyte.loinc) if name}  # fmt: skip


def _nearest(code: str) -> str:
    names = _names()
    near = difflib.get_close_matches(code.casefold()[:60], names, n=3, cutoff=0.75)
    meant = sorted({names[name] for name in near})
    hint = f" Is it {' or '.join(meant)}?" if meant else ""
    return f"Use a LOINC code or a short name of the list of tests.{hint}"
