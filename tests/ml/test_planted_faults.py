"""Faults planted in a table are found by its exploration; curves agree with scikit-learn."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as reference

from ml.datasets.dataset import Column
from ml.datasets.opening import Table
from ml.eda import Options, explore, html
from ml.evaluation import evaluate, subgroups
from ml.studies import command

COLUMNS = (
    Column("person", "identifier"),
    Column("visit", "integer"),
    Column("SBP", "number", "mm[Hg]", analyte="SBP"),
    Column("DBP", "number", "mm[Hg]", analyte="DBP"),
    Column("HGB", "number", "g/dL", analyte="HGB"),
    Column("twin", "number", "g/dL"),
    Column("sex", "category", values=("female", "male")),
    Column("ill", "flag"),
)


@pytest.fixture(scope="module")
def found():
    """120 people twice; two impossible values, one contradiction, one far value, a copied row."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({
        "person": np.repeat([f"p{n}" for n in range(120)], 2), "visit": np.tile([1, 2], 120),
        "SBP": rng.normal(130, 12, 240).round(), "DBP": rng.normal(75, 6, 240).round(),
        "HGB": rng.normal(14, 1, 240).round(2), "sex": rng.choice(["female", "male"], 240),
    })  # fmt: skip
    frame["ill"] = (frame["HGB"] + rng.normal(0, 1, 240) < 13.6).astype(float)
    frame.loc[7, "HGB"], frame.loc[9, "HGB"] = -10.0, 140.0
    frame.loc[11, ["SBP", "DBP"]] = [80.0, 120.0]
    frame.loc[13, "SBP"] = 219.0
    frame.loc[rng.random(240) < 0.1, "HGB"] = np.nan
    frame["twin"] = frame["HGB"]
    frame = pd.concat([frame, frame.iloc[[20]]], ignore_index=True)
    table = Table("wards", "Wards", frame, COLUMNS, "person")
    return explore(table, Options(outcome="ill", time="visit"))


def test_impossible_values_are_counted_with_their_limits(found):
    row = found.frames["impossible_values"].set_index("column").loc["HGB"]

    assert int(row["outside"]) == 2
    assert row[["permitted_low", "permitted_high", "min", "max"]].tolist() == [2, 25, -10, 140]


def test_contradictions_between_columns_are_told(found):
    told = found.frames["inconsistencies"].set_index("finding")

    assert told.loc["diastolic is not below systolic pressure", "rows"] == 1


def test_copies_and_people_with_several_rows_are_counted(found):
    counts = found.frames["duplicates"].set_index("measure")["count"]

    assert counts["rows equal in every column"] == 1
    assert counts["persons with several rows"] == 120
    assert found.frames["twin_columns"].to_numpy().tolist() == [["HGB", "twin"]]


def test_far_values_and_types_and_gaps_stand_by_column(found):
    boxes, columns = (found.frames[name].set_index("column") for name in ("boxes", "columns"))

    assert boxes.loc["SBP", "far_above"] >= 1
    assert columns.loc["person", "type"] == "identifier"
    assert columns.loc["HGB", "missing"] == found.table.frame["HGB"].isna().sum()


def test_table_one_holds_the_tests_of_scipy(found):
    table = found.frames["table_one"].groupby("column").first()
    rows = found.table.frame.drop_duplicates("person")
    ill = rows["ill"] == 1

    pressure = stats.ttest_ind(rows.loc[ill, "SBP"], rows.loc[~ill, "SBP"], equal_var=False)
    sexes = stats.chi2_contingency(pd.crosstab(rows["sex"], ill), correction=False)

    assert (table.loc["SBP", "test"], table.loc["sex", "test"]) == ("Welch t", "chi-squared")
    assert table.loc["SBP", "p"] == pytest.approx(pressure.pvalue)
    assert table.loc["sex", "p"] == pytest.approx(sexes.pvalue)


def test_the_page_draws_boxes_heat_maps_lines_and_bars(found):
    figures = re.findall(r'<script type="application/json" id="[^"]+">(.*?)</script>', html(found))

    drawn = {trace["type"] for figure in figures for trace in json.loads(figure)["data"]}

    assert {"box", "heatmap", "scatter", "bar"} <= drawn


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(4)
    risk = rng.choice([0.05, 0.1, 0.2, 0.4, 0.7], 600)
    y = (rng.random(600) < risk).astype(int)
    return y, risk, evaluate(y, risk, "binary", thresholds=[0.2], random_state=1, rounds=10)


def test_roc_and_precision_recall_curves_are_those_of_scikit_learn(judged):
    y, risk, found = judged
    points = {point.risk: point for point in found.tables["roc"]}

    false, true, cuts = reference.roc_curve(y, risk, drop_intermediate=False)
    precision, recall, at = reference.precision_recall_curve(y, risk)

    for one, other, cut in zip(false[1:], true[1:], cuts[1:], strict=True):
        assert points[cut].false_positive_rate == pytest.approx(one)
        assert points[cut].sensitivity == pytest.approx(other)
    for one, other, cut in zip(precision, recall, at, strict=False):
        assert (points[cut].precision, points[cut].sensitivity) == pytest.approx((one, other))


def test_alerts_and_the_confusion_matrix_are_counts_of_people(judged):
    y, risk, found = judged
    matrix = reference.confusion_matrix(y, risk >= 0.2)

    (cells,) = found.tables["confusion"]

    assert [[cells["true_negative"], cells["false_positive"]],
            [cells["false_negative"], cells["true_positive"]]] == matrix.tolist()  # fmt: skip
    assert found.metrics["alerts_per_100@0.2"].value == pytest.approx(100 * (risk >= 0.2).mean())


@pytest.mark.parametrize(
    ("ratio", "out"), [(0.79, True), (0.81, False), (1.24, False), (1.26, True)]
)
def test_the_band_is_that_of_four_fifths(ratio, out):
    assert subgroups.out_of_band(ratio) is out


def test_the_metrics_that_a_problem_asks_for_are_told(judged):
    found = judged[2].to_json()

    told = command.headline(found, ("brier", "ici"))

    assert [part.split()[0] for part in told.split("), ")] == ["brier", "ici"]
    assert command.headline(found, ("brier", "r2")).startswith("brier")
