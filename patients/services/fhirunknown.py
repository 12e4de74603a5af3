"""Whose the waiting resources of a bundle are: people of the file who are not known here.

The file's own words make one person of them: the same reference, number or Patient resource. A
person says which patient that is; then the resources are read again as that patient's, and are
known from now on. Withdrawing the file takes the answer back with everything that it stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients import signals
from patients.fhir import elements, person, references
from patients.fhir.elements import Fault
from patients.fhir.person import Person
from patients.fhir.references import Owner
from patients.models import FhirResource, HeldResult, LabImport, Patient
from patients.services import demographics, fhirpeople, fhirstore, fhirwaiting, held, labversions
from patients.services.fhiradmission import Context
from patients.services.held import CannotMatch

Outcome = FhirResource.Outcome
MOST_READ = 20_000  # waiting resources that are looked at for one page
MOST_SHOWN = 20
Token = tuple[str, str]


@dataclass(frozen=True)
class Waiting:
    """One resource as the page shows it."""

    kind: str
    what: str
    day: str


@dataclass
class Unknown:
    """Somebody of a file. `first` is the key of a resource of theirs: it names them in addresses,
    which never hold what the file says. `said` is what their own Patient resource says."""

    first: int
    tokens: set[Token] = field(default_factory=set)
    numbers: dict[Token, None] = field(default_factory=dict)
    people: list[int] = field(default_factory=list)  # keys of Patient resources
    others: list[int] = field(default_factory=list)  # keys of what is about them
    said: Person | None = None
    called: str = ""
    kinds: Counter[str] = field(default_factory=Counter)
    examples: list[Waiting] = field(default_factory=list)

    @property
    def resources(self) -> int:
        return len(self.people) + len(self.others)

    @property
    def number_texts(self) -> list[str]:
        return [value for _system, value in self.numbers]

    @property
    def kind_counts(self) -> list[tuple[str, int]]:
        return self.kinds.most_common()


def unknown_people(lab_import: LabImport, *, now: datetime) -> list[Unknown]:
    """The people of a file who are not known here, those with most that waits first.

    Of a file of whose resources more than MOST_READ wait, those that came first.
    """
    found: list[Unknown] = []
    by_token: dict[Token, Unknown] = {}
    for kept, tokens, numbers in _owned(lab_import, now):
        mine = _one_of({id(by_token[t]): by_token[t] for t in tokens if t in by_token}, found, kept)
        mine.tokens |= tokens
        mine.numbers |= dict.fromkeys(numbers)
        by_token |= dict.fromkeys(mine.tokens, mine)
        _note(mine, kept)
    return sorted(found, key=lambda one: (-one.resources, one.first))


def unknown(lab_import: LabImport, first: int, *, now: datetime) -> Unknown | None:
    """The one of them whose resource this is; None when it waits no longer."""
    people = unknown_people(lab_import, now=now)
    return next((one for one in people if first in {*one.people, *one.others}), None)


@transaction.atomic
def match(
    lab_import: LabImport, first: int, patient: Patient, *,
    reason: str, remember: bool, by: User, now: datetime,
) -> int:  # fmt: skip
    """The resources of this person of the file are the patient's; with `remember` their numbers
    are, in later files, too.

    Returns how many wait no longer; a second time finds none. Raises CannotMatch where the file
    or the record speaks against it, and `demographics.NumberTaken`.
    """
    permissions.check(by, Permission.INTAKE_RESOLVE)
    fhirstore.lock()
    labversions.take_turns()
    someone = unknown(lab_import, first, now=now)
    if someone is None:
        return 0
    _check(someone, lab_import, patient, by)
    held.number_of(patient)  # by which the intake finds the patient
    if remember:
        for system, value in someone.numbers:
            demographics.add_identifier(patient, system=system, value=value, by=by)
    _settle_people(someone, lab_import, patient, now)
    fhirwaiting.give(someone.others, lab_import, patient.pk, by, now)
    audit.record(
        "fhir.matched", target=lab_import, by=by, patient_ids=[patient.pk],
        resources=someone.resources, reason=reason.strip()[:200], remembered=remember,
    )  # fmt: skip
    signals.record_changed.send(sender=LabImport, patient_ids=[patient.pk])
    signals.results_arrived.send(sender=LabImport, patient_ids=[patient.pk])
    return someone.resources


def _owned(
    lab_import: LabImport, now: datetime
) -> Iterator[tuple[FhirResource, set[Token], list[Token]]]:
    """Waiting resources with what says whose they are: all of it, and the numbers among it.

    Of a withdrawn file nothing waits: an answer about it could not be taken back any more.
    """
    context = fhirwaiting.context_of(lab_import, now)
    rows = FhirResource.objects.filter(
        lab_import=lab_import, lab_import__withdrawn_at=None, outcome=Outcome.HELD, patient=None
    )
    for kept in rows.order_by("pk")[:MOST_READ].iterator(chunk_size=500):
        entry = fhirwaiting.entry_of(kept)
        if kept.resource_type == "Patient":
            said = _read(kept.body)
            numbers = [(n.system, n.value) for n in said.numbers if n.system] if said else []
            yield kept, {("", kept.resource_id), *numbers}, numbers
            continue
        owner = fhirwaiting.owner_of(entry, context)
        if owner:
            yield kept, _tokens(kept, owner, context), list(owner.identifiers)


def _tokens(kept: FhirResource, owner: Owner, context: Context) -> set[Token]:
    """A name within the resource alone means nobody beyond it: its numbers count, if it has any."""
    numbers = set(owner.identifiers)
    if any(name.startswith("#") for name in owner.names):
        return numbers or {("", f"{kept.pk}#")}
    return numbers | {("", context.aliases.get(name, name)) for name in owner.names}


def _one_of(mine: Mapping[int, Unknown], found: list[Unknown], kept: FhirResource) -> Unknown:
    """The person whom these name: a new one, the one that is there, or several made one."""
    if not mine:
        found.append(Unknown(kept.pk))
        return found[-1]
    one, *others = mine.values()
    for other in others:
        found.remove(other)
        one.first = min(one.first, other.first)
        one.tokens |= other.tokens
        one.numbers |= other.numbers
        one.people += other.people
        one.others += other.others
        one.said, one.called = one.said or other.said, one.called or other.called
        one.kinds += other.kinds
        one.examples = [*one.examples, *other.examples][:MOST_SHOWN]
    return one


def _note(mine: Unknown, kept: FhirResource) -> None:
    mine.kinds[kept.resource_type] += 1
    if kept.resource_type == "Patient":
        mine.people.append(kept.pk)
        mine.said = mine.said or _read(kept.body)
        return
    mine.others.append(kept.pk)
    mine.called = mine.called or _called(kept.body)
    if len(mine.examples) < MOST_SHOWN:
        mine.examples.append(Waiting(kept.resource_type, *_told(kept.body)))


def _check(someone: Unknown, lab_import: LabImport, patient: Patient, by: User) -> None:
    """Refuse what the file or the record speaks against."""
    if not Patient.objects.identifiable_to(by).filter(pk=patient.pk).exists():
        raise CannotMatch("This record is not in use any more. Search for the patient again.")
    owners = fhirpeople.with_numbers(someone.numbers)
    for (_system, value), owner in owners.items():
        if owner != patient.pk:
            raise CannotMatch(
                f"Number {value} of the file is on another patient's record. Choose that patient, "
                "or have the number corrected there. Nothing was stored."
            )
    if someone.said:
        try:
            fhirpeople.check_same_person(someone.said, patient)
        except Fault:
            raise CannotMatch(
                "The file gives another family name and another birth date than this record. "
                "Choose another patient, or have the file or the record corrected. Nothing was "
                "stored."
            ) from None
    if _given_to_others(someone, lab_import, patient):
        raise CannotMatch(
            "Values of this person were given to another patient on the list of held results. "
            "Move those first, if that was wrong. Nothing was stored."
        )


def _given_to_others(someone: Unknown, lab_import: LabImport, patient: Patient) -> bool:
    """Whether a value of theirs left the list of held results for somebody else."""
    given = HeldResult.objects.filter(
        lab_import=lab_import, status=HeldResult.Status.RELEASED, patient__isnull=False
    )
    others = given.exclude(patient=patient).exclude(patient__merged_into=patient)
    accessions = set(others.values_list("cells__accession", flat=True))
    if not accessions:
        return False
    resources = FhirResource.objects.filter(pk__in=someone.others)
    return any(references.short_id(one.body, one.resource_id) in accessions for one in resources)


def _settle_people(
    someone: Unknown, lab_import: LabImport, patient: Patient, now: datetime
) -> None:
    """Their own Patient resources say only who they are: nothing of the record changes by them."""
    rows = FhirResource.objects.filter(pk__in=someone.people, outcome=Outcome.HELD)
    settled = rows.update(
        outcome=Outcome.FACT, patient=patient, reason=fhirstore.TOLD, received_at=now
    )
    LabImport.objects.filter(pk=lab_import.pk).update(
        unmatched_count=F("unmatched_count") - settled,
        accepted_count=F("accepted_count") + settled,
    )


def _read(body: dict[str, Any]) -> Person | None:
    try:
        return person.read(body)
    except Fault:
        return None


def _called(body: dict[str, Any]) -> str:
    """The name that a reference shows people, where it shows one."""
    for name in references.OWNERS:
        whose = body.get(name)
        if isinstance(whose, dict) and isinstance(whose.get("display"), str):
            return whose["display"][:100]
    return ""


NAMED_BY = ("code", "medicationCodeableConcept", "vaccineCode")
DATED_BY = ("effective", "onset", "authored", "occurrence", "performed", "period", "recordedDate")


def _told(body: dict[str, Any]) -> tuple[str, str]:
    """What a resource is about and its day, as far as a look can tell."""
    try:
        labels = (elements.concept(body, name).label for name in NAMED_BY)
        what = next((label for label in labels if label), "")
    except Fault:
        what = ""
    values = (value for stem in DATED_BY for name, value in body.items() if name.startswith(stem))
    days = (value.get("start") if isinstance(value, dict) else value for value in values)
    return what[:80], next((day[:10] for day in days if isinstance(day, str)), "")
