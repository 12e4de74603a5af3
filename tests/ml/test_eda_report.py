"""The page: self-contained, accessible, every number as CSV; odd tables get a sentence."""

import json
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from ml.eda import CannotExplore, Options, describe, explore, html, write
from ml.eda.command import main
from tests.ml.datafolder import needs


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    people = 120
    table = pd.DataFrame(
        {
            "person": np.repeat([f"p{i:03}" for i in range(people)], 2),
            "seen": pd.date_range("2024-01-01", periods=2 * people, freq="D"),
            "age": np.repeat(rng.uniform(30, 80, people).round(), 2),
            "sex": np.repeat(rng.choice(["f", "m"], people), 2),
            "hgb": rng.normal(14, 1.5, 2 * people).round(1),
            "crp": rng.lognormal(1, 1, 2 * people).round(2),
            "const": 1,
        }
    )
    table.loc[rng.random(len(table)) < 0.2, "crp"] = np.nan
    table["ill"] = ((table["hgb"] < 13.5) ^ (rng.random(len(table)) < 0.1)).astype(int)
    return table


@pytest.fixture(scope="module")
def found(frame):
    options = Options(outcome="ill", person="person", time="seen", group="sex", keep=("age >= 35",))
    return explore(describe(frame, "ward"), options)


@pytest.fixture(scope="module")
def page(found):
    return html(found)


def test_every_section_is_there_in_order(page):
    names = re.findall(r'<h2 id="[a-z]+-h">([^<]+)</h2>', page)
    assert names == [
        "Overview", "Cohort flow", "Columns", "Missing values", "Distributions",
        "Outliers and contradictions", "Duplicates", "Correlations", "Groups", "Trends",
        "Components and clusters", "What tells the outcome",
    ]  # fmt: skip


def test_plotly_is_embedded_once_and_nothing_is_fetched(page):
    assert page.count("plotly.js v") == 1
    body = page[: page.index("plotly.js v")]
    assert not re.findall(r'(?:src|href)="(?!#)', body)


def test_headings_never_skip_a_level_and_charts_have_a_text(page):
    body = page[: page.index("plotly.js v")]
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", body)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    charts = re.findall(r'<div class="chart"[^>]*>', body)
    assert len(charts) > 10
    assert all('role="img" aria-label="' in chart for chart in charts)


def test_every_chart_has_data_that_can_be_read(page):
    figures = re.findall(r'<script type="application/json" id="[^"]+">(.*?)</script>', page)
    assert all(json.loads(figure)["data"] for figure in figures)


def test_no_key_of_a_person_stands_in_the_page(page):
    assert not re.findall(r"\bp0\d\d\b", page[: page.index("plotly.js v")])


def test_every_frame_is_a_csv_beside_the_page(found, tmp_path):
    path = write(found, tmp_path / "out")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert {file.stem for file in path.parent.glob("*.csv")} == set(found.frames)


def test_tests_use_one_row_a_person_and_say_so(found, page):
    persons = found.flow.steps[-1].persons
    assert found.independent == persons
    assert f"use the first row of each person ({persons:,} rows)" in page


def test_conditions_of_entry_are_counted(found, frame):
    assert found.flow.steps[1].step == "age >= 35"
    assert found.flow.steps[1].excluded == int((frame["age"] < 35).sum())


def test_a_value_of_the_table_cannot_become_markup():
    frame = pd.DataFrame({"<b>x</b>": ["<script>alert(1)</script>", "b"] * 20, "n": range(40)})
    text = html(explore(describe(frame)))
    assert "<script>alert(1)" not in text
    assert "<b>x</b>" not in text


def wide():
    rng = np.random.default_rng(1)
    return pd.DataFrame(rng.normal(size=(60, 500)), columns=[f"c{i}" for i in range(500)])


ODD = {
    "two rows": pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),
    "all missing": pd.DataFrame({"a": [np.nan] * 30, "b": [None] * 30}),
    "constant": pd.DataFrame({"a": [1.0] * 40, "b": ["x"] * 40}),
    "mixed types": pd.DataFrame({"a": [1, "x", None, [1], {"k": 2}] * 8, "b": [True, None] * 20}),
    "infinite": pd.DataFrame({"a": [np.inf, -np.inf, 1.0, 2.5] * 10, "b": range(40)}),
    "huge and tiny": pd.DataFrame({"a": [1e300, -1e300] * 20, "b": [1e-300, 2e-300] * 20}),
    "same names": pd.DataFrame(np.arange(80).reshape(40, 2), columns=["a", "a"]),
    "odd names": pd.DataFrame({"": range(40), 5: range(40), "a b/c": [1.5, 2.5] * 20}),
    "dates": pd.DataFrame({"d": pd.date_range("2026-01-01", periods=40), "v": [1.5, 2] * 20}),
    "one known value": pd.DataFrame({"a": [1.5] + [np.nan] * 39, "b": np.arange(40) + 0.5}),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_table_gets_a_page_and_never_a_traceback(name):
    table = describe(ODD[name])
    column = table.columns[0].name
    for options in (Options(), Options(column, time=column, group=table.columns[-1].name)):
        assert page_or_sentence(table, options).startswith(("<!doctype html>", "Only "))


def page_or_sentence(table, options):
    try:
        return html(explore(table, options))
    except CannotExplore as refusal:
        return str(refusal)


def test_five_hundred_columns_are_explored():
    found = explore(describe(wide()))
    assert len(found.frames["columns"]) == 500
    assert len(html(found)) > 1e6


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [(pd.DataFrame(), "no columns"), (pd.DataFrame({"a": []}), "has 0 rows"),
     (pd.DataFrame({"a": [1]}), "has 1 rows; an exploration needs 2")],
)  # fmt: skip
def test_a_table_with_nothing_in_it_is_refused_with_a_sentence(frame, sentence):
    with pytest.raises(CannotExplore, match=sentence):
        explore(describe(frame))


def test_conditions_that_nobody_meets_are_named(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("age,x\n50,1\n60,2\n", encoding="utf-8")
    arguments = ["report", str(path), "--out", str(tmp_path / "o"), "--keep", "age > 100"]
    assert main(arguments) == 2
    assert "left after “age > 100” left out 2" in capsys.readouterr().err


def test_a_column_that_is_not_there_is_named(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("age,x\n50,1\n60,2\n", encoding="utf-8")
    assert main(["report", str(path), "--out", str(tmp_path), "--outcome", "dead"]) == 2
    assert "There is no column 'dead' for --outcome. Columns: age, x" in capsys.readouterr().err


def test_the_command_explores_a_parquet_file(tmp_path, capsys, frame):
    frame.head(40).to_parquet(tmp_path / "a.parquet")
    assert main(["report", str(tmp_path / "a.parquet"), "--out", str(tmp_path / "out")]) == 0
    assert "40 rows explored" in capsys.readouterr().out


def test_a_known_set_brings_its_terms_its_traps_and_its_persons():
    needs("framingham_longitudinal")
    from ml.datasets.opening import open_table

    table = open_table("framingham_longitudinal")
    part = table.frame.head(600)
    found = explore(type(table)(table.name, table.title, part, table.columns, table.person,
                                table.time, table.dataset))  # fmt: skip
    text = html(found)
    assert found.independent == part["RANDID"].nunique()
    assert "Known trap: HDLC and LDLC were measured at the third examination only." in text
    assert "terms of redistribution unclear" in text


def test_a_very_long_name_wraps_and_leaves_the_other_columns_in_sight():
    name = "x" * 200
    page_of_it = html(explore(describe(pd.DataFrame({name: range(50), "b": range(50)}), "t")))

    style = re.search(r"td\.t, th\.t \{(.*?)\}", page_of_it)[1]
    assert f'<th class="t" scope="row">{name}' in page_of_it
    assert "overflow-wrap: anywhere" in style
    assert "white-space: normal" in style
