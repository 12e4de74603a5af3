"""Fetch a public data set: digest checked, resumed after a break, progress shown.

A file is written as NAME.part until it is whole and its digest fits. Where the source publishes
no digest, the first fetch records one in SHA256SUMS of the folder and later ones must equal it.
"""

import hashlib
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TextIO

from ml.datasets.dataset import Dataset, Download

CHUNK = 1 << 16
TIMEOUT = 60
SUMS = "SHA256SUMS"
BAR = 30


class CannotFetch(RuntimeError):
    """Why a data set did not come, and what to do."""


def fetch(dataset: Dataset, folder: Path, *, screen: TextIO = sys.stderr) -> list[Path]:
    """Download every file of `dataset` into `folder`; files already whole are left alone.

    Returns the files that `ml.datasets.load(name, folder)` reads. Raises CannotFetch.
    """
    if not dataset.downloads:
        raise CannotFetch(f"{dataset.title} has no stable public address: {dataset.obtain}.")
    folder.mkdir(parents=True, exist_ok=True)
    return [_fetched(download, folder, screen) for download in dataset.downloads]


def _fetched(download: Download, folder: Path, screen: TextIO) -> Path:
    target = folder / download.file
    wanted = download.digest or _recorded(folder, download.file)
    if target.is_file() and wanted and digest(target, wanted) == wanted:
        screen.write(f"{download.file}: already here\n")
    else:
        _download(download.url, target, wanted, screen)
    if not wanted:
        _record(folder, target)
    return _taken_out(target, download.member) if download.member else target


def _download(url: str, target: Path, wanted: str, screen: TextIO) -> None:
    part = target.with_name(target.name + ".part")
    try:
        _write(url, part, screen, target.name)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise CannotFetch(
            f"{url} did not answer as expected ({_reason(error)}). Run the same command again: "
            "it goes on where it stopped."
        ) from None
    found = digest(part, wanted) if wanted else ""
    if found != wanted:
        part.unlink()
        raise CannotFetch(
            f"{target.name} is not the file that was published: its digest is {found}, not "
            f"{wanted}. Nothing was kept; run the command again, or look whether the source "
            "published a new version."
        )
    part.replace(target)


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error or type(error).__name__)


def _write(url: str, part: Path, screen: TextIO, name: str) -> None:
    """Append to `part` what the server still has of it."""
    done = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(_allowed(url))  # noqa: S310 - http(s) only, see _allowed
    if done:
        request.add_header("Range", f"bytes={done}-")
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310
    except urllib.error.HTTPError as error:
        with error:
            if done and error.code == 416:  # nothing beyond what is here
                return
            raise urllib.error.URLError(f"HTTP {error.code} {error.reason}") from None
    with response:
        resumed = done and response.status == 206
        _copy(response, part, done if resumed else 0, screen, name)


def _copy(response, part: Path, done: int, screen: TextIO, name: str) -> None:
    length = response.headers.get("Content-Length")
    total = done + int(length) if length else None
    with part.open("ab" if done else "wb") as file:
        for chunk in _chunks(response):
            file.write(chunk)
            done += len(chunk)
            screen.write(progress(name, done, total))
    screen.write("\n")
    if total is not None and done < total:
        raise ConnectionError(f"the connection broke after {done:,} of {total:,} bytes")


def _chunks(response: IO[bytes]) -> Iterator[bytes]:
    while chunk := response.read(CHUNK):
        yield chunk


def progress(name: str, done: int, total: int | None) -> str:
    """One line that overwrites the last: a bar, per cent and megabytes."""
    if not total:
        return f"\r{name}: {done / 1e6:.1f} MB"
    filled = int(BAR * done / total)
    bar = "█" * filled + "░" * (BAR - filled)
    return f"\r{name}: {bar} {done / total:4.0%} of {total / 1e6:.1f} MB"


def _allowed(url: str) -> str:
    if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise CannotFetch(f"{url} is not an https address.")
    return url


def digest(path: Path, like: str = "sha256:") -> str:
    """Digest of a file, by the algorithm that `like` names ("md5:…" or "sha256:…")."""
    algorithm = like.partition(":")[0]
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False))
    return f"{algorithm}:{found.hexdigest()}"


def _recorded(folder: Path, name: str) -> str:
    sums = folder / SUMS
    if not sums.is_file():
        return ""
    lines = (line.split(maxsplit=1) for line in sums.read_text(encoding="utf-8").splitlines())
    return next((f"sha256:{value}" for value, file in lines if file == name), "")


def _record(folder: Path, target: Path) -> None:
    with (folder / SUMS).open("a", encoding="utf-8") as file:
        file.write(f"{digest(target).removeprefix('sha256:')}  {target.name}\n")


def _taken_out(archive: Path, member: str) -> Path:
    """The named file of a ZIP, wherever it lies in it, beside the archive."""
    with zipfile.ZipFile(archive) as opened:
        found = [name for name in opened.namelist() if Path(name).name == member]
        if not found:
            raise CannotFetch(f"{archive.name} holds no {member}; the source may have changed.")
        target = archive.with_name(member)
        with opened.open(found[0]) as source, target.open("wb") as file:
            while chunk := source.read(CHUNK):
                file.write(chunk)
    return target
