"""Uploaded files on the disk: written aside, flushed, and only then given their name.

The name is the SHA-256 of the content. A web process that dies half-way leaves a `.part`
file and nothing else; two uploads of the same file end as the same file.
"""

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

from patients import labcsv

FOLDER = "lab-imports"
FREE_BYTES = 1024 * 1024 * 1024  # what must stay free: PostgreSQL stops when its disk is full
FREE_FACTOR = 3  # the file itself, its rows, and their write-ahead log
ABANDONED_AFTER = timedelta(days=1)


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
    """A file that survives a power cut, by its place below MEDIA_ROOT."""

    name: str
    digest: str
    size: int


def keep(upload: File, *, now: datetime) -> KeptFile:
    """Store a readable file under its digest.

    Raises TooLarge, NoSpace, or labcsv.UnreadableFile; then nothing stays behind.
    """
    if upload.size > settings.UPLOAD_MAX_BYTES:
        raise TooLarge
    folder = _folder()
    _check_space(folder, upload.size)
    _remove_abandoned(folder, before=now - ABANDONED_AFTER)
    part = folder / f"{uuid.uuid4().hex}.part"
    try:
        digest = _write(upload, part)
        with part.open("rb") as file:
            labcsv.inspect(file)
        part.replace(folder / digest)
    finally:
        part.unlink(missing_ok=True)
    _flush_folder(folder)
    return KeptFile(name=f"{FOLDER}/{digest}", digest=digest, size=upload.size)


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
