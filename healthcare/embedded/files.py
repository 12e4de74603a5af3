"""Where the embedded servers keep their files, and one of them starting at a time."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_SOCKET_PATH = 90  # sun_path holds 107 bytes; names of the sockets need the rest
NEEDED_BYTES = 500 * 1024 * 1024


class EmbeddedServerError(Exception):
    """An embedded server cannot run; the message says what to do."""


def socket_dir(data_dir: Path) -> Path:
    """A folder for Unix sockets whose path is short enough for the kernel."""
    inside = data_dir / "run"
    if len(str(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"carelens-{os.getuid()}-{name}"


def make_private(folder: Path) -> Path:
    """Create a folder that only its owner may enter; refuse one that somebody else owns."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid() and os.getuid() != 0:
        raise EmbeddedServerError(
            f"{folder} belongs to another user. Remove it, or set DATA_DIR to a folder of yours."
        )
    return folder


def check_free_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise EmbeddedServerError(
            f"Only {free // 2**20} MB are free for {folder}, not {NEEDED_BYTES // 2**20}. "
            "Free some space, or set DATA_DIR to a folder on another disk."
        )


@contextmanager
def one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Hold the installation's lock, so that two processes do not start the same server."""
    make_private(data_dir)
    with (data_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
