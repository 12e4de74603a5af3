"""Which resources of a stretch are new here, and whom each of them is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from healthcare.accounts.models import User
from patients.fhir import meaning, references, strict
from patients.fhir.elements import Concept, Fault, moment
from patients.fhir.reading import Entry
from patients.fhir.references import Owner, is_global
from patients.labcsv import Problem
from patients.models import FhirResource, LabImport, Patient
from patients.services import fhirpeople, fhirstore
from patients.services.fhirpeople import Policy
from patients.services.fhirstore import Kept, Known

Outcome = FhirResource.Outcome
MOST_REMEMBERED = 50_000  # names of patients, which can be asked for again
OLDER = "A newer version of it is here."


@dataclass
class Context:
    """What the stretches of one file share."""

    lab_import: LabImport
    policy: Policy
    by: User | None
    namespace: str = ""
    # Names under which the patients of the file are referred to → what each is called here.
    aliases: dict[str, str] = field(default_factory=dict)
    # Digests of its patients that have no name of their own everywhere, by their names.
    versions: dict[str, set[str]] = field(default_factory=dict)
    drugs: dict[str, Concept] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    # What the reports of the file say for their observations, by what these are called.
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    # When it became known whose these resources are, where that was after their file came.
    settled_at: datetime | None = None
    # The patient of all of them, where a person has said so.
    told: int | None = None

    def forget_many(self) -> None:
        """Ask for names anew when there are too many to hold in memory."""
        if len(self.people) > MOST_REMEMBERED:
            self.people.clear()

    def whole(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """A resource with what its report says for it; what is kept is as it was sent."""
        told = self.reports.get(name) if body["resourceType"] == "Observation" else None
        return meaning.completed(body, told) if told else body

    @property
    def now(self) -> datetime:
        """Since when what the file says is known here."""
        return self.settled_at or self.lab_import.confirmed_at or self.lab_import.uploaded_at


@dataclass
class Stored:
    """What became of a stretch. Each resource counts once."""

    accepted: int = 0
    corrected: int = 0
    duplicate: int = 0
    refused: int = 0
    unmatched: int = 0
    resources: list[Kept] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    results_of: set[int] = field(default_factory=set)  # patients whose results changed
    facts_of: set[int] = field(default_factory=set)  # patients whose record changed

    def refuse(self, place: int, fault: Fault) -> None:
        self.problems.append(
            Problem(place, fault.path[:60], fault.code, fault.message, fault.repair, "")
        )

    def count(self) -> None:
        for one in self.resources:
            if one.outcome == Outcome.REFUSED:
                self.refused += 1
            elif one.outcome == Outcome.HELD and one.patient_id is None:
                self.unmatched += 1
            elif one.outcome == Outcome.HELD:
                self.refused += 1
            elif one.is_correction:
                self.corrected += 1
            else:
                self.accepted += 1


class Admission:
    """Which resources of a stretch are new: known versions count as duplicates and go."""

    def __init__(self, entries: Sequence[Entry], context: Context, stored: Stored):
        self.context, self.stored = context, stored
        self.admitted: list[tuple[Entry, Kept]] = []
        checked = [pair for entry in entries if (pair := self._checked(entry))]
        self.versions = fhirstore.versions((one.kind, one.name) for _, one in checked)
        for entry, one in checked:
            self._admit(entry, one)

    def earlier(self, one: Kept) -> list[Known]:
        """Other versions of a resource, oldest first."""
        versions = self.versions.get((one.kind, one.name), [])
        return [known for known in versions if known.digest != one.digest]

    def _checked(self, entry: Entry) -> tuple[Entry, Kept] | None:
        if entry.fault:
            fault = Fault("", entry.fault, "Send the resource again, as FHIR R4 in JSON.")
            self.stored.refuse(entry.place, fault)
            self.stored.refused += 1
            return None
        resource = entry.resource
        try:
            strict.check(resource)
            name = references.identity(resource, entry.full_url, self.context.namespace)
        except Fault as fault:
            self._keep_broken(entry, fault)
            return None
        kind, digest = resource["resourceType"], strict.digest(resource)
        return entry, Kept(entry.place, kind, name, digest, resource)

    def _keep_broken(self, entry: Entry, fault: Fault) -> None:
        """What is not FHIR may hold what PostgreSQL cannot keep: the file itself has it."""
        kind = entry.resource.get("resourceType")
        kind = kind[:40] if isinstance(kind, str) and strict.TYPE.fullmatch(kind) else "Unknown"
        name = f"{self.context.lab_import.public_id}#{entry.place}"
        body = {"resourceType": kind}
        one = Kept(entry.place, kind, name, strict.digest(body), body)
        self.stored.resources.append(one)
        refuse(one, fault, self.stored)

    def _admit(self, entry: Entry, one: Kept) -> None:
        versions = self.versions.setdefault((one.kind, one.name), [])
        same = next((known for known in versions if known.digest == one.digest), None)
        if same and not _is_open(same):
            self.stored.duplicate += 1
            if one.kind == "Patient" and same.patient_id:
                self.context.people[one.name] = same.patient_id
            return
        one.known = same if same and same.pk else None
        one.is_correction = len(versions) > bool(same)
        updated = _last_updated(one.body)
        if updated and any(_is_newer(known, updated) for known in versions):
            one.reason = OLDER
        if not same:
            versions.append(Known(0, one.digest, None, Outcome.KEPT, "", updated))
        self.stored.resources.append(one)
        self.admitted.append((entry, one))


class Owners:
    """Whom the resources of a stretch are about, asked for all of them at once."""

    def __init__(self, admitted: list[tuple[Entry, Kept]], context: Context, stored: Stored):
        self.context = context
        self.owners: dict[int, Owner | None] = {}
        self.faults: dict[int, Fault] = {}
        for entry, one in admitted:
            try:
                self.owners[one.place] = references.owner(
                    context.whole(one.name, one.body), entry.full_url, context.namespace
                )
            except Fault as fault:
                self.faults[one.place] = fault
        owners = [owner for owner in self.owners.values() if owner]
        self._look_up_names(owners)
        self.merged = self._merged_since(owners)
        self.by_number = fhirpeople.with_numbers(
            {pair for owner in owners if not self._named(owner) for pair in owner.identifiers}
        )

    def of(self, one: Kept) -> tuple[Owner | None, int | None]:
        """The owner, and the patient that it is here; raises Fault for a broken reference."""
        if one.place in self.faults:
            raise self.faults[one.place]
        owner = self.owners[one.place]
        if owner is None:
            return None, None
        if self.context.told:
            return owner, self.context.told
        found = {self.by_number[pair] for pair in owner.identifiers if pair in self.by_number}
        return owner, self._named(owner) or (found.pop() if len(found) == 1 else None)

    def _named(self, owner: Owner) -> int | None:
        people = self.context.people
        names = [self.context.aliases.get(name, name) for name in owner.names]
        found = next((people[name] for name in names if people.get(name)), None)
        return self.merged.get(found, found) if found else None

    def _merged_since(self, owners: Iterable[Owner]) -> dict[int, int]:
        """Patients of earlier stretches whose record was merged meanwhile: into which."""
        aliases, people = self.context.aliases, self.context.people
        names = {aliases.get(name, name) for owner in owners for name in owner.names}
        known = {people[name] for name in names if people.get(name)}
        merged = Patient.objects.filter(pk__in=known, merged_into__isnull=False)
        return dict(merged.values_list("pk", "merged_into_id"))

    def _look_up_names(self, owners: Iterable[Owner]) -> None:
        """Patients of this file by any name, those of earlier files by one that is theirs alone."""
        aliases, versions = self.context.aliases, self.context.versions
        wanted = {aliases.get(name, name) for owner in owners for name in owner.names}
        wanted -= self.context.people.keys()
        if local := {name for name in wanted if not is_global(name) and name in versions}:
            digests = {digest for name in local for digest in versions[name]}
            self.context.people |= fhirpeople.known_names(local, digests)
        if everywhere := {name for name in wanted if is_global(name)}:
            self.context.people |= fhirpeople.known_names(everywhere)


def refuse(one: Kept, fault: Fault, stored: Stored) -> None:
    one.outcome, one.reason = Outcome.REFUSED, fault.message[:200]
    stored.refuse(one.place, fault)


def _is_open(known: Known) -> bool:
    """Whether a version that is here may be taken up again: it came to nothing, or was
    withdrawn."""
    waits = known.outcome == Outcome.HELD and known.patient_id is None
    return waits or known.outcome == Outcome.REFUSED or known.reason == fhirstore.WITHDRAWN


def _last_updated(body: dict[str, Any]) -> str:
    meta = body.get("meta")
    value = meta.get("lastUpdated", "") if isinstance(meta, dict) else ""
    return value if isinstance(value, str) else ""


def _is_newer(known: Known, updated: str) -> bool:
    try:
        theirs, ours = moment(known.last_updated or None, ""), moment(updated, "")
    except Fault:
        return False
    return bool(theirs and ours and theirs > ours and known.reason != fhirstore.WITHDRAWN)
