"""Read a file now, in this process: for the command line, and to rehearse an import."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.core.files import File
from django.db import transaction

from healthcare.accounts.models import User
from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients.models import LabImport
from patients.services import labdrafts, labs
from patients.services.labdrafts import Wishes

SYSTEM_USER = "system:import"
GIVEN_UP = {Job.Status.FAILED, Job.Status.PARKED}


class NotRun(Exception):
    """The file was kept and not read to its end; the sentence says why."""


def run(
    path: Path,
    wishes: Wishes,
    *,
    rehearse: bool,
    most_problems: int,
    clock: Callable[[], datetime],
    started: Callable[[LabImport], None],
    remark: Callable[[str], None],
) -> dict:
    """Import a file, or do it and undo it, and return its report.

    A rehearsal is the import itself in a transaction that is rolled back: it says exactly what
    an import would, for every format, and takes its turn among the writers like one. Raises
    what `labdrafts.take` raises, OSError and NotRun.
    """
    if not rehearse:
        return report(_import(path, wishes, clock, started, remark), most_problems)
    with transaction.atomic():
        lab_import = _import(path, wishes, clock, lambda _: None, remark)
        told = report(lab_import, most_problems)
        transaction.set_rollback(True)
    _forget(lab_import)
    return told


def report(lab_import: LabImport, most_problems: int) -> dict:
    """The counts of a file and its first problems, as plain values."""
    problems = lab_import.problems.order_by("row", "column")[:most_problems]
    return {
        "id": str(lab_import.public_id),
        "rows": lab_import.row_count,
        "accepted": lab_import.accepted_count,
        "corrected": lab_import.corrected_count,
        "duplicate": lab_import.duplicate_count,
        "refused": lab_import.refused_count,
        "unmatched": lab_import.unmatched_count,
        "problems": list(problems.values("row", "column", "code", "message", "repair")),
    }


def _import(
    path: Path,
    wishes: Wishes,
    clock: Callable[[], datetime],
    started: Callable[[LabImport], None],
    remark: Callable[[str], None],
) -> LabImport:
    by = _system()
    try:
        with path.open("rb") as file:
            lab_import = labdrafts.take(File(file, name=path.name), wishes, by=by, now=clock())
    except labs.AlreadyReceived as refusal:
        remark(str(refusal))
        if refusal.earlier is None:
            raise NotRun(str(refusal)) from refusal
        lab_import = refusal.earlier
    if lab_import.job_id is None:
        lab_import = labdrafts.start(lab_import, by=by, now=clock())
    started(lab_import)
    job = _ended(Job.objects.get(labimport=lab_import), clock)
    if job.status in GIVEN_UP:
        raise NotRun(job.failure or "The file was not read to its end.")
    lab_import.refresh_from_db()
    return lab_import


def _ended(job: Job, clock: Callable[[], datetime]) -> Job:
    """The job when it has ended, here or in the worker that was faster."""
    while job.status in Job.OPEN:
        jobs.run(job.pk, now=clock)
        job.refresh_from_db()
        if job.status in Job.OPEN:
            time.sleep(0.5)
    return job


def _forget(lab_import: LabImport) -> None:
    """Take away the file of a rehearsal, unless an upload of the same needs it."""
    name = str(lab_import.file.name)
    if not LabImport.objects.filter(file=name).exists():
        lab_import.file.storage.delete(name)


def _system() -> User:
    """Who imports from the command line; nobody can sign in as this user."""
    user, is_new = User.objects.get_or_create(
        username=SYSTEM_USER, defaults={"role": User.Role.LAB_STAFF, "first_name": "Import"}
    )
    if is_new:
        user.set_unusable_password()
        user.save()
    return user
