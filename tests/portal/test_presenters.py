import datetime as dt

import pytest

from healthcare.common import figures, tables
from healthcare.portal.presenters import scores
from ml.scores.result import ScoreResult, refusal


@pytest.mark.parametrize(
    ("value", "text"),
    [(4.10, "4.1"), (158.0, "158"), (0.0124, "0.012"), (13.96, "14"), (12400, "12\u202f400")],
)
def test_measured_values_carry_no_false_precision(value, text):
    assert figures.number(value) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.081, 0.184, "8.1–18"), (0.0001, 0.0002, "<0.1"), (0.5, 0.998, "50–>99")],
)
def test_an_interval_is_two_numbers_of_100(low, high, text):
    assert figures.span_in_100(low, high) == text


def test_days_are_written_so_that_nobody_can_mistake_them():
    assert figures.day(dt.date(1964, 7, 14)) == "14-Jul-1964"
    assert figures.clock(dt.datetime(1964, 7, 14, 18, 5, tzinfo=dt.UTC)) == "14-Jul-1964 18:05"
    assert figures.day(None) == ""


@pytest.mark.parametrize(
    ("given", "text"), [("00481277", "004 812 77"), ("CL-000308", "CL-000308")]
)
def test_record_numbers_of_digits_are_set_in_threes(given, text):
    assert figures.record_number(given) == text


def test_table_cells_are_whole_so_that_templates_never_guess():
    made = tables.table(["Test", tables.numeric("Value")], [["LDL", tables.numeric("158")]])

    cells = [*made["headers"], *made["rows"][0]]
    assert all(set(cell) == {"text", "num", "url"} for cell in cells)


def test_a_refused_score_says_why():
    refused = refusal("PREVENT_CVD_30Y", "not_applicable", "PREVENT has no such value at age 66")

    assert scores.words(refused) == ("not applicable because PREVENT has no such value at age 66")


def test_scores_of_one_family_that_lack_the_same_inputs_share_a_line():
    missing = ("systolic blood pressure", "HDL cholesterol", "eGFR", "body mass index")
    refused = refusal("", "missing_input", "Needs much", missing=missing)

    lines = scores.beside(
        "cvd_death_10y", {"PREVENT_CVD_10Y": refused, "PREVENT_ASCVD_10Y": refused}
    )

    assert lines == [
        "PREVENT: not computed, needs systolic blood pressure, HDL cholesterol, eGFR and 1 more"
    ]


def test_a_stage_of_several_words_is_read_out_whole():
    stage = ScoreResult("KDIGO_STAGE", {"g_stage": "G3a", "a_stage": "A2", "risk": "high"})

    assert scores.words(stage) == "G3a A2, risk high"


def test_two_scores_with_the_same_number_keep_their_names():
    results = {
        name: ScoreResult(name, {"risk": 0.11}, unit="fraction")
        for name in ["PREVENT_CVD_10Y", "PREVENT_ASCVD_10Y"]
    }

    assert len(scores.beside("cvd_death_10y", results)) == 2


def test_a_published_score_of_a_higher_tier_is_said_beside_the_model():
    found = ScoreResult("PREVENT_ASCVD_10Y", {"risk": 0.14}, unit="fraction")
    assert "14 in 100: a higher tier" in scores.higher("cvd_death_10y", "T1", {found.score: found})
    assert scores.higher("cvd_death_10y", "T2", {found.score: found}) == ""


def test_one_point_is_no_plural():
    assert scores.words(ScoreResult("CHARLSON", {"points": 1}, unit="points")) == "1 point"
    assert scores.words(ScoreResult("CHARLSON", {"points": 4}, unit="points")) == "4 points"
