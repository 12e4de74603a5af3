"""Whatever is killed, whenever: the table at the end is that of an undisturbed run.

Worker, broker, database and web server are killed with -9 at random moments while overlapping
files come in over HTTP and are imported; one upload is cut off half-way. About two minutes, and
not part of `make test`.
"""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from healthcare.embedded import files as embedded_files
from healthcare.embedded import postgres, valkey

pytestmark = [pytest.mark.chaos, pytest.mark.svc]
ROOT = Path(__file__).resolve().parent.parent.parent
HEADER = "mrn,code,value,unit,collected_at,status,issued_at,accession"
FILES, ROWS, PATIENTS = 5, 24_000, 40
KILLS = int(os.getenv("CHAOS_KILLS", "16"))
SEED = int(os.getenv("CHAOS_SEED", str(random.SystemRandom().randrange(10**6))))


def file_of(number):
    """Rows of which each file shares a half with the next: versions, repeats, bad and unknown."""
    lines = [HEADER]
    for row in range(number * ROWS // 2, number * ROWS // 2 + ROWS):
        rng = random.Random(row)  # the same row in every file that has it
        value = rng.choice(["5.1", "6.2", "7.3", "12.5", "high"])
        status = rng.choice(["final", "final", "corrected", "preliminary"])
        person = f"CL-{rng.randrange(PATIENTS + 1):06d}"
        day, minute = rng.randrange(1, 28), rng.randrange(60)
        lines.append(
            f"{person},HBA1C,{value},%,2026-02-{day:02d}T08:00Z,{status},"
            f"2026-03-0{rng.randrange(1, 5)}T10:{minute:02d}Z,A{row // 3}"
        )
    return "\n".join(lines).encode()


class Site:
    """An installation of its own, whose processes may die."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = os.environ | {"DATA_DIR": str(folder), "DEBUG": "1",
                                         "PYTHONPATH": str(ROOT)}  # fmt: skip
        for name in ("DATABASE_URL", "BROKER_URL", "EMBEDDED_DURABLE"):
            self.environment.pop(name, None)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.running = {}
        self.key = self.step("prepare")["key"]

    def step(self, name):
        command = [sys.executable, "-m", "tests.patients.chaos_site", name]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True,
                              text=True, check=True, timeout=120)  # fmt: skip
        return json.loads(done.stdout)

    def start(self, name):
        site = [sys.executable, "-m", "tests.patients.chaos_site"]
        commands = {
            "worker": [*site, "work"],
            "sweeper": [*site, "sweep"],
            "web": [sys.executable, "-m", "granian", "--interface", "wsgi",
                    "healthcare.wsgi:application", "--host", "127.0.0.1", "--port",
                    str(self.port), "--no-access-log", "--log-level", "critical"],
        }  # fmt: skip
        self.running[name] = subprocess.Popen(
            commands[name], cwd=ROOT, env=self.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self, name):
        """End it with -9, with all its children, and start another."""
        if name in {"postgres", "valkey"}:
            self._kill_server(name)
            return
        with suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()
        self.start(name)

    def _kill_server(self, name):
        pid = self._pid(name)
        if pid:
            os.kill(pid, signal.SIGKILL)
        postgres.ensure(self.folder) if name == "postgres" else valkey.ensure(self.folder)

    def _pid(self, name):
        if name == "postgres":
            lock = next(self.folder.rglob("postmaster.pid"), None)
            return int(lock.read_text().split()[0]) if lock else None
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(valkey.socket_file(self.folder)))
            link.sendall(b"INFO server\r\n")
            answer = link.recv(65536).decode()
        return int(answer.partition("process_id:")[2].split()[0])

    def stop(self):
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        with suppress(OSError):
            valkey.stop(self.folder)
        postgres.stop(self.folder)

    def upload(self, content, *, only=None):
        """Send a file; `only` that many bytes of it, and hang up. True when it is here."""
        body = (b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n"
                b"Content-Type: text/csv\r\n\r\n" + content + b"\r\n--edge--\r\n")  # fmt: skip
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.putrequest("POST", "/api/v1/lab-imports/")
            link.putheader("Authorization", f"Api-Key {self.key}")
            link.putheader("Content-Type", "multipart/form-data; boundary=edge")
            link.putheader("Content-Length", str(len(body)))
            link.endheaders()
            link.send(body[:only])
            return only is None and link.getresponse().status in {202, 409}
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def upload_at_last(self, content):
        until(lambda: self.upload(content))

    def has_ended(self):
        told = self.step("state")
        return told["imports"] == FILES and told["open"] == 0


def until(is_so, seconds=120):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "nothing happened for too long"
        time.sleep(0.5)


@pytest.fixture
def new_site():
    """Start installations in folders with short names: sockets ask for that."""
    sites = []

    def start():
        folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        sites.append(Site(folder))
        valkey.ensure(folder)
        for name in ("worker", "sweeper", "web"):
            sites[-1].start(name)
        return sites[-1]

    yield start
    for site in sites:
        site.stop()
        shutil.rmtree(site.folder, ignore_errors=True)
        shutil.rmtree(embedded_files.socket_dir(site.folder), ignore_errors=True)


def test_random_kills_of_every_process_leave_the_table_of_an_undisturbed_run(new_site):
    contents = [file_of(number) for number in range(FILES)]
    clean = new_site()
    for content in contents:
        clean.upload_at_last(content)
    until(clean.has_ended)
    expected = clean.step("state")
    clean.stop()

    site, rng = new_site(), random.Random(SEED)
    until(lambda: site.upload(contents[0]))
    for number in range(KILLS):
        if number < FILES:
            site.upload(contents[number], only=len(contents[number]) // 2)
            site.kill("web")
        site.upload(contents[number % FILES])
        time.sleep(rng.uniform(0.1, 2))
        site.kill(rng.choice(["worker", "worker", "worker", "postgres", "valkey", "web"]))
    for content in contents:
        site.upload_at_last(content)
    until(site.has_ended)

    assert site.step("state") == expected, f"CHAOS_SEED={SEED}"
    assert expected["failed"] == 0
    assert expected["results"] > ROWS
