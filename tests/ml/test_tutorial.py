"""What the tutorial tells a data scientist works as it stands there."""

import re
from pathlib import Path

import pytest

from ml.studies import draft
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


def test_every_row_gets_its_reasons(followed):
    names, _, _ = followed

    told = names["fitted"].explain(names["frame"].head(3)).to_frame()

    assert told.shape == (3, len(names["study"].problem.inputs))


def test_the_survival_lines_run():
    text = TUTORIAL.read_text(encoding="utf-8")
    lines = re.search(r"## Time to an event.*?```\n(.*?)```", text, re.DOTALL)[1]
    names = {"frame": stays(400), "draft": draft}

    exec(lines.replace("horizon=365", "horizon=6"), names)

    y = names["study"].cohort(names["frame"]).y
    assert (y > 0).sum() == stays(400)["died"].sum()
    assert {"days", "died"}.isdisjoint(names["study"].problem.names)
