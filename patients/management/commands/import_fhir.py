"""Load FHIR R4 bundles from the command line, by the same way as an upload."""

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcare.accounts.models import User
from patients.labcsv import UnreadableFile
from patients.services import fhiruploads, labdrafts, labfiles

SYSTEM_USER = "system:import"
SUFFIXES = (".json", ".json.gz", ".ndjson", ".ndjson.gz")
CANNOT = (UnreadableFile, labfiles.TooLarge, labfiles.NoSpace, fhiruploads.NoBundle,
          labdrafts.NoTeam, OSError)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Load FHIR R4 files (Bundles, resources, NDJSON; gzip too), or all of a folder. "
        "The last line with --json is one JSON object."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", type=Path, nargs="+")
        parser.add_argument("--team", default="", help="care team that takes new patients")
        parser.add_argument("--source", default="", help="who wrote the files, by name")
        parser.add_argument("--mrn-system", default="", help="URI of this site's record numbers")
        parser.add_argument("--dry-run", action="store_true", help="store nothing")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *, paths: list[Path], as_json: bool, **options) -> None:
        try:
            told = fhiruploads.load(
                _files(paths), by=_system(), clock=timezone.now, rehearse=options["dry_run"],
                team=options["team"], source=options["source"], mrn_system=options["mrn_system"],
            )  # fmt: skip
        except CANNOT as refusal:
            raise CommandError(str(refusal)) from refusal
        report = _summed(told)
        if as_json:
            self.stdout.write(json.dumps({**report, "files": told}))
        else:
            self._tell(report, rehearsed=options["dry_run"])
        if failed := [one for one in told if one["failure"]]:
            lines = "\n".join(f"{one['file']}: {one['failure']}" for one in failed)
            raise CommandError(f"Not read:\n{lines}")

    def _tell(self, report: dict, *, rehearsed: bool) -> None:
        counts = ", ".join(f"{report[name]:,} {name}" for name in fhiruploads.COUNTS)
        self.stdout.write(f"{counts}{' (nothing was stored)' if rehearsed else ''}.")
        for kind, outcomes in report["resources"].items():
            words = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.items())
            self.stdout.write(f"  {kind}: {words}")


def _files(paths: list[Path]) -> list[Path]:
    found = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [one for one in inside if one == path or one.name.endswith(SUFFIXES)]
    return found


def _summed(told: list[dict]) -> dict:
    resources: dict[str, Counter] = {}
    for one in told:
        for kind, outcomes in one["resources"].items():
            resources.setdefault(kind, Counter()).update(outcomes)
    counts = {name: sum(one[name] for one in told) for name in fhiruploads.COUNTS}
    by_type = {kind: dict(sorted(found.items())) for kind, found in sorted(resources.items())}
    return {**counts, "resources": by_type}


def _system() -> User:
    """Who imports from the command line; nobody can sign in as this user."""
    user, is_new = User.objects.get_or_create(
        username=SYSTEM_USER, defaults={"role": User.Role.LAB_STAFF, "first_name": "Import"}
    )
    if is_new:
        user.set_unusable_password()
        user.save()
    return user
