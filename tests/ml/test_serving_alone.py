"""Serving needs requirements.txt alone: it works where no package of the science side is."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORTED_AS = {
    "interpret-core": "interpret",
    "scikit-survival": "sksurv",
    "umap-learn": "umap",
}
ASSESS = """
from tests.ml.people import ARTIFACTS, somebody
from ml import serving
told = [serving.load(folder).assess(somebody(age=50)) for folder in sorted(ARTIFACTS.iterdir())
        if (folder / "manifest.json").is_file()]
print(json.dumps([[one.task, getattr(one, "risk", None)] for one in told]))
"""
SERVE = """
import django
django.setup()
from predictions import artifacts, tasks, urls
from predictions.services import nightly, replay, requests, scoring
from tests.ml.people import ARTIFACTS, somebody
told = artifacts.serving.load(ARTIFACTS / "death_10y").assess(somebody(age=50))
print(json.dumps([[told.task, told.risk]]))
"""


def science():
    """The names by which the packages of the science side are imported."""
    lines = (ROOT / "requirements-science.txt").read_text(encoding="utf-8").splitlines()
    names = [found[1] for line in lines if (found := re.match(r"([A-Za-z0-9_-]+)==", line))]
    return [IMPORTED_AS.get(name, name) for name in names]


def without_science(code):
    """What the code prints as JSON in a process that cannot import those packages."""
    blocked = f"import json, sys\nsys.modules.update(dict.fromkeys({science()!r}))\n"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "healthcare.settings"}
    done = subprocess.run(
        [sys.executable, "-c", blocked + code],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_packages_to_block_are_those_of_the_file():
    assert {"lightgbm", "shap", "plotly", "mlflow", "sksurv", "interpret"} <= set(science())


@pytest.mark.parametrize("code", [ASSESS, SERVE], ids=["library", "application"])
def test_a_person_is_assessed_without_the_science_packages(code):
    told = dict(without_science(code))

    assert 0 < told["death_10y"] < 1
