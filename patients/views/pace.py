"""How far and how fast a file is read, as a sentence for someone who waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from patients.models import LabImport

SLACK = timedelta(minutes=1)  # between a file's confirmation and the job that it asks for


def pace(lab_import: LabImport, now: datetime) -> str:
    """Rows, rows per second and seconds left, by what the worker of now has done itself.

    Of a file that was taken up again after its job had been given up, nobody knows where that
    worker began: only the rows are told.
    """
    job = lab_import.job
    if job is None or job.started_at is None:
        return "waiting for a worker"
    rows = lab_import.row_count
    done = job.progress - job.started_from
    if not rows or done <= 0 or _is_taken_up_again(lab_import):
        return f"{rows:,} rows read"
    seconds = max(0.1, (now - job.started_at).total_seconds())
    rows_a_second = rows * done / job.progress / seconds
    left = seconds * max(0, job.total - job.progress) / done
    return f"{rows:,} rows read · {rows_a_second:,.0f} rows/s · {left:,.0f} s left"


def _is_taken_up_again(lab_import: LabImport) -> bool:
    asked_at = lab_import.confirmed_at or lab_import.uploaded_at
    return lab_import.job is not None and lab_import.job.created_at > asked_at + SLACK
