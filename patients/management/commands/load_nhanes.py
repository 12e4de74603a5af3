import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from patients.services import survey_people


class Command(BaseCommand):
    help = "Load participants of the NHANES survey as patients of the team 'NHANES evaluation'."

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path, help="the table, or the folder that holds it")
        parser.add_argument("--limit", type=int, help="only the first so many participants")
        parser.add_argument("--quiet", action="store_true", help="say nothing unless it fails")

    def handle(self, *, path, limit, quiet, **options):
        self.quiet, self.begun = quiet, time.monotonic()
        self.redraws = not quiet and sys.stderr.isatty()
        if limit is not None and limit < 1:
            raise CommandError("--limit must be 1 or more.")
        try:
            frame = survey_people.read(path)
            done = survey_people.load(frame[:limit], now=timezone.now(), progress=self._progress)
        except (survey_people.NotNhanes, survey_people.ReferenceMissing) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._say(
            f"{done.added:,} participants added with {done.rows:,} rows, "
            f"{done.were_here:,} were here already."
        )

    def _progress(self, people, total, rows):
        if self.quiet:
            return
        seconds = time.monotonic() - self.begun
        left = seconds / people * (total - people)
        line = (
            f"{people:,} of {total:,} participants, {rows:,} rows, "
            f"{rows / seconds:,.0f} rows/s, about {left:.0f} s left"
        )
        self.stderr.write(line, ending="\r" if self.redraws else "\n")
        self.stderr.flush()

    def _say(self, line):
        if not self.quiet:
            self.stderr.write(line)
