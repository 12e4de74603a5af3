"""What one process holds in memory while it reads a long file: measured, not reckoned."""

import gzip
import itertools
import json
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
from tests.patients.hl7messages import HBA1C, PID, oru
from tests.patients.labfiles import HEADER, NOW
from tests.patients.test_import_kill import ROOT, has_ended, wait, workers

pytestmark = [
    pytest.mark.svc,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("analytes"),
]
__all__ = ["workers"]  # the fixture
ROWS, PATIENTS = 200_000, 500
MESSAGES, RESOURCES = 6_000, 6_000
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

    most = measured(command_on(path, settings.MEDIA_ROOT))

    assert LabImport.objects.get().row_count == ROWS
    assert 50_000_000 < most < MOST_BYTES


def messages():
    """Distinct results as HL7 messages in one batch, two in each."""
    yield b"FHS|^~\\&|LIS\rBHS|^~\\&|LIS\r"
    for number in range(MESSAGES):
        pid = PID.replace("CL-000001", f"CL-{number % PATIENTS:06d}")
        order = f"OBR|1||A{number}|X|||202602{1 + number % 28:02d}0800"
        values = [f"OBX|{n}|NM|{HBA1C}||{4 + number % 7}.{n}|%|||||F" for n in (1, 2)]
        yield oru(pid, order, *values, f"NTE|1||{'x' * 200}", id=str(number)).encode()
    yield b"BTS|1\rFTS|1\r"


def resources():
    """Observations and problems, each with its report, of the same people."""
    for number in range(RESOURCES):
        subject = {"identifier": {"system": "mrn", "value": f"CL-{number % PATIENTS:06d}"}}
        kind = "Condition" if number % 10 == 0 else "Observation"
        yield {
            "resourceType": kind, "id": f"r{number}", "subject": subject, "status": "final",
            "text": {"status": "generated", "div": "<div>" + "x" * 1500 + "</div>"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}],
                     "text": f"Problem {number}"},
        } | ({} if kind == "Condition" else {
            "effectiveDateTime": f"2026-02-{1 + number % 28:02d}T08:{number % 60:02d}:00Z",
            "valueQuantity": {"value": 4 + number % 7, "code": "%",
                              "system": "http://unitsofmeasure.org"},
        })  # fmt: skip


def bundle():
    yield b'{"resourceType": "Bundle", "type": "collection", "entry": ['
    for number, resource in enumerate(resources()):
        yield (b"," if number else b"") + json.dumps({"resource": resource}).encode()
    yield b"]}"


def lines():
    return (json.dumps(resource).encode() + b"\n" for resource in resources())


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("name", "written", "counted"),
    [
        ("long.hl7", messages, lambda: 2 * MESSAGES),
        ("long.json", bundle, lambda: RESOURCES),
        ("long.ndjson", lines, lambda: RESOURCES),
    ],
)
def test_so_does_the_command_on_messages_and_resources(tmp_path, settings, name, written, counted):
    path = tmp_path / name
    with path.open("wb") as file:
        file.writelines(written())

    most = measured(command_on(path, settings.MEDIA_ROOT))

    lab_import = LabImport.objects.get()
    assert (lab_import.row_count, lab_import.refused_count) == (counted(), 0)
    assert 50_000_000 < most < MOST_BYTES


def measured(command):
    """The most bytes that the command ever held; it has to end well."""
    most = [0]
    while command.poll() is None:
        most.append(peak(family(command.pid)))
        time.sleep(0.02)
    assert command.returncode == 0
    return max(most)


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
