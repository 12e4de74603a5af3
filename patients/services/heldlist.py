"""The work list of rows that wait for a person, and the search for whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Count, Min, Prefetch, Q, QuerySet

from healthcare.accounts.models import User
from healthcare.audit import services as audit
from ml import analytes
from patients.models import Analyte, HeldResult, Patient, PatientIdentifier

Reason = HeldResult.Reason
MOST_FOUND = 10
QUESTIONS = {
    Reason.PATIENT: "Whose results are these?",
    Reason.CODE: "Which test is this?",
    Reason.UNIT: "Which unit is this?",
}


@dataclass(frozen=True)
class Group:
    """Rows that one answer settles. `first` is the oldest row; it names the group in URLs,
    which never hold what the row says."""

    first: HeldResult
    rows: int
    oldest: datetime
    subject: str

    @property
    def question(self) -> str:
        return QUESTIONS[Reason(self.first.reason)]


class Wanted(NamedTuple):
    """What is known of a person: a whole number, or a whole name with the birth date."""

    number: str = ""
    family_name: str = ""
    given_name: str = ""
    birth_date: date | None = None


def groups(user: User, *, reason: str = "") -> QuerySet:
    """Waiting rows by what is not known, oldest first: rows of {reason, key, first, …}."""
    waiting = HeldResult.objects.visible_to(user).waiting()
    if reason:
        waiting = waiting.filter(reason=reason)
    return (
        waiting.values("reason", "key")
        .annotate(rows=Count("pk"), oldest=Min("received_at"), first=Min("pk"))
        .order_by("oldest", "first")
    )


def described(rows: list[Mapping], user: User) -> list[Group]:
    """The groups of one page, with their first rows: one query."""
    visible = HeldResult.objects.visible_to(user).select_related("lab_source")
    firsts = visible.in_bulk([row["first"] for row in rows])
    return [
        Group(firsts[row["first"]], row["rows"], row["oldest"], subject(firsts[row["first"]]))
        for row in rows
    ]


def counts(user: User) -> dict[str, int]:
    """How many rows wait, by reason."""
    waiting = HeldResult.objects.visible_to(user).waiting().order_by()
    return dict(waiting.values_list("reason").annotate(rows=Count("pk")))


def same_question(held: HeldResult, user: User) -> QuerySet[HeldResult]:
    """The waiting rows that the answer to this one settles as well."""
    waiting = HeldResult.objects.visible_to(user).waiting()
    same = waiting.filter(reason=held.reason, key=held.key)
    return same.select_related("lab_import", "message", "lab_source").order_by("received_at", "pk")


def subject(held: HeldResult) -> str:
    """What is not known, as the row wrote it."""
    cells = held.cells
    if held.reason == Reason.PATIENT:
        system = cells.get("identifier_system") or PatientIdentifier.MRN
        number = cells.get("mrn") or "no number"
        return number if system == PatientIdentifier.MRN else f"{number} ({system})"
    if held.reason == Reason.CODE:
        return " · ".join(text for text in (cells.get("code"), cells.get("test_name")) if text)
    return f"{cells.get('unit') or 'no unit'} for {cells.get('test_name') or cells.get('code')}"


def find_patients(wanted: Wanted, *, by: User) -> list[Patient]:
    """Patients who are exactly this person; at most ten, and who was shown is written down.

    Needs a number, or a family name with the birth date: a name alone would let people browse
    the hospital.
    """
    if wanted.number:
        matches = Q(identifiers__value=wanted.number)
    elif wanted.family_name and wanted.birth_date:
        matches = Q(family_name__iexact=wanted.family_name, birth_date=wanted.birth_date)
    else:
        return []
    if wanted.given_name:
        matches &= Q(given_name__iexact=wanted.given_name)
    if wanted.number and wanted.birth_date:
        matches &= Q(birth_date=wanted.birth_date)
    people = Patient.objects.identifiable_to(by).filter(matches).distinct()
    identifiers = Prefetch("identifiers", PatientIdentifier.objects.order_by("pk"))
    found = list(people.prefetch_related(identifiers).order_by("pk")[:MOST_FOUND])
    audit.read("patients.identified", patient_ids=[one.pk for one in found], by=by)
    return found


def identified(public_id: str, *, by: User) -> Patient | None:
    """The patient somebody chose among those found."""
    return Patient.objects.identifiable_to(by).filter(public_id=public_id).first()


def analyte_named(text: str) -> Analyte | None:
    """The analyte with this short name, LOINC code or synonym."""
    known = analytes.resolve(text)
    return Analyte.objects.filter(code=known.code).first() if known else None
