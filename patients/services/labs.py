"""Take in laboratory files and turn them into results, each row exactly once.

A file is read in stretches of about a megabyte. One transaction stores the results and the
refused rows of a stretch and moves `next_byte`, so that a worker may die anywhere: the next
one goes on at the first record that is not stored. Nothing here reads a clock: whatever a
result needs to know of time comes from the file or from the moment of its upload, and a
second run gives the same rows.
"""

import uuid
from datetime import datetime
from typing import IO

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from healthcare.audit.models import AuditEvent
from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients import labcsv, signals
from patients.models import LabImport, Result
from patients.services import labfiles, labstore
from patients.services.labmeaning import Interpreter

JOB = "labs.import"
GAVE_UP = {Job.Status.FAILED, Job.Status.PARKED}


class AlreadyReceived(Exception):
    def __init__(self, earlier: LabImport):
        day = timezone.localtime(earlier.uploaded_at)
        super().__init__(f"This file was already uploaded on {day:%d %B %Y at %H:%M}.")
        self.earlier = earlier


class Overtaken(Exception):
    """Another worker has stored this stretch of the file meanwhile."""


def receive(*, upload: File, by: User, now: datetime) -> LabImport:
    """Store an uploaded file and queue its import.

    Raises AlreadyReceived for a file that is here, unless its import had been given up: then
    that one is taken up again. Raises TooLarge, NoSpace and UnreadableFile as `labfiles.keep`.
    """
    permissions.check(by, Permission.LABS_UPLOAD)
    kept = labfiles.keep(upload, now=now)
    try:
        with transaction.atomic():
            lab_import = LabImport.objects.create(
                public_id=uuid.uuid4(),
                file=kept.name,
                file_name=_safe_name(upload.name or ""),
                digest=kept.digest,
                size=kept.size,
                uploaded_by=by,
                uploaded_at=now,
            )
            audit.record("lab_import.received", target=lab_import, by=by, size=kept.size)
            _queue(lab_import, by=by)
    except IntegrityError:
        return _received_before(kept.digest, by=by)
    return lab_import


def import_results(lab_import_id: int, *, job: Job) -> None:
    """Turn a stored file into results from where the last run stopped; twice is once."""
    # A job that was tried again is a new one: the page follows the one that is at work.
    LabImport.objects.filter(pk=lab_import_id).exclude(job=job).update(job=job)
    lab_import = LabImport.objects.get(pk=lab_import_id)
    with _open(lab_import) as file:
        layout = _layout(file)
        interpreter = Interpreter(received_at=lab_import.uploaded_at)
        stretches = labcsv.batches(
            file,
            layout,
            zone=timezone.get_default_timezone(),
            at_byte=lab_import.next_byte,
            at_row=lab_import.next_row,
        )
        for batch in stretches:
            incoming, refused = interpreter.read(batch.rows, layout)
            problems = sorted([*batch.problems, *refused])
            _store(lab_import, batch, incoming, problems, job)
    _finish(lab_import)


@transaction.atomic
def _store(
    lab_import: LabImport,
    batch: labcsv.Batch,
    incoming: list[labstore.Incoming],
    problems: list[labcsv.Problem],
    job: Job,
) -> None:
    counts = labstore.store(lab_import, incoming)
    labstore.store_problems(lab_import, problems)
    place = LabImport.objects.filter(pk=lab_import.pk, next_byte=lab_import.next_byte)
    lab_import.next_byte, lab_import.next_row = batch.next_byte, batch.next_row
    lab_import.accepted_count += counts.accepted
    lab_import.corrected_count += counts.corrected
    lab_import.duplicate_count += counts.duplicate
    lab_import.refused_count += len(problems)
    moved = place.update(
        next_byte=lab_import.next_byte,
        next_row=lab_import.next_row,
        accepted_count=lab_import.accepted_count,
        corrected_count=lab_import.corrected_count,
        duplicate_count=lab_import.duplicate_count,
        refused_count=lab_import.refused_count,
    )
    if not moved:
        raise Overtaken
    job.report(progress=batch.next_byte, total=lab_import.size)


def _finish(lab_import: LabImport) -> None:
    """Tell the floors above whose results changed.

    Asked from the rows themselves at the end of every run, so that a worker that died after
    its last stretch and before telling is made good by the next; hearing twice is harmless.
    """
    results = Result.objects.filter(lab_import=lab_import)
    patient_ids = list(
        results.order_by("patient_id").values_list("patient_id", flat=True).distinct()
    )
    finished = AuditEvent.objects.filter(
        action="lab_import.imported",
        target_type=lab_import._meta.label,
        target_id=str(lab_import.pk),
    )
    with transaction.atomic():
        if not finished.exists():
            audit.record(
                "lab_import.imported",
                target=lab_import,
                by=None,
                patient_ids=patient_ids,
                accepted=lab_import.accepted_count,
                corrected=lab_import.corrected_count,
                duplicate=lab_import.duplicate_count,
                refused=lab_import.refused_count,
            )
        if patient_ids:
            signals.results_arrived.send(sender=LabImport, patient_ids=patient_ids)


def _queue(lab_import: LabImport, *, by: User) -> None:
    lab_import.job = jobs.enqueue(
        JOB,
        key=str(lab_import.pk),
        queue="imports",
        arguments={"lab_import_id": lab_import.pk},
        by=by,
    )
    lab_import.save(update_fields=["job"])


@transaction.atomic
def _received_before(digest: str, *, by: User) -> LabImport:
    earlier = (
        LabImport.objects.select_for_update(of=["self"]).select_related("job").get(digest=digest)
    )
    if earlier.job is None or earlier.job.status not in GAVE_UP:
        raise AlreadyReceived(earlier)
    audit.record("lab_import.taken_up_again", target=earlier, by=by)
    _queue(earlier, by=by)
    return earlier


def _open(lab_import: LabImport) -> IO[bytes]:
    try:
        return lab_import.file.open("rb")
    except FileNotFoundError:
        raise jobs.PermanentFailure("The uploaded file is no longer on the disk.") from None


def _layout(file: IO[bytes]) -> labcsv.Layout:
    try:
        return labcsv.inspect(file)
    except labcsv.UnreadableFile as refusal:
        raise jobs.PermanentFailure(str(refusal)) from None


def _safe_name(name: str) -> str:
    """The file's own name as people may see it again: one line, printable, no folders."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:255] or "file.csv"
