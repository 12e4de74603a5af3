"""Resources whose patient was not known when they came: found again when the patient is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from healthcare.accounts.models import User
from patients.fhir import references
from patients.fhir.elements import Fault
from patients.fhir.reading import Entry
from patients.fhir.references import Owner, is_global
from patients.models import FhirResource, HeldResult, LabImport
from patients.services import fhirpeople, fhirstore, labversions
from patients.services.fhiradmission import Context
from patients.services.fhirpeople import NAMELESS, Policy
from patients.services.fhirstore import Kept

Outcome = FhirResource.Outcome
AT_ONCE = 500
# Rows that are taken up again are numbered beyond those of any file, by their resource.
BEYOND = 1_000_000_000


def number(owner: Owner) -> tuple[str, str]:
    """Under which number the work list shows whose a result is."""
    return owner.identifiers[0] if owner.identifiers else (NAMELESS, owner.names[0][:64])


def number_of(kept: FhirResource, namespace: str) -> tuple[str, str]:
    """The same of a resource that is here; two empty texts where it names nobody."""
    entry = entry_of(kept)
    try:
        owner = references.owner(entry.resource, entry.full_url, namespace)
    except Fault:
        return "", ""
    return number(owner) if owner else ("", "")


def settle(one: Kept, owner: Owner, accession: str, context: Context) -> None:
    """Take the rows of a resource that has found its patient from the work list."""
    system, value = number(owner)
    waiting = HeldResult.objects.waiting().filter(
        reason=HeldResult.Reason.PATIENT, cells__mrn=value, cells__identifier_system=system,
        cells__accession=accession,
    )  # fmt: skip
    how = "A person has said whose it is" if context.told else "Its patient came in later"
    waiting.update(
        status=HeldResult.Status.RELEASED, patient_id=one.patient_id, decided_by=context.by,
        decided_at=context.now, comment=how,
    )  # fmt: skip


def waiting() -> QuerySet[FhirResource]:
    """What waits for its patient. Patients themselves wait for a care team."""
    rows = FhirResource.objects.filter(outcome=Outcome.HELD, patient=None)
    return rows.exclude(resource_type="Patient")


def release(newcomers: LabImport, *, now: datetime) -> set[int]:
    """Read again what waited for patients that are known now, after a file has brought some.

    Returns whose records changed.
    """
    others = waiting().exclude(lab_import=None).exclude(lab_import=newcomers)
    imports = LabImport.objects.filter(pk__in=others.values("lab_import")).order_by("pk")
    changed: set[int] = set()
    for lab_import in imports.select_related("lab_source", "uploaded_by"):
        changed |= read_again(lab_import, now=now)
    return changed


def read_again(lab_import: LabImport, *, now: datetime) -> set[int]:
    """The same for what waits of one file, some at a time. Returns whose records changed."""
    context = context_of(lab_import, now)
    changed: set[int] = set()
    last = 0
    while rows := list(
        waiting().filter(lab_import=lab_import, pk__gt=last).order_by("pk")[:AT_ONCE]
    ):
        changed |= settle_some([row.pk for row in rows], context)
        last = rows[-1].pk
    return changed


def give(keys: Sequence[int], lab_import: LabImport, told: int, by: User, now: datetime) -> None:
    """Read these resources again as the patient's whom a person has named."""
    context = replace(context_of(lab_import, now), told=told, by=by)
    for start in range(0, len(keys), AT_ONCE):
        settle_some(keys[start : start + AT_ONCE], context)


def context_of(lab_import: LabImport, now: datetime) -> Context:
    """What the import of the file knew, from the resources that it left here; what is known
    only now is known from `now` on."""
    from patients.services import fhirin
    from patients.services.fhirindex import TELLING, Index

    namespace, index = fhirin.namespace_of(lab_import), Index()
    those = FhirResource.objects.filter(lab_import=lab_import).order_by("pk")
    waits = Q(resource_type="Observation", outcome=Outcome.HELD, patient=None)
    for kept in those.filter(waits | Q(resource_type__in=TELLING)).iterator(AT_ONCE):
        index.note(entry_of(kept), namespace)
    if index.wants_reports:
        for kept in those.filter(resource_type="DiagnosticReport").iterator(AT_ONCE):
            index.note_report(entry_of(kept), namespace)
    return Context(
        lab_import, Policy(), lab_import.uploaded_by, namespace, aliases=index.aliases,
        versions=index.versions, drugs=index.drugs, reports=index.reports, settled_at=now,
    )  # fmt: skip


@transaction.atomic
def settle_some(keys: Sequence[int], context: Context) -> set[int]:
    """Store what is of a patient who is known now; returns whose records changed."""
    from patients.services import fhirresources

    fhirstore.lock()
    labversions.take_turns()
    # Asked under the lock: what another has read again meanwhile waits no longer.
    rows = list(waiting().filter(pk__in=keys).order_by("pk"))
    entries = [entry_of(row) for row in rows]
    found = entries if context.told else list(_found(entries, context))
    if not found:
        return set()
    stored = fhirresources.others(found, context)
    LabImport.objects.filter(pk=context.lab_import.pk).update(
        unmatched_count=F("unmatched_count") - len(found) + stored.unmatched,
        accepted_count=F("accepted_count") + stored.accepted + stored.corrected + stored.duplicate,
        refused_count=F("refused_count") + stored.refused,
    )
    context.lab_import.problems.filter(code="unknown_patient", row__gte=BEYOND).delete()
    return stored.facts_of | stored.results_of


def entry_of(kept: FhirResource) -> Entry:
    full_url = kept.resource_id if is_global(kept.resource_id) else ""
    return Entry(BEYOND + kept.pk, full_url, kept.body)


def _found(entries: Sequence[Entry], context: Context) -> Iterator[Entry]:
    """Those whose patient is known now, asked for all of them at once."""
    owners = {entry.place: owner for entry in entries if (owner := owner_of(entry, context))}
    names = {
        whole
        for owner in owners.values()
        for name in owner.names
        if is_global(whole := context.aliases.get(name, name))
    }
    pairs = {pair for owner in owners.values() for pair in owner.identifiers}
    by_name, by_number = fhirpeople.known_names(names), fhirpeople.with_numbers(pairs)
    for entry in entries:
        owner = owners.get(entry.place)
        if owner and (
            any(context.aliases.get(name, name) in by_name for name in owner.names)
            or any(pair in by_number for pair in owner.identifiers)
        ):
            yield entry


def owner_of(entry: Entry, context: Context) -> Owner | None:
    """Whom a resource of the file is about, by its report where it does not say so itself."""
    resource, namespace = entry.resource, context.namespace
    try:
        name = references.identity(resource, entry.full_url, namespace)
        return references.owner(context.whole(name, resource), entry.full_url, namespace)
    except Fault:
        return None
