"""What every template keeps: the content policy, and charts that are never alone."""

import json
import re
from pathlib import Path

import pytest
from django.template import engines
from django.template.loader import render_to_string

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
FILES = sorted(TEMPLATES.rglob("*.html"))
INLINE = re.compile(
    r"<style\b|\sstyle=|\son[a-z]+=|\shx-on|javascript:|<script(?![^>]*\ssrc=)", re.I
)


def name(path):
    return str(path.relative_to(TEMPLATES))


@pytest.fixture
def gallery():
    return json.loads((TEMPLATES / "dev" / "gallery_context.json").read_text())


def component(template, **context):
    return render_to_string(f"_components/{template}.html", context)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_template_has_inline_script_or_style(path):
    assert INLINE.findall(path.read_text()) == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_template_compiles(path):
    assert engines["django"].get_template(name(path))


@pytest.mark.parametrize("code", [400, 403, 404, 500])
def test_error_pages_render_without_any_context(code):
    page = render_to_string(f"{code}.html")

    assert f"Error {code}" in page
    assert page.count("<h1>") == 1


def test_every_chart_has_a_table_with_the_same_number_of_rows(gallery):
    for chart in [*gallery["charts"], *gallery["peers"]]:
        drawn = component("chart", **chart)

        assert f'data-chart="{chart["id"]}-spec"' in drawn
        assert drawn.count('<th scope="row">') == len(chart["rows"])


def test_a_zero_in_a_table_is_shown():
    drawn = component("table", caption="Counts", headers=["a", "b"], rows=[["x", 0]])

    assert "<td>0</td>" in drawn


@pytest.mark.parametrize("state", ["abstained", "withdrawn", "failed"])
def test_a_risk_that_is_not_known_shows_its_reason_and_no_number(gallery, state):
    card = {**gallery["cards"][0], "state": state, "message": "Reason in words."}

    drawn = component("risk_card", card=card)

    assert "Reason in words." in drawn
    assert "in 100</small>" not in drawn
    assert "Not scored" in drawn


@pytest.mark.parametrize(
    ("tier", "word"),
    [("low", "Low"), ("moderate", "Moderate"), ("high", "High"), ("very_high", "Very high")],
)
def test_a_tier_is_told_by_a_word_and_a_mark(tier, word):
    drawn = component("tier_chip", tier=tier)

    assert word in drawn
    assert f"#tier-{tier}" in drawn


@pytest.mark.parametrize(
    ("code", "arrow", "spoken"),
    [
        ("H", "↑", "high"),
        ("HH", "↑↑", "critically high"),
        ("L", "↓", "low"),
        ("LL", "↓↓", "critically low"),
    ],
)
def test_a_flag_is_told_by_arrow_and_word(code, arrow, spoken):
    drawn = component("flag", value="5.3", code=code)

    assert f">{arrow}<" in drawn
    assert f"> {spoken}<" in drawn


def test_text_from_a_record_cannot_become_markup():
    patient = {"family": "<b>x", "given": "<script>y", "allergies": ["<i>z"]}

    drawn = component("patient_banner", patient=patient)

    assert re.search(r"<b>|<script>|<i>", drawn, re.I) is None
    assert "&lt;B&gt;X" in drawn
