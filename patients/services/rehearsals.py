"""What an import of messages or a bundle would do: the import itself, undone.

Tables have a dry run of their own that takes no turn among the writers (`labpreview`). Messages
and bundles are small, and what becomes of them depends on more than one reader can say
beforehand, so they are imported in a transaction that is rolled back.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, F, Min

from healthcare.jobs.models import Job
from patients.models import ImportProblem, LabImport, Result

MOST_SAMPLES = 10
KINDS = ("accepted", "corrected", "duplicate", "refused", "unmatched")


def preview(lab_import: LabImport, *, job: Job) -> dict:
    """What `LabImport.preview` is to hold; nothing is stored."""
    from patients.services import labs

    with transaction.atomic():
        labs.reader(lab_import.format)(lab_import, job=job)
        read = LabImport.objects.get(pk=lab_import.pk)
        told = {
            "counts": {kind: getattr(read, f"{kind}_count") for kind in KINDS},
            "samples": _samples(read),
            "causes": _causes(read),
            "unknown_tests": [],
        }
        transaction.set_rollback(True)
    return told


def _samples(lab_import: LabImport) -> dict[str, list[dict]]:
    samples: dict[str, list[dict]] = {kind: [] for kind in KINDS}
    stored = Result.objects.filter(lab_import=lab_import).select_related("analyte")
    for result in stored.order_by("import_row", "pk")[:MOST_SAMPLES]:
        samples["accepted"].append({
            "row": result.import_row, "test": result.analyte.name, "value": result.value_as_sent,
            "unit": result.unit_as_sent, "collected_at": f"{result.collected_at:%Y-%m-%d %H:%M}Z",
            "message": "",
        })  # fmt: skip
    for problem in lab_import.problems.order_by("row", "column")[: 2 * MOST_SAMPLES]:
        samples[_kind(problem)].append({
            "row": problem.row, "test": "", "value": "", "unit": "", "collected_at": "",
            "message": problem.message,
        })  # fmt: skip
    return {kind: rows[:MOST_SAMPLES] for kind, rows in samples.items()}


def _kind(problem: ImportProblem) -> str:
    return "unmatched" if problem.code in {"unknown_patient", "patient_mismatch"} else "refused"


def _causes(lab_import: LabImport) -> list[dict]:
    causes = lab_import.problems.values("column", "code", "message").annotate(
        fix=Min("repair"), rows=Count("pk")
    )
    rows = causes.order_by(F("rows").desc(), "code", "column")[:50]
    return [
        {"column": row["column"], "code": row["code"], "message": row["message"],
         "rows": row["rows"], "repair": row["fix"]}
        for row in rows
    ]  # fmt: skip
