"""Tables, trends, structure and importance of an exploration; odd tables get a sentence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ml.datasets.dataset import Column
from ml.datasets.opening import Table, describe
from ml.eda import (
    CannotExplore,
    Options,
    explore,
    flow,
    importance,
    tableone,
    trends,
)
from ml.eda.structure import structure
from ml.eda.variables import Variables, variables

AIRQUALITY = Path(__file__).parent / "data" / "airquality.csv"


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def series(values, name="x"):
    return pd.Series(np.asarray(values, dtype=float), name=name)


# Missing values


def test_table_one_shows_what_numpy_computes(rng):
    frame = pd.DataFrame({"age": rng.normal(60, 10, 80), "sex": ["f", "m"] * 40})
    explored = variables(describe(frame))
    table = tableone.table_one(explored, explored.categories["sex"]).set_index("column")
    women = frame.loc[frame["sex"] == "f", "age"]
    assert table.loc["age", "sex = f"] == f"{women.mean():.3g} ({women.std():.3g})"
    assert table.loc["n", "all"] == "80"


def test_a_standardised_difference_of_shares_equals_that_of_two_proportions():
    p, q = np.array([0.7, 0.3]), np.array([0.5, 0.5])
    expected = 0.2 / np.sqrt((0.7 * 0.3 + 0.5 * 0.5) / 2)
    assert tableone._distance(p, q) == pytest.approx(expected)


# Flow and independence


def test_each_exclusion_is_counted_in_turn():
    frame = pd.DataFrame({"id": [1, 1, 2, 3, None], "age": [50, 51, 17, 60, 70],
                          "dead": [0, 1, 0, None, 1]})  # fmt: skip
    table = Table("t", "t", frame, ())
    found = flow.flow(table, ["age >= 18"], outcome="dead", person="id").table()
    assert found["excluded"].tolist() == [0, 1, 1, 1]
    assert found["rows"].tolist() == [5, 4, 3, 2]
    assert found["persons"].tolist() == [3, 2, 2, 1]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [("age < 51", [0, 2]), ("sex = f", [0]), ("sex != f", [1]), ("sex is missing", [2]),
     ("age is known", [0, 1, 2]), ("seen >= 2026-01-02", [1, 2])],
)  # fmt: skip
def test_conditions_read_as_they_are_written(condition, rows):
    days = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"])
    frame = pd.DataFrame({"age": [50, 51, 17], "sex": ["f", "m", None], "seen": days})
    assert frame.index[flow.meets(frame, condition)].tolist() == rows


@pytest.mark.parametrize("condition", ["age", "agee > 3", "age > old", "__import__('os') = 1"])
def test_a_condition_that_cannot_be_read_says_how_one_looks(condition):
    with pytest.raises(flow.UnreadableCondition, match="Write COLUMN >= VALUE"):
        flow.meets(pd.DataFrame({"age": [1]}), condition)


def test_the_first_row_of_a_person_stands_for_the_person():
    frame = pd.DataFrame({"id": [1, 1, 2], "time": [5, 3, 4]})
    assert flow.one_a_person(frame, "id", "time").index.tolist() == [1, 2]


# Trends


def test_a_slope_over_all_rows_equals_scipy(rng):
    time, values = series(rng.uniform(0, 10, 80), "t"), series(rng.normal(size=80))
    found = trends.slopes(values.to_frame(), time).iloc[0]
    fit = stats.linregress(time, values)
    assert found[["slope", "p"]].tolist() == pytest.approx([fit.slope, fit.pvalue])


def test_a_slope_within_persons_equals_the_fixed_effects_fit_of_statsmodels(rng):
    import statsmodels.formula.api as smf

    frame = pd.DataFrame({"id": np.repeat(range(12), 5), "t": np.tile(range(5), 12) + 0.0})
    frame["x"] = 3 * frame["id"] + 0.5 * frame["t"] + rng.normal(size=60)
    found = trends.slopes(frame[["x"]], frame["t"], frame["id"]).iloc[0]
    fit = smf.ols("x ~ t + C(id)", frame).fit()
    assert found["slope"] == pytest.approx(fit.params["t"])
    assert found["low"] < 0.5 < found["high"]


def test_who_comes_late_does_not_make_a_trend_within_persons():
    frame = pd.DataFrame({"id": [1, 1, 2, 2] * 5, "t": [0.0, 1, 8, 9] * 5, "x": [5.0, 5, 9, 9] * 5})
    found = trends.slopes(frame[["x"]], frame["t"], frame["id"]).iloc[0]
    assert found["slope"] == pytest.approx(0)


def test_periods_hold_the_means_of_their_rows():
    frame = pd.DataFrame({"t": np.repeat([2020.0, 2021.0], 20), "x": np.arange(40.0)})
    found = trends.periods(frame[["x"]], frame["t"])
    assert found[["at", "n", "mean"]].to_numpy().tolist() == [[2020, 20, 9.5], [2021, 20, 29.5]]
    assert found["high"][0] == pytest.approx(9.5 + 1.959964 * frame["x"][:20].sem())


def test_periods_with_hardly_anybody_are_left_out():
    time = pd.Series([*np.zeros(30), 99.0])
    assert len(trends.periods(pd.DataFrame({"x": np.arange(31.0)}), time)) == 1


# Components, clusters, importance


def test_components_equal_those_of_scikit_learn(rng):
    from sklearn.decomposition import PCA

    values = pd.DataFrame(rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4)), columns=list("abcd"))
    found = structure(values)
    scaled = ((values - values.mean()) / values.std()).clip(-5, 5)
    expected = PCA().fit(scaled).explained_variance_ratio_
    np.testing.assert_allclose(found.variance["share"], expected, rtol=1e-8)


def test_three_clouds_are_three_clusters_and_one_cloud_is_none(rng):
    clouds = np.concatenate([rng.normal(m, 0.3, (100, 3)) for m in (0, 4, 8)])
    assert structure(pd.DataFrame(clouds, columns=list("abc"))).best == 3
    one = structure(pd.DataFrame(rng.normal(size=(300, 6)), columns=list("abcdef")))
    assert one.sentence.startswith("No clear clusters")


def outcome_frame(rng):
    x = rng.normal(size=(600, 3))
    y = (x[:, 0] + 0.3 * rng.normal(size=600) > 0).astype(float)
    return pd.DataFrame(x, columns=list("abc")), pd.Series(y, name="y")


def test_importance_finds_the_column_that_tells_the_outcome(rng):
    x, y = outcome_frame(rng)
    found = importance.importance(Variables(x, pd.DataFrame(index=x.index), {}), y)
    assert found.table["column"].iloc[0] == "a"
    assert found.metric == "AUROC"
    assert found.score > 0.9


def test_a_column_that_gives_the_outcome_away_is_called_suspicious(rng):
    x, y = outcome_frame(rng)
    x = x.assign(after=np.where(y == 1, 5.0, np.nan))
    found = importance.importance(Variables(x, pd.DataFrame(index=x.index), {}), y)
    assert found.table.loc[found.table["suspicious"], "column"].tolist() == ["after"]
    assert "Suspiciously good alone: after" in found.sentence


def test_no_person_stands_on_both_sides_of_the_split():
    persons = pd.Series([1, 2, 3, 4] * 50)
    held = importance._held_out(persons, 0)
    assert (held.groupby(persons).nunique() == 1).all()


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [([1.0] * 300, "does not vary"), ([f"{i % 20}" for i in range(300)], "20 levels"),
     ([0.0] * 300 + [1.0] * 2, "too rare")],
)  # fmt: skip
def test_an_outcome_that_cannot_be_modelled_says_why(outcome, sentence):
    y = pd.Series(outcome, name="y")
    x = pd.DataFrame({"a": np.arange(len(y), dtype=float)})
    with pytest.raises(importance.NoOutcome, match=sentence):
        importance.importance(Variables(x, pd.DataFrame(index=x.index), {}), y)


def test_keys_text_and_constants_are_left_out_with_the_reason():
    frame = pd.DataFrame({"k": ["a", "b"], "t": ["long"] * 2, "c": [1.0, 1.0], "e": [None, None]})
    columns = (Column("k", "identifier"), Column("t", "text"), Column("c", "number"),
               Column("e", "number"))  # fmt: skip
    found = variables(Table("t", "t", frame, columns))
    assert found.left_out == {"k": "a key", "t": "free text", "c": "constant", "e": "nothing known"}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_table_is_explored_or_refused_with_a_sentence(data):
    cell = st.one_of(
        st.none(), st.floats(width=32), st.integers(-5, 5), st.sampled_from(["a", "B ", "", "1"])
    )
    rows = data.draw(st.integers(0, 25))
    columns = {
        f"c{place}": data.draw(st.lists(cell, min_size=rows, max_size=rows))
        for place in range(data.draw(st.integers(0, 4)))
    }
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})
    outcome = "c0" if columns else None
    assert explored_or_refused(describe(frame), outcome) in (len(columns), "refused")


def explored_or_refused(table, outcome):
    try:
        return len(explore(table, Options(outcome=outcome)).frames["columns"])
    except CannotExplore:
        return "refused"
