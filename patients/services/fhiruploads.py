"""FHIR files from callers who know what they send: received and confirmed in one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from django.core.files import File
from django.db import transaction

from healthcare.accounts.models import CareTeam, User
from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients.models import LabImport
from patients.services import fhirin, labdrafts, labs
from patients.services.labdrafts import NotYourTeam

__all__ = ["NoBundle", "NotYourTeam", "load", "take"]

COUNTS = ("accepted", "corrected", "duplicate", "refused", "unmatched")


class NoBundle(Exception):
    """The file is something else."""

    def __init__(self) -> None:
        super().__init__(
            "This is not FHIR in JSON. Send a Bundle or a resource of FHIR R4, or NDJSON."
        )


@transaction.atomic
def take(
    upload: File, *, by: User, now: datetime, team: str = "", source: str = "",
    mrn_system: str = "",
    folder: str = "",
) -> LabImport:  # fmt: skip
    """Keep a FHIR file and queue its import.

    New patients are registered only with `team`, a care team's name; `source` keeps the ids of
    one sender apart from another's; numbers of `mrn_system` (a URI) are this site's own record
    numbers; `folder` stands for a sender without a name. Raises NoBundle, NotYourTeam, and what
    `labdrafts.take` raises.
    """
    if team and by.role == User.Role.API_CLIENT and not _is_own(team, by):
        raise NotYourTeam  # before anything is kept
    wishes = labdrafts.Wishes(source=source, team=team)
    lab_import = labdrafts.take(upload, wishes, by=by, now=now)
    if lab_import.format != LabImport.Format.FHIR:
        raise NoBundle
    said = {fhirin.MRN_SYSTEM: mrn_system, fhirin.NAMESPACE: folder}
    if lab_import.job_id is None:
        lab_import.profile |= {name: value for name, value in said.items() if value}
        lab_import.save(update_fields=["profile"])
    return labdrafts.start(lab_import, by=by, now=now)


def load(
    paths: Sequence[Path], *, by: User, clock: Callable[[], datetime], rehearse: bool,
    team: str = "", source: str = "", mrn_system: str = "",
) -> list[dict]:  # fmt: skip
    """Import files now, in this process and in their order; the report of each.

    With `rehearse` all of it is undone at the end. Raises what `take` raises, and OSError; a
    file that is not whole is reported with its `failure`.
    """
    with transaction.atomic() if rehearse else nullcontext():
        told = [
            _load(path, by, clock, team=team, source=source, mrn_system=mrn_system)
            for path in paths
        ]
        if rehearse:
            transaction.set_rollback(True)
    return told


def _load(path: Path, by: User, clock: Callable[[], datetime], **said: str) -> dict:
    try:
        with path.open("rb") as file:
            lab_import = take(
                File(file, name=path.name), by=by, now=clock(), folder=_folder(path), **said
            )
    except labs.AlreadyReceived as refusal:
        if refusal.earlier is None:
            raise
        lab_import = refusal.earlier
    job = Job.objects.get(labimport=lab_import)
    jobs.run(job.pk, now=clock)
    job.refresh_from_db()
    lab_import.refresh_from_db()
    counts = {name: getattr(lab_import, f"{name}_count") for name in COUNTS}
    return {
        "file": path.name,
        "id": str(lab_import.public_id),
        **counts,
        "resources": fhirin.outcomes(lab_import),
        "failure": "" if job.status == Job.Status.DONE else job.failure,
    }


def _folder(path: Path) -> str:
    """Files of one folder are one sender's; its digest says so without telling its name."""
    return f"folder:{sha256(str(path.resolve().parent).encode()).hexdigest()[:16]}"


def _is_own(team: str, by: User) -> bool:
    return CareTeam.objects.filter(name__iexact=team, members=by).exists()
