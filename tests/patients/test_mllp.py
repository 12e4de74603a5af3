"""The listener on a real socket, asked by python-hl7's client and by raw bytes."""

import asyncio
import contextlib
import random
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.core.management import CommandError
from django.db import connections
from hl7.client import MLLPClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcare.management.commands import serve
from patients import hl7
from patients.hl7 import mllp
from patients.management.commands import mllp_server
from patients.models import Hl7Message, Result
from patients.services import reference
from patients.services.hl7messages import Terms
from tests.factories import PatientFactory
from tests.patients.labfiles import ADA
from tests.patients.test_services_hl7messages import STORY

HOST = "127.0.0.1"
QUICK = mllp.Limits(most_bytes=2000, frame_seconds=0.5, idle_seconds=5, connections=3, threads=2)


@contextlib.contextmanager
def listening(answer, limits=QUICK, tls=None):
    """A listener in a thread; its port."""
    loop = asyncio.new_event_loop()
    listener = mllp.Listener(answer, mllp_server._refuse, limits)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(listener.start(HOST, 0, tls), loop).result(10)
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(10)
        asyncio.run_coroutine_threadsafe(cancelled(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def cancelled():
    """End what still listens to a sender."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def echo(frame):
    return b"got " + frame


def framed(message):
    return b"\x0b" + message + b"\x1c\r"


def said_to(port, content, *, end=True):
    """Everything the listener says to these bytes."""
    said = b""
    with (
        socket.create_connection((HOST, port), timeout=10) as line,
        contextlib.suppress(OSError),
    ):
        line.sendall(content)
        if end:
            line.shutdown(socket.SHUT_WR)
        while part := line.recv(65536):
            said += part
    return said


def codes(said):
    """AA, AE or AR of each answer in these bytes."""
    answers = [part.strip(b"\r\x0b").decode() for part in said.split(b"\x1c") if part.strip()]
    return [next(hl7.parse(answer).all("MSA")).text(1) for answer in answers]


def test_each_frame_of_a_conversation_is_answered_in_turn():
    with listening(echo) as port:
        said = said_to(port, framed(b"one") + b"\r\n" + framed(b"two"))
    assert said == framed(b"got one") + framed(b"got two")


def test_a_sender_that_begins_anew_means_the_last_beginning():
    with listening(echo) as port:
        assert said_to(port, b"\x0bhalf a mess\x0bwhole\x1c\r") == framed(b"got whole")


@pytest.mark.parametrize(
    "content",
    [b"no frame at all", b"no beginning\x1c\r", b"\x0bno end", b"\x0b" + b"x" * 9000 + b"\x1c\r",
     b"\x0b" + b"y" * 200_000],
)  # fmt: skip
def test_bytes_that_are_no_frame_are_rejected_with_a_sentence(content):
    with listening(echo) as port:
        assert codes(said_to(port, content)) == ["AR"]


def test_a_sender_that_drips_is_hung_up_on():
    with listening(echo) as port:
        begun = time.monotonic()
        assert codes(said_to(port, b"\x0bMSH|", end=False)) == ["AR"]
        assert time.monotonic() - begun < 5


def test_more_connections_than_allowed_are_closed():
    with listening(echo) as port, contextlib.ExitStack() as lines:
        for _ in range(QUICK.connections):
            line = lines.enter_context(socket.create_connection((HOST, port), timeout=5))
            line.sendall(framed(b"x"))
            assert line.recv(100)
        assert said_to(port, framed(b"one too many")) == b""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"MSH|^~\\&|", b"\x00", b"\xff"]),
                min_size=1, max_size=12))  # fmt: skip
def test_any_bytes_get_an_answer_for_each_end(silent_port, pieces):
    content = b"".join(pieces)
    said = said_to(silent_port, content)
    # Line ends between frames are no frame; whatever else is left over is told off once.
    *frames, rest = content.split(b"\x1c")
    assert said.count(b"\x1c\r") == len(frames) + bool(rest.strip(b"\r\n"))


@pytest.fixture(scope="module")
def silent_port():
    with listening(lambda _frame: b"-") as port:
        yield port


@pytest.fixture
def clinic(transactional_db):
    """A committed database with Ada in it."""
    reference.load()
    return PatientFactory(mrn=ADA)


@pytest.fixture
def port(clinic):
    def answer(raw):
        try:
            return mllp_server._answer(raw, terms=Terms())
        finally:
            connections.close_all()

    limits = mllp.Limits(frame_seconds=5, threads=4)
    with listening(answer, limits) as number:
        yield number


def send(port, message):
    with MLLPClient(HOST, port) as client:
        return codes(client.send_message(message))[0]


def test_messages_of_several_senders_at_once_are_all_taken(port):
    messages = STORY * 2
    random.Random(1).shuffle(messages)
    with ThreadPoolExecutor(6) as senders:
        assert set(senders.map(partial(send, port), messages)) == {"AA"}
    assert Hl7Message.objects.count() == 10
    assert Result.objects.current().count() == 0
    assert Result.objects.count() == 9


@pytest.fixture
def certificate(tmp_path):
    """A certificate for this machine and its key."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
               "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
               "-keyout", str(key), "-out", str(cert)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return str(cert), str(key)


def test_messages_travel_encrypted(certificate):
    cert, key = certificate
    tls = mllp_server._tls(cert, key, None)
    trust = ssl.create_default_context(cafile=cert)
    with listening(echo, tls=tls) as port:
        plain = socket.create_connection((HOST, port), timeout=5)
        with trust.wrap_socket(plain, server_hostname=HOST) as line:
            line.sendall(framed(b"secret"))
            assert line.recv(100) == framed(b"got secret")


def test_a_certificate_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match="certificate"):
        mllp_server._tls(str(tmp_path / "none.pem"), None, None)


def test_make_run_listens_when_a_port_is_set(monkeypatch):
    monkeypatch.setenv("MLLP_PORT", "2575")
    (process,) = serve.Command()._listener("python")
    assert process.command[-3:] == ["mllp_server", "--port", "2575"]
    monkeypatch.delenv("MLLP_PORT")
    assert serve.Command()._listener("python") == []
