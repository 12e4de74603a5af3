"""A real listener, killed with -9 again and again while messages come in."""

import os
import random
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from hl7.client import MLLPClient

from patients.models import Hl7Message
from patients.services import hl7messages
from patients.services.hl7messages import Terms
from tests.factories import PatientFactory
from tests.patients.hl7messages import hba1c
from tests.patients.labfiles import ADA, NOW, dump

pytestmark = [
    pytest.mark.svc,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("analytes"),
]
ROOT = Path(__file__).resolve().parent.parent.parent
STATUSES = ["P", "F", "C", "C", "X", "W"]


def messages():
    """Forty messages about eight results, each told several times, in no order."""
    rng = random.Random(5)
    told = [
        hba1c(f"5.{n % 7}", STATUSES[n % 6], id=f"K{n}", issued=f"202603011{n // 8}00{n % 8:02d}00")
        .replace("|F100|", f"|F{n % 8}|")
        for n in range(40)
    ]  # fmt: skip
    rng.shuffle(told)
    return told


@contextmanager
def listener():
    """`manage.py mllp_server` on the database of the tests; its process and port."""
    database = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgres://postgres@/{database['NAME']}?host={database['HOST']}"
    }
    command = [sys.executable, "manage.py", "mllp_server", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        lines = iter(process.stdout.readline, "")
        port = next(found[1] for line in lines if (found := re.search(r":(\d+)\.$", line)))
        yield process, int(port)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def send_all(port, waiting):
    """Send what waits, one after the other, until the listener dies."""
    while waiting:
        with MLLPClient("127.0.0.1", port) as client:
            client.socket.settimeout(10)
            answer = client.send_message(waiting[0])
        if b"MSA|A" not in answer:
            raise ConnectionError  # the line ended before the answer did
        waiting.pop(0)


def test_a_listener_that_is_killed_loses_nothing_and_adds_nothing():
    PatientFactory(mrn=ADA)
    waiting, deaths, rng = messages(), 0, random.Random(9)
    while waiting:
        with listener() as (process, port):
            death = threading.Timer(rng.uniform(0.02, 0.4), process.kill)
            if deaths < 5:
                death.start()
            try:
                send_all(port, waiting)
            except OSError:
                deaths += 1
            death.cancel()
    assert deaths >= 1
    assert Hl7Message.objects.count() == 40
    assert not Hl7Message.objects.filter(acknowledgement="").exists()
    assert said(dump()) == undisturbed()


def undisturbed():
    """What the same messages leave behind in one quiet run, from an empty table."""
    Hl7Message.objects.all().delete()
    connection.cursor().execute("TRUNCATE patients_result CASCADE")
    for message in messages():
        hl7messages.answer(message.encode(), terms=Terms(), now=NOW)
    return said(dump())


def said(rows):
    """Results without the moments at which they came in, which differ from run to run."""
    return [(row[1:11], row[14] is None) for row in rows]


def test_a_listener_that_is_told_to_stop_stops():
    with listener() as (process, port):
        assert port > 0
        process.terminate()
        assert process.wait(timeout=20) == 0
