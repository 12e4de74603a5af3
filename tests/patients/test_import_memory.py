"""What one process holds in memory while it reads a long file: measured, not reckoned."""

import gzip
import itertools
import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from healthcare.jobs.models import Job
from patients.models import LabImport
from patients.services import labs
from tests.factories import PatientFactory
from tests.patients.labfiles import HEADER, NOW
from tests.patients.test_import_kill import ROOT, has_ended, wait, workers

pytestmark = [
    pytest.mark.svc,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("analytes"),
]
__all__ = ["workers"]  # the fixture
ROWS, PATIENTS = 200_000, 500
MOST_BYTES = 300_000_000
TESTS = [("HBA1C", "%", 4, 12), ("GLU", "mg/dL", 60, 300), ("CREA", "mg/dL", 1, 4)]


def content():
    """Distinct results with a bad and an unknown one now and then, as 13 MB of CSV."""
    rng = random.Random(13)
    lines = [HEADER]
    for row in range(ROWS):
        code, unit, low, high = TESTS[row % 3]
        value = "high" if row % 997 == 0 else f"{rng.uniform(low, high):.1f}"
        person = rng.randrange(PATIENTS + 1)
        day, minute = 1 + row % 28, row % 60
        lines.append(
            f"CL-{person:06d},{code},{value},{unit},2026-02-{day:02d}T08:{minute:02d}Z,"
            f"final,,A{row}"
        )
    return "\n".join(lines).encode()


def peak(pids):
    """The most bytes that one of these processes ever held; 0 for those that have ended."""
    most = [0]
    for pid in pids:
        with suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            most += [int(line.split()[1]) * 1024 for line in status.splitlines()
                     if line.startswith("VmHWM")]  # fmt: skip
    return max(most)


def family(pid):
    """The process and those that it has started."""
    with suppress(OSError):
        started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *itertools.chain.from_iterable(family(int(child)) for child in started)]
    return []


@pytest.fixture
def people(team):
    return [PatientFactory(mrn=f"CL-{number:06d}", care_team=team) for number in range(PATIENTS)]


@pytest.mark.usefixtures("people")
def test_a_worker_holds_less_than_300_megabytes_on_a_long_file(workers, lab_staff):
    worker = workers()
    lab_import = labs.receive(upload=ContentFile(content(), name="long.csv"), by=lab_staff, now=NOW)

    most = []
    wait(lambda: most.append(peak(family(worker.pid))) or has_ended(lab_import), seconds=300)

    lab_import.refresh_from_db()
    assert (lab_import.job.status, lab_import.row_count) == (Job.Status.DONE, ROWS)
    assert 50_000_000 < max(most) < MOST_BYTES


@pytest.mark.usefixtures("people")
def test_so_does_the_command_on_a_fresh_packed_file(tmp_path, settings):
    path = tmp_path / "long.csv.gz"
    path.write_bytes(gzip.compress(content(), 1))
    most = [0]

    command = command_on(path, settings.MEDIA_ROOT)
    while command.poll() is None:
        most.append(peak(family(command.pid)))
        time.sleep(0.02)

    assert command.returncode == 0
    assert LabImport.objects.get().row_count == ROWS
    assert 50_000_000 < max(most) < MOST_BYTES


COMMAND = """
import sys
import django
from django.conf import settings
django.setup()
settings.MEDIA_ROOT = sys.argv[1]
from django.core.management import call_command
call_command("import_labs", sys.argv[2], as_json=True)
"""


def command_on(path, media):
    """`manage.py import_labs` on the database of the tests."""
    database = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgres://postgres@/{database['NAME']}?host={database['HOST']}",
    }
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(media), str(path)], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
