"""The forecast of a ward: sums of chances, nothing from after the day, what is written."""

import json

import numpy as np
import pandas as pd
import pytest

from ml.studies import ward_forecast, wardreport, wards
from tests.ml.datafolder import needs
from tests.ml.hospital_rows import ward_admissions

DAY = pd.Timestamp("2012-05-15")


@pytest.fixture(scope="module")
def prepared():
    return ward_forecast.prepare(ward_admissions())


def test_the_chances_of_all_counts_add_to_one(prepared):
    model = wards.fit(prepared, DAY)

    for row in wards.forecast(model, prepared, DAY, (1, 7)):
        assert row["chance"].sum() == pytest.approx(1, abs=1e-6)


def test_what_happens_after_the_day_is_not_looked_at(prepared):
    model = wards.fit(prepared, DAY)
    past = prepared[prepared["admitted"] <= DAY]
    still = past["discharged"] > DAY
    unknown = past.assign(discharged=past["discharged"].mask(still))

    pd.testing.assert_frame_equal(
        ward_forecast.forecasts(model, unknown, DAY),
        ward_forecast.forecasts(model, prepared, DAY),
    )


def test_a_model_is_fitted_on_what_was_known_that_day(prepared):
    past = prepared[prepared["admitted"] <= DAY]

    whole, cut = wards.fit(prepared, DAY), wards.fit(past, DAY)

    assert {name: row.tolist() for name, row in whole.stays.items()} == {
        name: row.tolist() for name, row in cut.stays.items()
    }


def test_a_patient_who_stayed_longer_than_anybody_leaves_tomorrow():
    model = wards.WardModel({"g": np.eye(41)[2]}, {"A": np.eye(41)[2]}, {"A": np.zeros(7)})
    table = pd.DataFrame({
        "ward": ["A"], "group": ["g"], "admitted": [DAY - pd.Timedelta(days=9)],
        "discharged": [pd.NaT],
    })  # fmt: skip

    told = ward_forecast.forecasts(model, table, DAY).query("ahead == 1 and what == 'discharges'")

    assert told["expected"].tolist() == [1.0]


@pytest.mark.parametrize(("at", "count"), [(0.1, 0), (0.5, 1), (0.9, 2)])
def test_quantiles_of_a_count(at, count):
    assert wards.quantile(np.array([0.25, 0.5, 0.25]), at) == count


def test_the_interval_gives_up_an_end_where_that_is_nearer_to_the_level():
    chance = np.array([0.15, 0.55, 0.3])  # the central quantiles, 0 to 2, hold everything

    assert wards.interval(chance, 0.8) == (1, 2)


def test_intervals_of_a_simulated_ward_hold_four_in_five(prepared):
    model = wards.fit(prepared, DAY)

    found = ward_forecast.judge(model, prepared, ward_forecast.testable(prepared, DAY))

    assert 0.74 <= found["metrics"]["coverage"]["value"] <= 0.86


def test_a_table_that_ends_too_early_is_refused_in_a_sentence(prepared):
    with pytest.raises(ValueError, match="bring"):
        wards.fit(prepared, prepared["admitted"].min())
    with pytest.raises(ValueError, match="ends too early"):
        ward_forecast.testable(prepared, prepared["admitted"].max())


def test_a_changed_model_is_not_opened(tmp_path, prepared):
    ward_forecast.save(wards.fit(prepared, DAY), {}, tmp_path)
    told = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(told | {"arrivals": {}}))

    with pytest.raises(ward_forecast.NotThisModel, match="changed"):
        ward_forecast.load(tmp_path)


def test_run_score_and_validate_from_the_command_line(tmp_path, capsys):
    file, model = str(tmp_path / "admissions.csv"), str(tmp_path / "model")
    ward_admissions().to_csv(file, index=False)

    ward_forecast.main(["run", "--data", file, "--out", model])
    ward_forecast.main(
        ["score", "--model", model, "--data", file, "--out", str(tmp_path / "week.csv")]
    )
    ward_forecast.main(
        ["validate", "--model", model, "--data", file, "--json", str(tmp_path / "found.json")]
    )

    week = pd.read_csv(tmp_path / "week.csv")
    assert len(week) == 2 * 2 * len(ward_forecast.AHEAD)
    assert (week["low"] <= week["high"]).all()
    found = json.loads((tmp_path / "found.json").read_text())
    metrics = found["metrics"]
    assert metrics["coverage"]["low"] <= metrics["coverage"]["value"]
    assert set(found["compared"]) == {"history", "today"}
    assert "pinball" in capsys.readouterr().out
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert card["empty"] == []
    texts = {found["code"]: found["text"] for found in card["attributes"]}
    assert texts["7.i"].startswith("Later years: not enough data")


def test_the_card_counts_forecasts_of_weeks_and_not_people(tmp_path):
    days = pd.date_range(DAY, periods=80)
    told = forecasts_of_a_ward(days)
    asked = wardreport.problem("ward_forecast", 0.8, (), 1)

    wardreport.write(asked, told, told[["low", "expected", "high"]] + 1, tmp_path, {})

    card = json.loads((tmp_path / "card.json").read_text())
    texts = {found["code"]: found["text"] for found in card["attributes"]}
    assert "80 forecasts of 12 weeks" in texts["7.i"]
    assert "people" not in texts["7.i"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Forecasts</th>" in page
    assert "People</th>" not in page


def test_report_and_card_set_the_forecast_beside_history_and_today_by_days_ahead(tmp_path):
    days = pd.date_range(DAY, periods=80)
    told = pd.concat([
        forecasts_of_a_ward(days).assign(today=lambda rows: rows["observed"] + 0.5),
        forecasts_of_a_ward(days).assign(ahead=7, today=lambda rows: rows["observed"] + 4),
    ], ignore_index=True)  # fmt: skip
    asked = wardreport.problem("ward_forecast", 0.8, (), 1)

    wardreport.write(asked, told, told[["low", "expected", "high"]] + 1, tmp_path, {})

    found = json.loads((tmp_path / "report.json").read_text())
    gains = found["comparisons"]["today"]["differences"]
    assert gains["mae[beds in 1 day]"]["value"] == pytest.approx(0.5)
    assert gains["mae[beds in 7 days]"]["value"] == pytest.approx(-3)
    assert found["comparisons"]["history"]["differences"]["mae"]["value"] == pytest.approx(-1)
    texts = {each["code"]: each["text"] for each in found["card"]["attributes"]}
    assert "less than of the counts of today: beds in 7 days" in texts["3.ii"]
    assert "Not shown to be less than of the counts of today: beds in 1 day" in texts["3.ii"]
    assert "Mean absolute error of beds in 7 days" in (tmp_path / "report.html").read_text("utf-8")


def test_what_was_on_the_day_of_the_forecast_stands_beside_what_came(prepared):
    days = pd.date_range(DAY, periods=3)

    told, _ = ward_forecast.answers(wards.fit(prepared, DAY), prepared, days)

    there = prepared[(prepared["admitted"] <= DAY) & ~(prepared["discharged"] <= DAY)]
    row = told.query("as_of == @DAY and what == 'census' and ahead == 7").iloc[0]
    assert row["today"] == (there["ward"] == row["ward"]).sum()


def forecasts_of_a_ward(days):
    """A forecast a day of one ward, each one too high by one."""
    counts = np.arange(len(days)) % 7 + 3.0
    return pd.DataFrame(
        {
            "ward": "A", "what": "census", "ahead": 1, "as_of": days, "observed": counts,
            "today": counts,
            "expected": counts + 1, "low": counts - 1, "high": counts + 2,
        }
    )  # fmt: skip


def test_a_folder_without_a_model_is_one_sentence(tmp_path, capsys):
    file = str(tmp_path / "admissions.csv")
    ward_admissions(60).to_csv(file, index=False)

    with pytest.raises(SystemExit):
        ward_forecast.main(
            ["score", "--model", str(tmp_path), "--data", file, "--out", str(tmp_path / "x")]
        )

    assert "holds no ward model" in capsys.readouterr().err


def test_the_real_wards_are_foretold_better_than_by_their_own_median():
    needs("los_microsoft_admissions")
    table = ward_forecast.prepare(ward_forecast.datasets.load("los_microsoft_admissions"))
    cut = pd.Timestamp("2012-09-30")

    days = ward_forecast.testable(table, cut)[::6]
    metrics = ward_forecast.judge(wards.fit(table, cut), table, days)["metrics"]

    assert metrics["pinball_50"]["value"] < metrics["history_pinball_50"]["value"]
    assert 0.7 < metrics["coverage"]["value"] < 0.9
