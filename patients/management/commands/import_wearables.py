"""`manage.py import_wearables FILE --patient MRN`: what a patient's devices counted."""

import json
from pathlib import Path

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.jobs import services as jobs
from patients import tasks  # noqa: F401 - registers the handler
from patients.models import Patient
from patients.services import labfiles, wearables


class Command(BaseCommand):
    help = "Read an export of Apple Health or a table of days into one patient's record."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="export.zip, export.xml, .csv or .json")
        parser.add_argument("--patient", required=True, help="record number (MRN)")
        parser.add_argument("--by", required=True, help="log-in of who sends it")
        parser.add_argument("--json", action="store_true", help="end with one line of JSON")

    def handle(self, *, file, patient, by, **options):
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        upload = self._received(file, patient, by)
        jobs.run(upload.job_id, now=timezone.now)
        upload.refresh_from_db()
        if upload.outcome is None:
            raise CommandError(upload.job.failure or "The file was not read. Try again.")
        said = {name: value for name, value in upload.outcome.items() if name != "problems"}
        if options["json"]:
            self.stdout.write(json.dumps(upload.outcome, ensure_ascii=False))
            return
        for problem in upload.outcome["problems"]:
            self.stdout.write("{row}, {column}: {message} {repair}".format(**problem))
        self.stdout.write(
            "{days} days: {new} new, {changed} changed, {same} known already. "
            "{refused} refused.".format(**said)
        )

    def _received(self, file: Path, patient: str, by: str):
        user = User.objects.filter(username=by, is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody logs in as {by}.")
        visible = Patient.objects.visible_to(user)
        found = visible.filter(identifiers__system="mrn", identifiers__value=patient).first()
        if found is None:
            raise CommandError("This user sees no patient with that number.")
        try:
            with file.open("rb") as content:
                return wearables.receive(
                    upload=File(content, name=file.name), patient=found, by=user,
                    now=timezone.now(),
                )  # fmt: skip
        except (labfiles.TooLarge, labfiles.NoSpace) as refusal:
            raise CommandError(str(refusal)) from refusal
