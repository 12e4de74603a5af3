"""Keep a handful of processes running and their output readable.

Own code and not a library: honcho stops everything when one process dies, supervisord needs a
configuration file and shows no output; we want a killed worker back within a second, and
nothing left behind when the supervisor itself is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

QUICK_DEATH = 10  # seconds: a process that dies sooner is restarted more slowly
LONGEST_PAUSE = 30
PATIENCE = 15  # seconds between asking a process to end and making it
PR_SET_PDEATHSIG = 1

Say = Callable[[str, str], None]


@dataclass
class Supervised:
    """One process that is started again whenever it ends."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    pause: float = 0.5

    def start(self, say: Say) -> None:
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | self.environment,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends them in order
            preexec_fn=die_with_parent,
        )
        self.started_at = time.monotonic()
        threading.Thread(target=self._relay, args=(self.process, say), daemon=True).start()

    def _relay(self, process: subprocess.Popen, say: Say) -> None:
        assert process.stdout is not None  # noqa: S101
        for line in process.stdout:
            say(self.name, line.rstrip())

    def look(self, say: Say) -> None:
        """Start again what has ended, at once the first time and more slowly when it keeps on."""
        now = time.monotonic()
        if self.process is not None:
            if self.process.poll() is None:
                return
            lived = now - self.started_at
            self.pause = min(self.pause * 2, LONGEST_PAUSE) if lived < QUICK_DEATH else 0.5
            say(self.name, f"ended ({self.process.returncode}); again in {self.pause:g} s")
            self.process, self.restart_at = None, now + self.pause
        elif now >= self.restart_at:
            self.start(say)

    def signal(self, number: int) -> None:
        """Tell the process and its children, for example Celery's."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def ask_to_end(self) -> None:
        """Tell the process alone: Celery's parent ends its children warmly."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()


def run(
    processes: list[Supervised],
    *,
    say: Say,
    ready: Callable[[], bool],
    tend: Callable[[], None],
) -> None:
    """Start all, keep them running until SIGINT or SIGTERM, then stop all.

    `ready` is asked several times a second until it answers True; `tend` is called all the
    time, to look after what is not a child of this process.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    for process in processes:
        process.start(say)
    is_ready = False
    while not stop.is_set():
        is_ready = is_ready or ready()
        tend()
        for process in processes:
            process.look(say)
        stop.wait(0.25)
    end(processes, say=say)


def end(processes: list[Supervised], *, say: Say) -> None:
    say("serve", "stopping …")
    for process in processes:
        process.ask_to_end()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        if process.process is None:
            continue
        try:
            process.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.signal(signal.SIGKILL)


def die_with_parent() -> None:
    """Between fork and exec: have the kernel end this process when the supervisor is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
