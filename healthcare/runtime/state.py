"""What runs here: a small file that `stop`, `smoke` and a second `serve` read."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Running:
    """The supervisor's process and address."""

    pid: int
    url: str

    def is_alive(self) -> bool:
        command = Path(f"/proc/{self.pid}/cmdline")
        if command.parent.parent.exists() and Path("/proc/self").exists():
            # A number may have been given to another program since: look at what it is.
            with suppress(OSError):
                return b"serve" in command.read_bytes()
            return False
        with suppress(OSError):
            os.kill(self.pid, 0)
            return True
        return False


def _file() -> Path:
    return settings.DATA_DIR / "serve.json"


@contextmanager
def one_supervisor() -> Iterator[bool]:
    """Hold this installation for the length of a supervisor's life; False when another does."""
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.DATA_DIR / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def write(running: Running) -> None:
    part = _file().with_suffix(".part")
    part.write_text(json.dumps(asdict(running)))
    part.replace(_file())


def clear() -> None:
    _file().unlink(missing_ok=True)


def find() -> Running | None:
    """The supervisor that runs now, or None."""
    try:
        running = Running(**json.loads(_file().read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return running if running.is_alive() else None


def wait_until_gone(running: Running, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while running.is_alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
