"""Where a file stands on its way from the upload to the report."""

from __future__ import annotations

from django.urls import reverse

from patients.models import LabImport
from patients.services.labdrafts import is_mapped

# Step, label, name of its address.
PLACES = [
    ("upload", "Choose file", ""),
    ("check", "Check file", "patients:import-check"),
    ("mapping", "Match columns", "patients:import-mapping"),
    ("preview", "Preview", "patients:import-preview"),
    ("import", "Import", ""),
    ("report", "Report", ""),
]


def steps(lab_import: LabImport | None, current: str) -> list[dict]:
    """Variables of `_components/steps.html`. Steps that are done lead back while nothing is
    imported."""
    places = [place for place in PLACES if place[0] != "mapping" or lab_import is None
              or is_mapped(lab_import)]  # fmt: skip
    at = [name for name, _label, _address in places].index(current)
    return [
        {
            "label": label,
            "state": "done" if number < at else "current" if number == at else "todo",
            "url": _url(lab_import, address),
        }
        for number, (_name, label, address) in enumerate(places)
    ]


def _url(lab_import: LabImport | None, address: str) -> str:
    if not address or lab_import is None or lab_import.job_id is not None:
        return ""
    return reverse(address, args=[lab_import.public_id])


def state_of(lab_import: LabImport) -> str:
    """In words, what has become of a file."""
    if lab_import.withdrawn_at is not None:
        return "Withdrawn"
    if lab_import.job is None:
        return "Waits for your confirmation"
    return lab_import.job.get_status_display()
