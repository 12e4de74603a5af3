"""Resources whose patient was not known when they came: found again when the patient is."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, QuerySet

from patients.fhir import references
from patients.fhir.elements import Fault
from patients.fhir.reading import Entry
from patients.fhir.references import Owner
from patients.models import FhirResource, HeldResult, LabImport
from patients.services import fhirpeople, fhirstore, labversions
from patients.services.fhiradmission import Context, is_global
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
    entry = _entry(kept)
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
    waiting.update(
        status=HeldResult.Status.RELEASED, patient_id=one.patient_id, decided_by=context.by,
        decided_at=context.now, comment="Its patient came in later",
    )  # fmt: skip


def waiting() -> QuerySet[FhirResource]:
    """What waits for its patient. Patients themselves wait for a care team."""
    rows = FhirResource.objects.filter(outcome=Outcome.HELD, patient=None)
    return rows.exclude(resource_type="Patient")


def release(newcomers: LabImport) -> set[int]:
    """Read again what waited for patients that are known now, after a file has brought some.

    Returns whose records changed.
    """
    others = waiting().exclude(lab_import=None).exclude(lab_import=newcomers)
    imports = LabImport.objects.filter(pk__in=others.values("lab_import")).order_by("pk")
    changed: set[int] = set()
    for lab_import in imports.select_related("lab_source", "uploaded_by"):
        changed |= read_again(lab_import)
    return changed


def read_again(lab_import: LabImport) -> set[int]:
    """The same for what waits of one file, some at a time. Returns whose records changed."""
    changed: set[int] = set()
    last = 0
    while rows := list(
        waiting().filter(lab_import=lab_import, pk__gt=last).order_by("pk")[:AT_ONCE]
    ):
        changed |= _read_again(lab_import, [row.pk for row in rows])
        last = rows[-1].pk
    return changed


@transaction.atomic
def _read_again(lab_import: LabImport, keys: list[int]) -> set[int]:
    from patients.services import fhirin, fhirresources

    fhirstore.lock()
    labversions.take_turns()
    # Asked under the lock: what another has read again meanwhile waits no longer.
    rows = list(waiting().filter(pk__in=keys).order_by("pk"))
    context = Context(lab_import, Policy(), lab_import.uploaded_by, fhirin.namespace_of(lab_import))
    found = list(_found([_entry(row) for row in rows], context))
    if not found:
        return set()
    stored = fhirresources.others(found, context)
    LabImport.objects.filter(pk=lab_import.pk).update(
        unmatched_count=F("unmatched_count") - len(found) + stored.unmatched,
        accepted_count=F("accepted_count") + stored.accepted + stored.corrected + stored.duplicate,
        refused_count=F("refused_count") + stored.refused,
    )
    lab_import.problems.filter(code="unknown_patient", row__gte=BEYOND).delete()
    return stored.facts_of | stored.results_of


def _entry(kept: FhirResource) -> Entry:
    full_url = kept.resource_id if is_global(kept.resource_id) else ""
    return Entry(BEYOND + kept.pk, full_url, kept.body)


def _found(entries: Iterable[Entry], context: Context) -> Iterable[Entry]:
    """Those whose patient is known now, asked for all of them at once."""
    owners = {}
    for entry in entries:
        try:
            owners[entry.place] = references.owner(
                entry.resource, entry.full_url, context.namespace
            )
        except Fault:
            continue
    names = {name for owner in owners.values() if owner for name in owner.names if is_global(name)}
    pairs = {pair for owner in owners.values() if owner for pair in owner.identifiers}
    by_name, by_number = fhirpeople.known_names(names), fhirpeople.with_numbers(pairs)
    for entry in entries:
        owner = owners.get(entry.place)
        if owner and (
            any(name in by_name for name in owner.names)
            or any(pair in by_number for pair in owner.identifiers)
        ):
            yield entry
