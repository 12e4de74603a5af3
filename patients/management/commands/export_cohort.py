"""De-identified rows of those who agreed to a purpose, as a zip archive of CSV files."""

import shutil
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcare.accounts.models import User
from patients.services import cohorts

SYSTEM_USER = "system:cohort"


class Command(BaseCommand):
    help = "Write a de-identified cohort of the patients who agreed to a purpose."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("purpose", choices=[str(purpose) for purpose in cohorts.PURPOSES])
        parser.add_argument("output", type=Path, help="the zip archive to write")

    def handle(self, *, purpose: str, output: Path, **options) -> None:
        try:
            made = cohorts.export(purpose, by=_system(), now=timezone.now())
        except cohorts.TooFew as refusal:
            raise CommandError(str(refusal)) from refusal
        try:
            with made.file, output.open("xb") as file:
                shutil.copyfileobj(made.file, file)
        except OSError as refusal:
            raise CommandError(f"{output} cannot be written: {refusal.strerror}.") from refusal
        output.chmod(0o600)
        self.stdout.write(f"{output}: {made.patients} patients.")


def _system() -> User:
    """Who exports from the command line; nobody can sign in as this user."""
    user, is_new = User.objects.get_or_create(
        username=SYSTEM_USER,
        defaults={"role": User.Role.DATA_SCIENTIST, "first_name": "Cohort export"},
    )
    if is_new:
        user.set_unusable_password()
        user.save()
    return user
