"""The embedded servers: started once, found again, back after a kill with what was committed."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from healthcare.embedded import files, postgres, valkey

pytestmark = pytest.mark.svc


@pytest.fixture
def data_dir(tmp_path):
    yield tmp_path
    valkey.stop(tmp_path)
    postgres.stop(tmp_path)


def connect(data_dir):
    host = str(files.socket_dir(data_dir))
    return psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True)


def postmaster(data_dir):
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def test_a_second_start_finds_the_first_postgres(data_dir):
    postgres.ensure(data_dir)
    first = postmaster(data_dir)
    postgres.ensure(data_dir)

    assert postmaster(data_dir) == first


def test_committed_rows_survive_a_kill_of_postgres(data_dir):
    postgres.ensure(data_dir)
    with connect(data_dir) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster(data_dir), signal.SIGKILL)

    postgres.ensure(data_dir)

    with connect(data_dir) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_valkey_keeps_its_queue_over_a_kill(data_dir):
    valkey.ensure(data_dir)
    client = redis.Redis(unix_socket_path=str(valkey.socket_file(data_dir)))
    client.rpush("queue", "job")
    client.execute_command("WAITAOF", 1, 0, 2000)
    os.kill(client.info()["process_id"], signal.SIGKILL)
    client.close()

    valkey.ensure(data_dir)

    with redis.Redis(unix_socket_path=str(valkey.socket_file(data_dir))) as client:
        assert client.lrange("queue", 0, -1) == [b"job"]


def test_a_deep_folder_gets_a_short_socket_path(tmp_path):
    deep = tmp_path / ("x" * 60) / ("y" * 60)

    assert len(str(postgres.socket_file(deep))) < 107


def test_a_full_disk_gets_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "NEEDED_BYTES", 2**60)

    with pytest.raises(files.EmbeddedServerError, match="Free some space"):
        postgres.ensure(tmp_path)


def test_a_cluster_that_cannot_start_says_why(data_dir):
    postgres.ensure(data_dir)
    postgres.stop(data_dir)
    (data_dir / "postgres" / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(files.EmbeddedServerError, match="did not do as asked"):
        postgres.ensure(data_dir)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_an_ordinary_user_can_run_it_too(tmp_path):
    tmp_path.chmod(0o777)
    script = (
        "from pathlib import Path; from healthcare.embedded import postgres;"
        f"postgres.ensure(Path('{tmp_path}/own')); postgres.stop(Path('{tmp_path}/own'))"
    )
    # The one capability lets the ordinary user reach an environment under a private home.
    command = [*postgres.AS_NOBODY, sys.executable, "-c", script]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PYTHONPATH": str(Path.cwd())}
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps folders that nobody may enter")
def test_it_runs_where_others_may_not_enter(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "data").mkdir()
    installed = Path(postgres.binary("postgres")).parents[2]
    for package in (installed, installed.with_name(f"{installed.name}.libs")):
        shutil.copytree(package, home / package.name, symlinks=True)
    binaries = home / Path(postgres.binary("")).relative_to(installed.parent)
    monkeypatch.setattr(postgres, "binary", lambda name: str(binaries / name))

    postgres.ensure(home / "data")

    assert postgres.is_running(home / "data")
    postgres.stop(home / "data")
