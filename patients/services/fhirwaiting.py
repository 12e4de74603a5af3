"""Resources whose patient was not known when they came: found again when the patient is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

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


def release(newcomers: LabImport) -> set[int]:
    """Read again what waited for patients that are known now, after a file has brought some.

    Returns whose records changed.
    """
    waiting = FhirResource.objects.filter(outcome=Outcome.HELD, patient=None).exclude(
        resource_type="Patient"
    )
    changed: set[int] = set()
    by_import: dict[LabImport, list[Entry]] = defaultdict(list)
    rows = waiting.select_related("lab_import__lab_source", "lab_import__uploaded_by")
    for kept in rows.order_by("pk").iterator(chunk_size=AT_ONCE):
        if kept.lab_import and kept.lab_import != newcomers:
            full_url = kept.resource_id if is_global(kept.resource_id) else ""
            by_import[kept.lab_import].append(Entry(BEYOND + kept.pk, full_url, kept.body))
    for lab_import, entries in by_import.items():
        for start in range(0, len(entries), AT_ONCE):
            changed |= _read_again(lab_import, entries[start : start + AT_ONCE])
    return changed


@transaction.atomic
def _read_again(lab_import: LabImport, entries: list[Entry]) -> set[int]:
    from patients.services import fhirin, fhirresources

    fhirstore.lock()
    labversions.take_turns()
    namespace = fhirin.namespace_of(lab_import)
    context = Context(lab_import, Policy(), lab_import.uploaded_by, namespace)
    found = list(_found(entries, context))
    if not found:
        return set()
    stored = fhirresources.others(found, context)
    LabImport.objects.filter(pk=lab_import.pk).update(
        unmatched_count=F("unmatched_count") - len(found),
        accepted_count=F("accepted_count") + stored.accepted + stored.corrected + stored.duplicate,
        refused_count=F("refused_count") + stored.refused,
    )
    lab_import.problems.filter(code="unknown_patient", row__gte=BEYOND).delete()
    return stored.facts_of | stored.results_of


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
