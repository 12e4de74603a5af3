"""FHIR R4 files into the record: each resource becomes a fact, waits, is kept, or is refused.

A file is read three times: once to see that it is whole and who is in it (and once more for its
reports, where observations leave something to them), once for its patients, once for everything
else. What was read is stored in stretches, each in one
transaction with the place where the next one starts, so that a worker may die anywhere. A bad
resource never stops a good one, and a file sent twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import IO

from django.db import transaction
from django.db.models import Count

from healthcare.accounts.models import CareTeam, User
from healthcare.audit import services as audit
from healthcare.audit.models import AuditEvent
from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients import signals
from patients.fhir import reading
from patients.fhir.reading import Entry, UnreadableBundle
from patients.models import FhirResource, LabImport
from patients.services import fhirresources, fhirstore, fhirwaiting, labtables, labversions
from patients.services.fhiradmission import Context, Stored
from patients.services.fhirindex import Index
from patients.services.fhirpeople import Policy

STRETCH = 500
# Keys of LabImport.profile: into which team new patients come, whose numbers are our own, and
# within what ids are one sender's.
CARE_TEAM, MRN_SYSTEM, NAMESPACE = "care_team", "mrn_system", "namespace"


def import_file(lab_import: LabImport, job: Job) -> None:
    """Read a stored file from where the last run stopped; twice is once.

    Raises jobs.PermanentFailure, with nothing stored, for a file that is not whole.
    """
    with _open(lab_import) as file:
        namespace = namespace_of(lab_import)
        index = _index(file, namespace)
        context = Context(
            lab_import, _policy(lab_import), lab_import.uploaded_by, namespace,
            aliases=index.aliases, versions=index.versions, drugs=index.drugs,
            reports=index.reports,
        )  # fmt: skip
        for stretch in _stretches(file, index, skip=lab_import.next_row):
            _store(stretch, context, index, job)
    found = fhirwaiting.release(lab_import, now=context.now) if index.patients else set()
    _finish(lab_import, found)


def outcomes(lab_import: LabImport) -> dict[str, dict[str, int]]:
    """{type: {outcome: resources}} of an import, for people and reports."""
    rows = FhirResource.objects.filter(lab_import=lab_import).values_list(
        "resource_type", "outcome"
    )
    counts: dict[str, dict[str, int]] = {}
    for kind, outcome, resources in rows.annotate(n=Count("pk")).order_by(
        "resource_type", "outcome"
    ):
        counts.setdefault(kind, {})[outcome] = resources
    return counts


def _index(file: IO[bytes], namespace: str) -> Index:
    index = Index()
    try:
        for entry in reading.entries(file):
            index.note(entry, namespace)
        for entry in reading.entries(file) if index.wants_reports else ():
            index.note_report(entry, namespace)
    except UnreadableBundle as refusal:
        raise jobs.PermanentFailure(str(refusal)) from None
    return index


def _stretches(file: IO[bytes], index: Index, *, skip: int) -> Iterator[tuple[bool, list[Entry]]]:
    """(are they patients, resources): all patients of the file first, whatever their place."""
    for are_patients in (True, False):
        part = index.patients if are_patients else index.total - index.patients
        rest = islice(_entries(file, are_patients=are_patients), min(skip, part), None)
        skip -= min(skip, part)
        while stretch := list(islice(rest, STRETCH)):
            yield are_patients, stretch


def _entries(file: IO[bytes], *, are_patients: bool) -> Iterator[Entry]:
    return (
        entry for entry in reading.entries(file)
        if (entry.resource.get("resourceType") == "Patient") == are_patients
    )  # fmt: skip


@transaction.atomic
def _store(stretch: tuple[bool, list[Entry]], context: Context, index: Index, job: Job) -> None:
    are_patients, entries = stretch
    fhirstore.lock()
    labversions.take_turns()  # before any row is held: merges hold patients only after theirs
    context.forget_many()
    step = fhirresources.people if are_patients else fhirresources.others
    stored = step(entries, context)
    _move_on(context.lab_import, stored, len(entries), index.total)
    job.report(progress=context.lab_import.next_row, total=index.total)


def _move_on(lab_import: LabImport, stored: Stored, read: int, total: int) -> None:
    place = LabImport.objects.filter(
        pk=lab_import.pk, next_row=lab_import.next_row, withdrawn_at=None
    )
    lab_import.next_row += read
    lab_import.next_byte = lab_import.size * lab_import.next_row // total
    lab_import.accepted_count += stored.accepted
    lab_import.corrected_count += stored.corrected
    lab_import.duplicate_count += stored.duplicate
    lab_import.refused_count += stored.refused
    lab_import.unmatched_count += stored.unmatched
    names = ("next_row", "next_byte", "accepted_count", "corrected_count", "duplicate_count",
             "refused_count", "unmatched_count")  # fmt: skip
    if not place.update(**{name: getattr(lab_import, name) for name in names}):
        is_withdrawn = LabImport.objects.exclude(withdrawn_at=None).filter(pk=lab_import.pk)
        raise labtables.Withdrawn if is_withdrawn.exists() else labtables.Overtaken


def _finish(lab_import: LabImport, found: set[int]) -> None:
    """Tell the floors above whose record changed, asked from the rows; hearing twice is harmless.

    Results are told of by whoever called: see `labs`.
    """
    kept = FhirResource.objects.filter(lab_import=lab_import, patient__isnull=False)
    whose = kept.order_by().values_list("patient_id", flat=True).distinct()
    patients = sorted({*whose, *found})
    finished = AuditEvent.objects.filter(
        action="fhir.read", target_type=lab_import._meta.label, target_id=str(lab_import.pk)
    )
    with transaction.atomic():
        if not finished.exists():
            kinds = {kind: sum(counts.values()) for kind, counts in outcomes(lab_import).items()}
            audit.record(
                "fhir.read", target=lab_import, by=None, patient_ids=patients, resources=kinds
            )
        if patients:
            signals.record_changed.send(sender=LabImport, patient_ids=patients)
        if found:
            signals.results_arrived.send(sender=LabImport, patient_ids=sorted(found))


def _open(lab_import: LabImport) -> IO[bytes]:
    try:
        return lab_import.file.open("rb")
    except FileNotFoundError:
        raise jobs.PermanentFailure("The uploaded file is no longer on the disk.") from None


def namespace_of(lab_import: LabImport) -> str:
    """Ids of one sender are not those of another; what has its own address needs none.

    A sender is who is named as the source, files of one folder, or a system with its own key.
    """
    if lab_import.lab_source:
        return f"source:{lab_import.lab_source.name}"
    if lab_import.uploaded_by.role == User.Role.API_CLIENT:
        return f"user:{lab_import.uploaded_by_id}"
    return lab_import.profile.get(NAMESPACE, "")


def _policy(lab_import: LabImport) -> Policy:
    said = lab_import.profile
    team = CareTeam.objects.filter(pk=said.get(CARE_TEAM)).first()
    return Policy(team, said.get(MRN_SYSTEM, ""))
