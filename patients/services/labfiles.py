"""Uploaded files on the disk: written aside, flushed, and only then given their name.

The name is the SHA-256 of the content. A web process that dies half-way leaves a `.part`
file and nothing else; two uploads of the same file end as the same file.
"""

import errno
import hashlib
import os
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File

from patients.labcsv import canonical
from patients.labcsv.formats import detect
from patients.labcsv.guess import Guess, NoHeadings, guess
from patients.labcsv.layout import UnreadableFile, from_profile
from patients.labcsv.profile import Profile
from patients.models import LabImport

FOLDER = "lab-imports"
FREE_BYTES = 1024 * 1024 * 1024  # what must stay free: PostgreSQL stops when its disk is full
FREE_FACTOR = 3  # the file itself, its rows, and their write-ahead log
ABANDONED_AFTER = timedelta(days=1)
# No room, no room for this user, or a file larger than may be.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
TABLES = {LabImport.Format.TABLE, LabImport.Format.WORKBOOK}


class TooLarge(Exception):
    def __init__(self) -> None:
        limit = settings.UPLOAD_MAX_BYTES // 2**20
        super().__init__(f"The file is larger than {limit} MB. Split it and upload the parts.")


class NoSpace(Exception):
    def __init__(self) -> None:
        super().__init__(
            "There is not enough free disk space to take this file. Nothing was stored; "
            "tell the administrator and try again later."
        )


@dataclass(frozen=True)
class KeptFile:
    """A file that survives a power cut, by its place below MEDIA_ROOT, and how it seems meant.

    `profile` is None for formats that need none.
    """

    name: str
    digest: str
    size: int
    format: str
    profile: Profile | None


def keep(
    upload: File,
    *,
    now: datetime,
    remembered: Profile | None = None,
    must_be_complete: bool = True,
    may_lack_headings: bool = False,
) -> KeptFile:
    """Store a readable file under its digest.

    `must_be_complete`: nobody will be asked what its columns mean. `may_lack_headings`: somebody
    will be asked even where the table begins. Raises TooLarge, NoSpace, or
    labcsv.UnreadableFile; then nothing stays behind.
    """
    if upload.size > settings.UPLOAD_MAX_BYTES:
        raise TooLarge
    folder = _folder()
    _check_space(folder, upload.size)
    _remove_abandoned(folder, before=now - ABANDONED_AFTER)
    part = folder / f"{uuid.uuid4().hex}.part"
    try:
        digest = _written(upload, part)
        guessed = _guess(part, remembered, may_lack_headings=may_lack_headings)
        if guessed.format == LabImport.Format.WEARABLE:
            raise UnreadableFile(
                "This is an export of a patient's own device. Send it from that patient's record: "
                "Wearable devices."
            )
        profile = guessed.profile if guessed.format in TABLES else None
        if profile is not None and must_be_complete:
            check_doubts(guessed)
            check_profile(part, guessed.format, profile)
        part.replace(folder / digest)
    finally:
        part.unlink(missing_ok=True)
    _flush_folder(folder)
    return KeptFile(f"{FOLDER}/{digest}", digest, upload.size, guessed.format, profile)


def _guess(part: Path, remembered: Profile | None, *, may_lack_headings: bool) -> Guess:
    try:
        return guess(part, remembered=remembered)
    except NoHeadings:
        if not may_lack_headings:
            raise
        return Guess(detect(part).name)


def check_profile(path: Path, format: str, profile: Profile) -> None:  # noqa: A002
    """Raise UnreadableFile for a plain table that is not as its profile says."""
    if not canonical.is_needed(profile, format):
        with path.open("rb") as file:
            from_profile(file, profile)


def check_doubts(guessed: Guess) -> None:
    """What must not be left open when nobody is asked: two columns that may be one field."""
    for doubt in guessed.doubts:
        if doubt.code == "column_doubled":
            raise UnreadableFile(f"{doubt.message} {doubt.repair}")


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _check_space(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < FREE_BYTES + FREE_FACTOR * size:
        raise NoSpace


def _remove_abandoned(folder: Path, *, before: datetime) -> None:
    """Parts of uploads whose web process died."""
    for part in folder.glob("*.part"):
        with suppress(FileNotFoundError):  # an upload that has just ended took it away
            if part.stat().st_mtime < before.timestamp():
                part.unlink()


def _written(upload: File, part: Path) -> str:
    """Raises NoSpace where the room that was there is gone meanwhile."""
    try:
        return _write(upload, part)
    except OSError as refused:
        if refused.errno in FULL:
            raise NoSpace from None
        raise


def _write(upload: File, part: Path) -> str:
    digest = hashlib.sha256()
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in upload.chunks():
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _flush_folder(folder: Path) -> None:
    """A rename survives a power cut only when the folder is flushed as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
