"""A real Celery worker, killed with -9 in the middle of a file."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from healthcare.embedded import valkey
from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients.models import FhirResource, LabImport, PatientIdentifier, Result
from patients.services import labs
from tests.factories import PatientFactory
from tests.patients.hl7messages import HBA1C, PID, oru
from tests.patients.labfiles import HEADER, NOW, counts, dump, problem_codes

pytestmark = [
    pytest.mark.svc,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("analytes"),
]
ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = 60_000
PATIENTS = 20


def content():
    """A file with good, repeated, corrected and refused rows, the same in every run."""
    rng = random.Random(3)
    lines = [HEADER]
    for row in range(ROWS):
        person, value = rng.randrange(PATIENTS), rng.choice(["5.1", "6.2", "7.3", "high", "99"])
        status = rng.choice(["final", "final", "corrected", "preliminary"])
        day = f"2026-0{rng.randrange(1, 3)}-{rng.randrange(1, 29):02d}"
        lines.append(f"CL-{person:06d},HBA1C,{value},%,{day}T08:00Z,{status},,A{row // 3}")
    return "\n".join(lines).encode()


def messages():
    """The same kind of file as HL7 messages, one result each."""
    rng = random.Random(4)
    said = []
    for row in range(1_500):
        pid = PID.replace("CL-000001", f"CL-{rng.randrange(PATIENTS):06d}")
        value, state = rng.choice(["5.1", "6.2", "high"]), rng.choice("FFCP")
        order = f"OBR|1||A{row // 3}|X|||2026020{rng.randrange(1, 9)}0800"
        said.append(oru(pid, order, f"OBX|1|NM|{HBA1C}||{value}|%|||||{state}", id=str(row)))
    return "".join(said).encode()


def bundle():
    """And as a FHIR bundle: observations of the same patients."""
    rng = random.Random(5)
    entries = [
        {"resource": {
            "resourceType": "Observation", "id": f"o{row}", "status": "final",
            "subject": {"identifier": {"value": f"CL-{rng.randrange(PATIENTS):06d}",
                                       "system": PatientIdentifier.MRN}},
            "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
            "effectiveDateTime": f"2026-02-{rng.randrange(1, 28):02d}T08:00:00Z",
            "valueQuantity": {"value": rng.choice([5.1, 6.2, 9999]), "code": "%",
                              "system": "http://unitsofmeasure.org"},
        }}
        for row in range(1_500)
    ]  # fmt: skip
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


FILES = {"table": content, "hl7": messages, "fhir": bundle}


def receive(by, kind="table"):
    return labs.receive(upload=ContentFile(FILES[kind](), name="labs.csv"), by=by, now=NOW)


def start_worker(media):
    """As the supervisor starts it, on the database of the tests."""
    database = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgres://postgres@/{database['NAME']}?host={database['HOST']}",
        "MEDIA_ROOT_OF_TEST": str(media),
    }
    command = [sys.executable, "-c", START, "worker", "-Q", "imports", "-c", "1"]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


START = """
import os, sys
from django.conf import settings
from healthcare.celery import app
settings.MEDIA_ROOT = os.environ["MEDIA_ROOT_OF_TEST"]
app.worker_main(sys.argv[1:])
"""


def kill(worker):
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def wait(is_so, seconds=60):
    """Wait, sweeping as beat does."""
    deadline, next_sweep = time.monotonic() + seconds, time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline, "the workers did nothing for too long"
        if time.monotonic() > next_sweep:
            jobs.sweep(now=timezone.now())
            next_sweep += 5
        time.sleep(0.02)


@pytest.fixture
def workers(settings):
    """Start workers that end with the test."""
    valkey.ensure(site.DATA_DIR)
    started = []

    def start():
        started.append(start_worker(settings.MEDIA_ROOT))
        return started[-1]

    yield start
    for worker in started:
        kill(worker)


def is_half_read(lab_import):
    lab_import.refresh_from_db()
    return lab_import.next_byte > 0


def has_ended(lab_import):
    return Job.objects.get(pk=lab_import.job_id).status not in Job.OPEN


@pytest.mark.parametrize("kind", FILES)
def test_a_killed_worker_leaves_the_same_table_as_one_that_lived(workers, lab_staff, team, kind):
    for number in range(PATIENTS):
        PatientFactory(mrn=f"CL-{number:06d}", care_team=team)
    undisturbed = receive(lab_staff, kind)
    assert undisturbed.format == kind
    jobs.run(undisturbed.job_id, now=timezone.now)
    undisturbed.refresh_from_db()
    expected = dump(), counts(undisturbed), problem_codes(undisturbed)
    assert Result.objects.count() > PATIENTS
    Result.objects.all().delete()
    FhirResource.objects.all().delete()
    LabImport.objects.all().delete()

    first = workers()
    lab_import = receive(lab_staff, kind)
    wait(lambda: is_half_read(lab_import))
    kill(first)
    assert not has_ended(lab_import)
    workers()
    wait(lambda: has_ended(lab_import))

    lab_import.refresh_from_db()
    assert lab_import.job.status == Job.Status.DONE
    assert (dump(), counts(lab_import), problem_codes(lab_import)) == expected
