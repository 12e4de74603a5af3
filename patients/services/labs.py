"""Laboratory files: received, confirmed, imported, withdrawn.

    receive ── confirm ── import_results ── withdraw
        └── request_preview (as often as wanted, changes nothing)

A file may be received and confirmed in one step. From its confirmation on, how it is read is
fixed, and a worker stores its rows (`labtables`, `hl7in`, `fhirin`, `wearables`).
"""

import uuid
from datetime import datetime
from pathlib import Path

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
from patients import signals
from patients.labcsv.profile import Profile
from patients.models import LabImport, LabSource, Result
from patients.services import labfiles, labtables
from patients.services.labpreview import request_preview
from patients.services.labwithdrawal import NotImported, withdraw

__all__ = [
    "JOB",
    "AlreadyConfirmed",
    "AlreadyReceived",
    "NotImported",
    "confirm",
    "import_results",
    "receive",
    "request_preview",
    "withdraw",
]

JOB = "labs.import"
GAVE_UP = {Job.Status.FAILED, Job.Status.PARKED}


class AlreadyReceived(Exception):
    """These bytes are here. `earlier` is None where another sender brought them: when and
    where is theirs to know."""

    def __init__(self, earlier: LabImport | None):
        if earlier is None:
            super().__init__("The results of this file are here already. It is not needed again.")
        else:
            day = timezone.localtime(earlier.uploaded_at)
            super().__init__(f"This file was already uploaded on {day:%d %B %Y at %H:%M}.")
        self.earlier = earlier


class AlreadyConfirmed(Exception):
    def __init__(self) -> None:
        super().__init__(
            "This file is being imported already, read in another way. Withdraw it first to "
            "import it anew."
        )


def receive(
    *,
    upload: File,
    by: User,
    now: datetime,
    lab_source: LabSource | None = None,
    confirm: bool = True,
    may_lack_headings: bool = False,
) -> LabImport:
    """Store an uploaded file and, unless somebody is to look at it first, queue its import.

    Raises AlreadyReceived for a file that is here, unless its import had been given up: then
    that one is taken up again. Raises TooLarge, NoSpace and UnreadableFile as `labfiles.keep`;
    with `may_lack_headings` somebody will be asked where they are.
    """
    permissions.check(by, Permission.LABS_UPLOAD)
    kept = labfiles.keep(
        upload,
        now=now,
        remembered=_remembered(lab_source),
        must_be_complete=confirm,
        may_lack_headings=may_lack_headings,
    )
    try:
        with transaction.atomic():
            lab_import = LabImport.objects.create(
                public_id=uuid.uuid4(),
                file=kept.name,
                file_name=_safe_name(upload.name or ""),
                digest=kept.digest,
                size=kept.size,
                format=kept.format,
                lab_source=lab_source,
                uploaded_by=by,
                uploaded_at=now,
            )
            audit.record("lab_import.received", target=lab_import, by=by, size=kept.size)
            if confirm:
                _freeze(lab_import, kept.profile, by=by, now=now)
    except IntegrityError:
        return _received_before(kept, by=by, now=now, must_go_on=confirm)
    return lab_import


@transaction.atomic
def confirm(
    lab_import: LabImport, profile: Profile | None, *, by: User, now: datetime
) -> LabImport:
    """Fix how a waiting file is read and queue its import; twice is once.

    `profile` is None for formats that need none. Raises UnreadableFile when the file is not as
    the profile says, AlreadyConfirmed when it is being read in another way.
    """
    permissions.check(by, Permission.LABS_UPLOAD)
    waiting = LabImport.objects.select_for_update(of=["self"]).get(pk=lab_import.pk)
    said = {} if profile is None else profile.to_json()
    if waiting.job_id is not None:
        if waiting.profile != said:
            raise AlreadyConfirmed
        return waiting
    if profile is not None:
        labfiles.check_profile(Path(waiting.file.path), waiting.format, profile)
    _freeze(waiting, profile, by=by, now=now)
    return waiting


def import_results(lab_import_id: int, *, job: Job) -> None:
    """Turn a stored file into results from where the last run stopped; twice is once."""
    # A job that was tried again is a new one: the page follows the one that is at work.
    LabImport.objects.filter(pk=lab_import_id).exclude(job=job).update(job=job)
    lab_import = LabImport.objects.select_related("lab_source").get(pk=lab_import_id)
    if lab_import.withdrawn_at is None:
        try:
            reader(lab_import.format)(lab_import, job=job)
        except labtables.Withdrawn:
            return
        _finish(lab_import)


def reader(format: str):  # noqa: A002 - as the field is called
    """Who reads files of a format; each goes on where the last run stopped.

    Imported where they are wanted: the libraries of FHIR and HL7 would take a third of the
    memory of a worker that reads tables.
    """
    if format == LabImport.Format.HL7:
        from patients.services import hl7in

        return hl7in.import_file
    if format == LabImport.Format.FHIR:
        from patients.services import fhirin

        return fhirin.import_file
    return labtables.import_file


def _finish(lab_import: LabImport) -> None:
    """Tell the floors above whose results changed.

    Asked from the rows themselves at the end of every run, so that a worker that died after
    its last stretch and before telling is made good by the next; hearing twice is harmless.
    """
    from patients.services import resulttasks

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
                unmatched=lab_import.unmatched_count,
            )
        if patient_ids:
            # Nobody could see to a result while its file waited to be confirmed.
            known_since = lab_import.confirmed_at or lab_import.uploaded_at
            resulttasks.after_results(results, now=known_since)
            signals.results_arrived.send(sender=LabImport, patient_ids=patient_ids)


def _freeze(lab_import: LabImport, profile: Profile | None, *, by: User, now: datetime) -> None:
    """From here on the file is read in this way, and by a worker."""
    lab_import.profile = {} if profile is None else profile.to_json()
    lab_import.confirmed_at = now
    lab_import.save(update_fields=["profile", "confirmed_at"])
    _queue(lab_import, by=by)


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
def _received_before(
    kept: labfiles.KeptFile, *, by: User, now: datetime, must_go_on: bool
) -> LabImport:
    earlier = (
        LabImport.objects.select_for_update(of=["self"])
        .select_related("job")
        .get(digest=kept.digest, withdrawn_at=None)
    )
    if not LabImport.objects.visible_to(by).filter(pk=earlier.pk).exists():
        raise AlreadyReceived(None)  # another sender's: theirs to confirm or take up again
    if earlier.job is None and must_go_on:
        _freeze(earlier, kept.profile, by=by, now=now)
        return earlier
    if earlier.job is None or earlier.job.status not in GAVE_UP:
        raise AlreadyReceived(earlier)
    audit.record("lab_import.taken_up_again", target=earlier, by=by)
    _queue(earlier, by=by)
    return earlier


def _remembered(lab_source: LabSource | None) -> Profile | None:
    """How the last file of this source was read."""
    if lab_source is None or not lab_source.profile:
        return None
    return Profile.from_json(lab_source.profile)


def _safe_name(name: str) -> str:
    """The file's own name as people may see it again: one line, printable, no folders."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:255] or "file.csv"
