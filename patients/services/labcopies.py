"""The plain copy of a file that cannot be read line by line: packed, a workbook, tests across.

It lies beside the upload while the import is at work. The same file and profile give the same
bytes, so that a place in the copy still holds when the copy has to be made anew.
"""

import hashlib
import json
import uuid
from pathlib import Path

from patients.labcsv import canonical
from patients.labcsv.profile import Profile
from patients.models import LabImport


def plain(lab_import: LabImport, profile: Profile | None) -> tuple[Path, Profile | None]:
    """Where the rows of a table can be read line by line, and how."""
    source = Path(lab_import.file.path)
    if profile is None or not canonical.is_needed(profile, lab_import.format):
        return source, profile
    target = _place(lab_import)
    if not target.exists():
        _write(source, target, profile, lab_import.format)
    return target, profile.of_copy()


def remove(lab_import: LabImport) -> None:
    """Take the copies away; they are made anew when they are wanted again."""
    source = Path(lab_import.file.path)
    for copy in source.parent.glob(f"{source.name}.plain-*"):
        copy.unlink(missing_ok=True)


def _place(lab_import: LabImport) -> Path:
    said = json.dumps(lab_import.profile, sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    return Path(f"{lab_import.file.path}.plain-{digest}")


def _write(source: Path, target: Path, profile: Profile, format: str) -> None:  # noqa: A002
    part = target.with_name(f"{uuid.uuid4().hex}.part")
    try:
        canonical.write(source, part, profile, format)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
