"""Production refuses to start on what only development may have."""

import os
import subprocess
import sys

import pytest

GOOD = {
    "DJANGO_ENV": "production",
    "SECRET_KEY": "x" * 50,
    "DATABASE_URL": "postgres://carelens@db.invalid/carelens",
    "BROKER_URL": "redis://broker.invalid/0",
    "ALLOWED_HOSTS": "carelens.invalid",
}


def start(tmp_path, **environment):
    """Import the settings in a process of their own; return what it said last."""
    base = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", "import healthcare.settings"],
        env=base | environment,
        capture_output=True,
        text=True,
    )
    return done.stderr.strip().splitlines()[-1] if done.returncode else "started"


def test_development_needs_no_variable(tmp_path):
    assert start(tmp_path) == "started"


def test_production_starts_with_its_own(tmp_path):
    assert start(tmp_path, **GOOD) == "started"


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "BROKER_URL", "ALLOWED_HOSTS"])
def test_production_refuses_by_name_what_is_missing(tmp_path, name):
    given = {key: value for key, value in GOOD.items() if key != name}

    assert f"{name} is not set" in start(tmp_path, **given)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": "short"}, "50 characters"),
        ({"DEBUG": "1"}, "DEBUG"),
        ({"DEBUG": "yes"}, "must be 0 or 1"),
        ({"DJANGO_ENV": "prod"}, "must be one of"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(tmp_path, change, sentence):
    assert sentence in start(tmp_path, **GOOD | change)


def test_the_installation_keeps_one_secret_that_only_its_owner_reads(tmp_path):
    start(tmp_path)
    first = (tmp_path / "secret-key").read_text()
    start(tmp_path)

    assert (tmp_path / "secret-key").read_text() == first
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
