"""Short ways to say what a laboratory file holds and what became of it."""

import datetime as dt

from django.utils import timezone

from healthcare.jobs import services as jobs
from patients import tasks  # noqa: F401 - registers the handler
from patients.models import Result
from tests.factories import LabImportFactory

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)  # when files of these tests are uploaded
DAY = dt.timedelta(days=1)
ADA = "CL-000001"
AT = "2026-03-01T08:00Z"
HEADER = "mrn,code,value,unit,collected_at,status,issued_at,accession"
COLUMNS = [
    "patient_id", "analyte__code", "accession", "value", "comparator", "value_as_sent",
    "unit_as_sent", "status", "flag", "collected_at", "issued_at", "recorded_at",
    "reference_low", "reference_high", "superseded_at", "import_row", "version",
]  # fmt: skip
RESULT_ORDER = ["patient", "analyte", "collected_at", "accession", "version", "restatement"]


def text(*lines, header=HEADER):
    return "\n".join([header, *lines]) + "\n"


def line(value, status="final", issued="", accession="A1"):
    """Ada's HbA1c of one morning."""
    return f"{ADA},HBA1C,{value},%,{AT},{status},{issued},{accession}"


def import_file(content, **fields):
    """Store a file (text or bytes) and run its job to the end; return the import."""
    content = content.encode() if isinstance(content, str) else content
    lab_import = LabImportFactory(content=content, **fields)
    lab_import.job.arguments = {"lab_import_id": lab_import.pk}
    lab_import.job.save()
    jobs.run(lab_import.job_id, now=timezone.now)
    lab_import.refresh_from_db()
    return lab_import


def import_lines(*lines, **fields):
    return import_file(text(*lines), **fields)


def counts(lab_import):
    return (
        lab_import.accepted_count,
        lab_import.corrected_count,
        lab_import.duplicate_count,
        lab_import.refused_count,
    )


def dump():
    """Every result in one order and without the numbers that the database gave."""
    return [
        tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
        for row in Result.objects.order_by(
            "patient", "analyte", "collected_at", "accession", "version"
        ).values_list(*COLUMNS)
    ]


def problem_codes(lab_import):
    return list(lab_import.problems.order_by("row").values_list("row", "column", "code"))


def current_values():
    return list(Result.objects.current().values_list("value", flat=True))
