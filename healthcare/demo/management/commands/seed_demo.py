import sys
import time

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcare.demo import services
from healthcare.demo.loading import ReferenceMissing


class Command(BaseCommand):
    help = "Set up the demo hospital: invented people with stories, teams and four log-ins."

    def add_arguments(self, parser):
        parser.add_argument("--patients", type=int, default=500)
        parser.add_argument("--seed", type=int, default=7, help="equal seeds make equal people")
        parser.add_argument("--quiet", action="store_true", help="say nothing unless it fails")
        parser.add_argument(
            "--reset", action="store_true", help="remove the synthetic patients first"
        )
        parser.add_argument(
            "--score", action="store_true", help="queue scoring of a large hospital too"
        )

    def handle(self, *, patients, seed, quiet, reset, score, **options):
        if patients < 1:
            raise CommandError("--patients must be 1 or more.")
        self.quiet, self.total, self.begun = quiet, patients, time.monotonic()
        self.redraws = not quiet and sys.stderr.isatty()
        try:
            if reset:
                self._reset()
            done = services.seed(
                patients=patients,
                seed=seed,
                as_of=timezone.localdate(),
                now=timezone.now(),
                score=score or None,
                progress=self._progress,
            )
        except (services.DemoRefused, ReferenceMissing) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._say(self._summary(done))

    def _reset(self):
        removed = services.remove()
        if not removed:
            raise CommandError("There are no synthetic patients to remove. Leave out --reset.")
        self._say(f"Removed {removed:,} synthetic patients.")

    def _progress(self, patients, rows):
        if self.quiet:
            return
        seconds = time.monotonic() - self.begun
        left = seconds / patients * max(self.total - patients, 0)
        line = (
            f"{patients:,} of {self.total:,} patients, {rows:,} rows, "
            f"{rows / seconds:,.0f} rows/s, about {left:.0f} s left"
        )
        self.stderr.write(line, ending="\r" if self.redraws else "\n")
        self.stderr.flush()

    def _summary(self, done):
        if done.was_there:
            return f"The demo hospital is there: {done.patients:,} patients. Nothing changed."
        seconds = time.monotonic() - self.begun
        return f"Demo hospital: {done.patients:,} patients, {done.rows:,} rows in {seconds:.1f} s."

    def _say(self, line):
        if not self.quiet:
            self.stderr.write(line)
