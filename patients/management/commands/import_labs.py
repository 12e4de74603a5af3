"""Import a file of results from the command line, by the same way as an upload."""

from __future__ import annotations

import json
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from patients.labcsv import UnreadableFile
from patients.labcsv.profile import BadProfile
from patients.models import LabImport, LabSource
from patients.services import labdrafts, labfiles, labruns

COUNTS = ["accepted", "corrected", "duplicate", "refused", "unmatched"]
CANNOT = (UnreadableFile, labfiles.TooLarge, labfiles.NoSpace, labruns.NotRun, OSError)


class Command(BaseCommand):
    # The checks would load every page with its libraries, for memory that no import needs.
    requires_system_checks: ClassVar[list[str]] = []  # type: ignore[misc]

    help = (
        "Read a file of results now: a table (CSV, TSV, gzip), a workbook, HL7 v2 messages or a "
        "FHIR R4 bundle. No worker is needed. The last line with --json is one JSON object."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be; store nothing"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")
        parser.add_argument("--max-problems", type=int, default=1000)
        parser.add_argument("--source", default="", help="who wrote the file; remembered by name")
        parser.add_argument("--team", default="", help="care team of new patients of a bundle")
        parser.add_argument(
            "--unknown-patients", default="", choices=["", *LabSource.UnknownPatients]
        )
        parser.add_argument("--date-order", choices=["ymd", "dmy", "mdy"])
        parser.add_argument("--decimal", choices=[".", ","])
        parser.add_argument("--thousands", choices=["", ",", ".", " ", "'"])
        parser.add_argument("--zone", help="of times without an offset, such as Europe/Berlin")

    def handle(self, *, file: Path, as_json: bool, max_problems: int, **options) -> None:
        try:
            with self._progress(shown=not as_json and sys.stderr.isatty()) as follow:
                report = labruns.run(
                    file,
                    _wishes(options),
                    rehearse=options["dry_run"],
                    most_problems=max_problems,
                    clock=timezone.now,
                    started=follow,
                    remark=self.stderr.write,
                )
        except CANNOT as refusal:
            if as_json:
                self.stdout.write(json.dumps(_unread(str(refusal))))
            raise CommandError(str(refusal), returncode=2) from refusal
        except (BadProfile, labdrafts.NoSource, labdrafts.NoTeam) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._tell(file, report, as_json=as_json, rehearsed=options["dry_run"])

    def _tell(self, file: Path, report: dict, *, as_json: bool, rehearsed: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report))
            return
        counts = ", ".join(f"{report[name]} {name}" for name in ["rows", *COUNTS])
        self.stdout.write(f"{file.name}: {counts}{' (nothing was stored)' if rehearsed else ''}.")
        for problem in report["problems"]:
            place = f"line {problem['row']}, {problem['column'] or 'whole line'}"
            self.stdout.write(f"  {place}: {problem['message']} {problem['repair']}")

    @contextmanager
    def _progress(self, *, shown: bool) -> Iterator[Any]:
        """A line that says how far it is, on a terminal."""
        if not shown:
            yield lambda lab_import: None
            return
        ended = threading.Event()
        threads: list[threading.Thread] = []

        def follow(lab_import: LabImport) -> None:
            thread = threading.Thread(target=self._follow, args=(lab_import.pk, ended), daemon=True)
            threads.append(thread)
            thread.start()

        try:
            yield follow
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    def _follow(self, lab_import_id: int, ended: threading.Event) -> None:
        try:
            while not ended.wait(0.5):
                lab_import = LabImport.objects.select_related("job").get(pk=lab_import_id)
                if lab_import.job:
                    self.stderr.write(
                        f"\r{lab_import.row_count:,} rows, {lab_import.job.percent} %", ending=""
                    )
            self.stderr.write("\r", ending="")
        finally:
            connections.close_all()


def _wishes(options: dict) -> labdrafts.Wishes:
    names = ["date_order", "decimal", "thousands", "zone"]
    profile = {name: options[name] for name in names if options[name] is not None}
    return labdrafts.Wishes(
        options["source"], options["unknown_patients"], profile, team=options["team"]
    )


def _unread(sentence: str) -> dict:
    repair = "Check that the file is a table, a workbook, HL7 messages or a FHIR bundle."
    problem = {
        "row": None, "column": "", "code": "not_read", "message": sentence, "repair": repair,
    }  # fmt: skip
    return {"id": None, "rows": 0, **dict.fromkeys(COUNTS, 0), "problems": [problem]}
