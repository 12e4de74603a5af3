"""Import a laboratory file from the command line, by the same way as an upload."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients.labcsv import UnreadableFile
from patients.models import LabImport
from patients.services import labfiles, labs

SYSTEM_USER = "system:import"


class Command(BaseCommand):
    help = "Read a laboratory file now. The last line with --json is one JSON object."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", dest="as_json")
        parser.add_argument("--max-problems", type=int, default=1000)

    def handle(self, *, file: Path, as_json: bool, max_problems: int, **options) -> None:
        lab_import = self._receive(file)
        job = _run(Job.objects.get(labimport=lab_import))
        lab_import.refresh_from_db()
        if job.status != Job.Status.DONE:
            raise CommandError(job.failure or "The file was not read to its end.")
        report = _report(lab_import, max_problems)
        if as_json:
            self.stdout.write(json.dumps(report))
        else:
            counts = ", ".join(f"{count} {name}" for name, count in _counts(lab_import).items())
            self.stdout.write(f"{file.name}: {counts}.")
            for problem in report["problems"]:
                place = f"line {problem['row']}, {problem['column'] or 'whole line'}"
                self.stdout.write(f"  {place}: {problem['message']} {problem['repair']}")

    def _receive(self, path: Path) -> LabImport:
        try:
            with path.open("rb") as file:
                upload = File(file, name=path.name)
                return labs.receive(upload=upload, by=_system(), now=timezone.now())
        except labs.AlreadyReceived as refusal:
            self.stderr.write(str(refusal))
            return refusal.earlier
        except (OSError, UnreadableFile, labfiles.TooLarge, labfiles.NoSpace) as refusal:
            raise CommandError(str(refusal)) from refusal


def _run(job: Job) -> Job:
    """The job when it has ended, here or in the worker that was faster."""
    while job.status in Job.OPEN:
        jobs.run(job.pk, now=timezone.now)
        job.refresh_from_db()
        if job.status in Job.OPEN:
            time.sleep(0.5)
    return job


def _system() -> User:
    """Who imports from the command line; nobody can sign in as this user."""
    user, is_new = User.objects.get_or_create(
        username=SYSTEM_USER, defaults={"role": User.Role.LAB_STAFF, "first_name": "Import"}
    )
    if is_new:
        user.set_unusable_password()
        user.save()
    return user


def _counts(lab_import: LabImport) -> dict[str, int]:
    """Rows of the file; those without a known patient are among the refused ones."""
    return {
        "rows": lab_import.row_count,
        "accepted": lab_import.accepted_count,
        "corrected": lab_import.corrected_count,
        "duplicate": lab_import.duplicate_count,
        "refused": lab_import.refused_count,
        "unmatched": lab_import.problems.filter(code="unknown_patient").count(),
    }


def _report(lab_import: LabImport, most: int) -> dict:
    problems = lab_import.problems.order_by("row")[:most]
    columns = ["row", "column", "code", "message", "repair"]
    return {
        "id": str(lab_import.public_id),
        **_counts(lab_import),
        "problems": list(problems.values(*columns)),
    }
