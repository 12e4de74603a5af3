"""What the tutorial tells a data scientist works as it stands there."""

import re
from pathlib import Path

import pytest

from tests.ml.wards import stays

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "data-scientist.md"


def block():
    return re.search(r"```python\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)[1]


@pytest.fixture
def followed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stays(400).drop(columns="days").to_csv("stays.csv", index=False)
    names = {}
    exec(block().replace("refits=200", "refits=5"), names)
    return names, capsys.readouterr().out, tmp_path


def test_the_ten_lines_run(followed):
    names, said, folder = followed

    assert (folder / "report" / "report.html").is_file()
    assert (folder / "model" / "manifest.json").is_file()
    assert "no leak found" in said
    figures = names["fitted"].manifest["figures"]["cross_fitted"]["metrics"]
    assert figures["auroc"]["low"] > 0.6


def test_they_are_ten():
    code = [line for line in block().splitlines() if line.strip()]

    assert len([line for line in code if "import" not in line]) <= 10
