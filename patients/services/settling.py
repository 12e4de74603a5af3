"""One answer of a person for all rows that ask the same, as the doors give it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from healthcare.accounts.models import User
from ml import analytes, suggest, units
from ml.suggest import Suggestion
from patients.models import Analyte, HeldResult, LabSource, Patient
from patients.services import held as answers
from patients.services import heldlist, labtests, sources
from patients.services.demographics import NumberTaken
from patients.services.heldlist import Reason


class NotPossible(Exception):
    """The answer does not fit the question; the sentence says what does."""


class Settled(NamedTuple):
    """What became of the rows: those that wait no longer, and those that wait for more."""

    settled: int
    waiting: int

    def __str__(self) -> str:
        said = f"{self.settled:,} row{'' if self.settled == 1 else 's'} settled."
        if not self.waiting:
            return said
        return f"{said} {self.waiting:,} still wait, for this or another answer."


def match(
    held: HeldResult,
    *,
    patient: Patient,
    remember: bool,
    by: User,
    now: datetime,
) -> Settled:
    """The rows are this patient's; with `remember` the number is too, in files to come."""
    _check(held, Reason.PATIENT)
    ids = _ids(held, by)
    try:
        answers.match(ids, patient, by=by, now=now, remember=remember)
    except (answers.CannotMatch, NumberTaken) as refusal:
        raise NotPossible(str(refusal)) from refusal
    return _outcome(ids)


@transaction.atomic
def map_code(
    held: HeldResult,
    *,
    analyte: Analyte,
    unit: str = "",
    source: str = "",
    by: User,
    now: datetime,
) -> Settled:
    """The source means this analyte; `unit` is for rows that give none.

    `source` names who wrote the rows, where nobody has said so at the upload.
    """
    _check(held, Reason.CODE)
    if unit and not units.is_accepted(analyte.code, unit):
        known = ", ".join(units_of(analyte.code))
        raise NotPossible(f"{analyte.name} cannot be read in {unit}. Units that can: {known}.")
    ids = _ids(held, by)
    lab_source = held.lab_source or _named(source, ids, by)
    answers.map_code(lab_source, held.cells.get("code", ""), analyte, unit, by=by, now=now)
    return _outcome(ids)


def _named(name: str, ids: list[int], by: User) -> LabSource:
    if not name:
        raise NotPossible("Name the source of these rows: its codes are remembered by that name.")
    lab_source = sources.named(name, by=by)
    HeldResult.objects.filter(pk__in=ids, lab_source=None).update(lab_source=lab_source)
    return lab_source


def map_unit(held: HeldResult, *, unit: str, by: User, now: datetime) -> Settled:
    """The rows are in this unit."""
    _check(held, Reason.UNIT)
    if unit not in units_offered(held):
        raise NotPossible(f"The test cannot be read in {unit}. Units that can: {_in_print(held)}.")
    ids = _ids(held, by)
    answers.map_unit(ids, unit, by=by, now=now)
    return _outcome(ids)


def reject(held: HeldResult, *, comment: str, by: User, now: datetime) -> Settled:
    """The rows are nobody's; they are kept with the comment."""
    ids = _ids(held, by)
    answers.reject(ids, comment, by=by, now=now)
    return _outcome(ids)


def likely(held: HeldResult) -> list[Suggestion]:
    """What the code of a row may mean, the likeliest first."""
    cells = held.cells
    return suggest.suggest(
        cells.get("code", ""), name=cells.get("test_name", ""), unit=cells.get("unit", "")
    )


def units_offered(held: HeldResult) -> list[str]:
    """Units in which the test of a row can be read; none when the test is not known."""
    analyte = analyte_of(held)
    return units_of(analyte) if analyte else []


def analyte_of(held: HeldResult) -> str:
    """Short name of the test of a row, by its source's codes first."""
    code = held.cells.get("code", "")
    if held.lab_source is not None:
        said = held.lab_source.codes.filter(code__iexact=code).select_related("analyte").first()
        if said is not None:
            return said.analyte.code
    known = analytes.resolve(code)
    return known.code if known else ""


def _in_print(held: HeldResult) -> str:
    code = analyte_of(held)
    return ", ".join(labtests.in_print(code, one) for one in units_offered(held))


def units_of(code: str) -> list[str]:
    analyte = analytes.get(code)
    return [analyte.unit, *analyte.other_units]


def _check(held: HeldResult, reason: Reason) -> None:
    if held.reason != reason:
        raise NotPossible(f"These rows ask something else: {held.get_reason_display().lower()}.")


def _ids(held: HeldResult, user: User) -> list[int]:
    return list(heldlist.same_question(held, user).values_list("pk", flat=True))


def _outcome(ids: list[int]) -> Settled:
    waiting = HeldResult.objects.filter(pk__in=ids).waiting().count()
    return Settled(len(ids) - waiting, waiting)
