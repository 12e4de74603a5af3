"""What an import would do, without doing it: a dry run over the whole file.

Reads, checks and looks up exactly as the import does, and stores nothing but the counts and
samples in `LabImport.preview`. It takes no lock, so that imports go on meanwhile; what they
store in the meantime may change the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl
from django.db import connection, transaction

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients import labcsv
from patients.labcsv.rows import problems
from patients.models import Analyte, HeldResult, LabImport
from patients.services import (
    labcopies,
    labrepeats,
    labstore,
    labtables,
    rehearsals,
    unknowntests,
)
from patients.services.copying import copy_columns
from patients.services.labmeaning import Interpreter, Meant
from patients.services.laborigin import of_import

JOB = "labs.preview"
TABLES = {LabImport.Format.TABLE, LabImport.Format.WORKBOOK}
MOST_SAMPLES = 10
MOST_CAUSES = 50
SEEN = """
CREATE TEMPORARY TABLE lab_seen (
    patient_id bigint, analyte_id bigint, collected_at timestamptz, accession text,
    version bigint
)
"""
SEEN_INDEX = "CREATE INDEX ON lab_seen (patient_id, analyte_id, collected_at, accession)"
SEEN_BEFORE = """
SELECT thread, 0, version, 0, false, NULL::bigint
FROM lab_threads AS incoming CROSS JOIN LATERAL (
    SELECT version FROM lab_seen AS seen
    WHERE seen.patient_id = incoming.patient_id AND seen.analyte_id = incoming.analyte_id
        AND seen.collected_at = incoming.collected_at AND seen.accession = incoming.accession
    OFFSET 0
) AS stored
"""


@transaction.atomic
def request_preview(lab_import: LabImport, *, by: User) -> Job:
    """Queue a dry run of a file that waits to be confirmed."""
    permissions.check(by, Permission.LABS_UPLOAD)
    job = jobs.enqueue(
        JOB,
        key=str(lab_import.pk),
        queue="imports",
        arguments={"lab_import_id": lab_import.pk},
        by=by,
    )
    lab_import.preview, lab_import.preview_job = None, job
    lab_import.save(update_fields=["preview", "preview_job"])
    audit.record("lab_import.preview_requested", target=lab_import, by=by)
    return job


def preview(lab_import_id: int, *, job: Job) -> None:
    """Read the file as it would be imported and keep what would come of it."""
    LabImport.objects.filter(pk=lab_import_id).exclude(preview_job=job).update(preview_job=job)
    lab_import = LabImport.objects.select_related("lab_source").get(pk=lab_import_id)
    if lab_import.format not in TABLES:
        _keep(lab_import, rehearsals.preview(lab_import, job=job), job)
        return
    found = _Found()
    try:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS lab_seen")
            cursor.execute(SEEN)
            cursor.execute(SEEN_INDEX)
        interpreter = Interpreter(of_import(lab_import))
        for batch, total in _batches(lab_import):
            found.add(batch, interpreter)
            job.report(progress=batch.next_byte, total=total)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS lab_seen")
        labcopies.remove(lab_import)
    _keep(lab_import, found.as_json(), job)


def _keep(lab_import: LabImport, told: dict, job: Job) -> None:
    # Somebody may have changed how the file is read meanwhile: then a newer run tells.
    LabImport.objects.filter(pk=lab_import.pk, preview_job=job).update(preview=told)


def _batches(lab_import: LabImport) -> Iterator[tuple[labcsv.Batch, int]]:
    with labtables.opened(lab_import) as (file, layout, size):
        for batch in labtables.read(file, layout):
            yield batch, size


class _Found:
    """Counts, samples and causes of all stretches so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.samples: dict[str, list[dict]] = {
            kind: [] for kind in ("accepted", "corrected", "duplicate", "refused", "unmatched")
        }
        self.causes: Counter[tuple[str, str, str, str]] = Counter()
        self.unknown_tests = unknowntests.Seen()
        self.brought_back: set[int] = set()  # results that earlier stretches would restore
        self.names = dict(Analyte.objects.values_list("pk", "name"))

    @transaction.atomic
    def add(self, batch: labcsv.Batch, interpreter: Interpreter) -> None:
        meant = interpreter.read(batch.readings, interpreter.look_up(batch.readings))
        self._add_results(meant.results)
        self._add_refused(batch, meant)
        self.unknown_tests.add(batch.readings, meant.refused)

    def as_json(self) -> dict:
        counts = {kind: self.counts[kind] for kind in self.samples}
        causes = [
            {"column": column, "code": code, "message": message, "repair": repair, "rows": rows}
            for (column, code, message, repair), rows in self.causes.most_common(MOST_CAUSES)
        ]
        return {
            "counts": counts,
            "samples": self.samples,
            "causes": causes,
            "unknown_tests": self.unknown_tests.as_json(),
        }

    def _add_results(self, results: pl.DataFrame) -> None:
        if results.is_empty():
            return
        found = labstore.tell_apart(results, also=SEEN_BEFORE)
        copy_columns("lab_seen", found.fresh.select(labstore.VERSION))
        counts, key = found.counts, ["thread", "version", "import_row"]
        # What was withdrawn is said anew, as new as what nobody has said before.
        live = found.stored.filter(~pl.col("is_withdrawn"))
        begun = found.fresh.join(live, on="thread", how="anti").unique(
            "thread", keep="first", maintain_order=True
        )
        others = found.fresh.join(begun, on=key, how="anti")
        anew = self._said_anew(found)
        known = found.rows.join(found.fresh, on=key, how="anti").join(anew, on=key, how="anti")
        for kind, count, rows in (
            ("accepted", counts.accepted + anew.height, pl.concat([begun, anew])),
            ("corrected", counts.corrected, others),
            ("duplicate", counts.duplicate - anew.height, known),
        ):
            self.counts[kind] += count
            for row in rows.head(self._room(kind)).iter_rows(named=True):
                self.samples[kind].append(self._sample(row))

    def _said_anew(self, found: labstore.Sorted) -> pl.DataFrame:
        """Repeats of what was moved to its right patient and withdrawn there, once each."""
        anew = labrepeats.would_say_anew(found.repeated, found.stored)
        anew = anew.filter(~pl.col("result").is_in(list(self.brought_back)))
        self.brought_back.update(anew["result"])
        return anew.select(found.fresh.columns)

    def _sample(self, row: dict) -> dict:
        return {
            "row": row["import_row"],
            "test": self.names[row["analyte_id"]],
            "value": row["value_as_sent"],
            "unit": row["unit_as_sent"],
            "collected_at": f"{row['collected_at']:%Y-%m-%d %H:%M}Z",
            "message": "",
        }

    def _add_refused(self, batch: labcsv.Batch, meant: Meant) -> None:
        """Refused rows, and those that would wait for their patient."""
        patients = {place for place, (reason, _key) in meant.held.items()
                    if reason == HeldResult.Reason.PATIENT}  # fmt: skip
        for place, problem in zip(
            meant.refused, problems(batch.readings, meant.refused, batch.layout), strict=True
        ):
            kind = "unmatched" if place in patients else "refused"
            texts = batch.readings.texts.row(place, named=True) if self._room(kind) else {}
            self._note(kind, problem, texts)
        for problem in labcsv.problems_of_lines(batch.malformed):
            self._note("refused", problem, {})

    def _note(self, kind: str, problem: labcsv.Problem, texts: dict[str, str]) -> None:
        self.counts[kind] += 1
        self.causes[problem.column, problem.code, problem.message, problem.repair] += 1
        if self._room(kind):
            self.samples[kind].append(
                {
                    "row": problem.row,
                    "test": (texts.get("code") or texts.get("test_name") or "")[:60],
                    "value": texts.get("value", "")[:60],
                    "unit": texts.get("unit", "")[:60],
                    "collected_at": texts.get("collected_at", "")[:60],
                    "message": problem.message,
                }
            )

    def _room(self, kind: str) -> int:
        return MOST_SAMPLES - len(self.samples[kind])
