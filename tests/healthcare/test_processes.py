"""The supervisor: what dies comes back, and nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from healthcare.runtime import ports
from healthcare.runtime.processes import Supervised

pytestmark = pytest.mark.svc
SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


@pytest.fixture
def said():
    return []


@pytest.fixture
def sleeper(said):
    process = Supervised("sleeper", SLEEP)
    yield process
    process.signal(signal.SIGKILL)


def say_to(said):
    return lambda name, line: said.append(line)


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_a_killed_process_is_started_again(sleeper, said):
    sleeper.start(say_to(said))
    first = sleeper.process.pid
    os.kill(first, signal.SIGKILL)
    sleeper.process.wait()

    assert wait_for(lambda: sleeper.look(say_to(said)) or sleeper.process is not None)
    assert sleeper.process.pid != first


def test_its_output_is_relayed_line_by_line(sleeper, said):
    sleeper.start(say_to(said))

    assert wait_for(lambda: said == ["up"])


def test_what_keeps_dying_is_started_more_and_more_slowly(said):
    process = Supervised("failing", [sys.executable, "-c", "raise SystemExit(3)"])
    process.start(say_to(said))
    process.process.wait()
    process.look(say_to(said))

    assert (process.pause, said[-1]) == (1.0, "ended (3); again in 1 s")


def test_children_end_when_the_supervisor_is_killed(tmp_path):
    script = (
        "import sys, time; from healthcare.runtime.processes import Supervised\n"
        f"child = Supervised('x', {SLEEP!r}); child.start(lambda *_: None)\n"
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": "."},
    )
    child = int(supervisor.stdout.readline())
    supervisor.kill()
    supervisor.communicate()

    assert wait_for(lambda: not is_running(child))


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"


def test_a_taken_port_gets_a_sentence(socket_enabled):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert ports.choose() != port
        with pytest.raises(ports.PortTaken, match="taken by another program"):
            ports.choose(port)
