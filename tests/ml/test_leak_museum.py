"""The mistakes give their inflated figures, and the linter stops each."""

import json

import pytest

from ml import datasets
from ml.studies import leak_museum, museum_page
from tests.ml.datafolder import needs

BY_NAME = {one.name: one for one in leak_museum.EXHIBITS}
# Claimed or measured elsewhere: inflated at least, honest at most, and what stops it.
EXPECTED = {
    "pima": (0.93, 0.87, "FILLED_BY_CLASS"),
    "blood": (0.99, 0.65, "COPIED_ROWS"),
    "stay": (0.999, 0.70, "DISCHARGE_ERA"),
}


def shown(name):
    exhibit = BY_NAME[name]
    needs(exhibit.dataset)
    return leak_museum.show(exhibit, datasets.load(exhibit.dataset), random_state=1)


@pytest.mark.parametrize("name", EXPECTED)
def test_mistake_inflates_and_the_linter_stops_it(name):
    inflated, honest, code = EXPECTED[name]

    found = shown(name)

    assert found.inflated["value"] > inflated
    assert found.honest["value"] < honest
    assert code in {finding.code for finding in found.findings}


@pytest.mark.parametrize("name", ["oversampling", "copies", "future"])
def test_costly_exhibits_are_stopped_too(name):
    exhibit = BY_NAME[name]
    needs(exhibit.dataset)
    tempting, honest = exhibit.show(datasets.load(exhibit.dataset).head(6000))

    stopped, free = (
        leak_museum.leakage.blocked(
            side.problem, leak_museum.leakage.lint(side.problem, side.prepared, fits=False)
        )
        for side in (tempting, honest)
    )

    assert {one.code for one in stopped} & {"COPIED_ROWS", "FUTURE"}
    assert free == []


def test_page_and_figures_are_written(tmp_path, capsys):
    needs("blood_samples")

    leak_museum.main(["run", "--out", str(tmp_path), "--only", "blood"])

    told = json.loads((tmp_path / "museum.json").read_text())
    assert [one["name"] for one in told] == ["blood"]
    assert "65 distinct rows" in (tmp_path / "museum.html").read_text()
    assert "instead of" in capsys.readouterr().out


def test_page_escapes_what_it_shows():
    figure = {"value": 1.0, "low": 1.0, "high": 1.0}
    one = {
        "title": "<b>", "mistake": "m", "claimed": "c", "dataset": "d", "rows": 1, "lesson": "l",
        "measure": "auroc", "inflated": figure, "honest": figure, "findings": [],
    }  # fmt: skip

    assert "<b>" not in museum_page.page([one])
