"""What the pages of the wizard show of a file: plain values for their templates."""

from __future__ import annotations

from healthcare.jobs.models import Job
from ml import analytes
from patients.labcsv.guess import Guess
from patients.labcsv.profile import CHOICES, Profile
from patients.models import LabImport
from patients.services import labtests
from patients.services.labdrafts import is_mapped

KINDS = [
    ("accepted", "New results", "not here yet"),
    ("corrected", "New versions", "earlier values are kept"),
    ("duplicate", "Known already", "nothing changes"),
    ("refused", "Refused", "the reasons are below"),
    ("unmatched", "Patient not known", "as you choose below"),
]
# Where the answers that are filled in come from: a sentence for all, a mark for each.
ORIGINS = {
    "own": ("As you have said before.", ""),
    "remembered": ("Filled in as for the last file of this source: check what is new.",
                   "As in the last file of this source."),
    "guessed": ("Filled in from the headings and cells. Guesses are marked: check them.",
                "A guess from the heading."),
}  # fmt: skip


def facts(lab_import: LabImport, guess: Guess | None) -> list[tuple[str, str]]:
    """Pairs for the definition list of the file check."""
    said = [("Format", lab_import.get_format_display())]
    if guess is None:
        return said
    profile = guess.profile
    if profile.compression:
        said.append(("Packed with", profile.compression))
    if lab_import.format == LabImport.Format.TABLE:
        said.append(("Letters", CHOICES["encoding"][profile.encoding]))
        said.append(("Between cells stands a", CHOICES["delimiter"][profile.delimiter].lower()))
    if profile.sheet:
        said.append(("Sheet", profile.sheet))
    return [
        *said,
        ("Arrangement", CHOICES["layout"][profile.layout]),
        ("Headings", _headings(len(guess.header), profile.header_row)),
        ("Results", f"about {guess.row_estimate:,}"),
    ]


def _headings(count: int, row: int) -> str:
    return f"{count}, in line {row}" if row else f"none over the {count} columns"


def first_cells(guess: Guess) -> dict[str, str]:
    """The first cell that is not empty, by heading."""
    cells: dict[str, str] = {}
    for row in guess.sample_rows:
        for heading, cell in zip(guess.header, row, strict=False):
            if cell.strip():
                cells.setdefault(heading, cell.strip())
    return cells


def origin(lab_import: LabImport, *, before: Profile | None) -> str:
    """Where the answers that are filled in come from, as a sentence."""
    return ORIGINS[_origin(lab_import, before)][0]


def mark(lab_import: LabImport, *, before: Profile | None) -> str:
    """The same in short, beside each of them."""
    return ORIGINS[_origin(lab_import, before)][1]


def _origin(lab_import: LabImport, before: Profile | None) -> str:
    if before is not None:
        return "own"
    source = lab_import.lab_source
    return "remembered" if source and source.profile else "guessed"


def other_layout(profile: Profile) -> tuple[str, str]:
    if profile.layout == "long":
        return "wide", "No, each line is a sample with a column for each test"
    return "long", "No, each line is one result"


def known_tests() -> list[tuple[str, str]]:
    """Short names and what they stand for, for the list of suggestions of a field."""
    return [(one.code, f"{one.display}, LOINC {one.loinc or 'none'}") for one in analytes.all()]


def progress(lab_import: LabImport) -> dict:
    """Variables of `_preview_status.html`."""
    job = lab_import.preview_job
    waits = job is not None and job.status in Job.OPEN
    return {
        "lab_import": lab_import,
        "is_mapped": is_mapped(lab_import),
        "waits": waits,
        "percent": min(99, job.percent) if job else 0,
        "pace": "waiting for a worker" if job and job.started_at is None else "reading",
        "failure": "" if waits or job is None or job.status == Job.Status.DONE
        else job.failure or "The dry run did not come to its end.",
    }  # fmt: skip


def preview(lab_import: LabImport) -> dict | None:
    """Variables of `_preview_counts.html`, from what the dry run has stored."""
    if lab_import.preview is None:
        return None
    counts, samples = lab_import.preview["counts"], lab_import.preview["samples"]
    return {
        "rows": sum(counts.get(code, 0) for code, _label, _note in KINDS),
        "kinds": [
            {"code": code, "label": label, "note": note, "count": counts.get(code, 0),
             "samples": samples.get(code, [])}
            for code, label, note in KINDS
        ],
        "causes": _by_code(lab_import.preview.get("causes", [])),
    }  # fmt: skip


def _by_code(causes: list[dict]) -> list[dict]:
    """Causes of one kind together, with the words of the commonest."""
    together: dict[str, dict] = {}
    for cause in sorted(causes, key=lambda cause: -cause["rows"]):
        said = together.setdefault(cause["code"], {**cause, "rows": 0})
        said["rows"] += cause["rows"]
        if said["repair"] != cause["repair"]:
            said["repair"] = labtests.without_hint(said["repair"])
    return sorted(together.values(), key=lambda cause: -cause["rows"])
