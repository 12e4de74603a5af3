"""Numbers of an exploration equal scipy's; little's test equals R's; odd tables get a sentence."""

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
    correlation,
    explore,
    flow,
    hypothesis,
    importance,
    missing,
    profile,
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


def test_littles_test_equals_that_of_the_r_package_naniar():
    # naniar::mcar_test(airquality); New York air quality 1973, R datasets.
    found = missing.little(pd.read_csv(AIRQUALITY))
    assert found.statistic == pytest.approx(35.1061288689702, abs=1e-3)
    assert (found.df, found.patterns) == (14, 4)
    assert found.p == pytest.approx(0.00141778113856683, abs=1e-5)


def test_littles_test_keeps_its_level_when_gaps_are_chance(rng):
    def p():
        values = rng.multivariate_normal(
            [0, 0, 0], [[1, 0.5, 0.2], [0.5, 1, 0.3], [0.2, 0.3, 1]], 400
        )
        values[rng.random(values.shape) < 0.15] = np.nan
        return missing.little(pd.DataFrame(values, columns=list("abc"))).p

    rejected = sum(p() < 0.05 for _ in range(60))
    assert rejected <= 9  # 3 expected; more than 9 has a chance below 0.002


def test_littles_test_finds_gaps_that_follow_another_value(rng):
    values = pd.DataFrame(rng.normal(size=(400, 2)), columns=["a", "b"])
    values.loc[values["a"] > 0.7, "b"] = np.nan
    assert missing.little(values).p < 1e-6


def test_without_gaps_littles_test_says_so():
    found = missing.little(pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 3, 2]}))
    assert found.sentence == "Little's test needs two numbers and a gap in one."


def test_patterns_of_missing_columns_add_up_to_all_rows():
    found = missing.patterns(pd.read_csv(AIRQUALITY))
    assert found["rows"].tolist() == [111, 35, 5, 2]
    assert found["missing"].tolist() == ["", "Ozone", "Solar.R", "Ozone Solar.R"]


# Single columns


def test_moments_equal_scipy(rng):
    values = series(rng.gamma(2, 3, 500))
    found = profile.describe(values)
    assert found["mean"] == pytest.approx(values.mean())
    assert found["sd"] == pytest.approx(values.std())
    assert found["skewness"] == pytest.approx(stats.skew(values, bias=False))
    assert found["kurtosis"] == pytest.approx(stats.kurtosis(values, bias=False))
    assert found["q1"] == pytest.approx(np.percentile(values, 25))


def test_bins_hold_every_known_value_once(rng):
    frame = pd.DataFrame({"x": np.append(rng.normal(size=999), 1e6), "c": ["a", "b"] * 500})
    bins = profile.histograms(variables(describe(frame)))
    assert bins.groupby("column")["count"].sum().to_dict() == {"x": 1000, "c": 1000}


def test_far_values_lie_beyond_three_interquartile_ranges():
    box = profile.boxes(variables(describe(pd.DataFrame({"x": [*np.linspace(0, 1, 99), 99.5]}))))
    assert box[["far_below", "far_above"]].to_numpy().tolist() == [[0, 1]]


# Correlations


@pytest.fixture
def numbers(rng):
    base = rng.normal(size=(300, 1))
    frame = pd.DataFrame(base + rng.normal(size=(300, 4)), columns=list("abcd"))
    frame["d"] = np.exp(frame["d"]).round(1)
    frame.loc[rng.random(300) < 0.2, "c"] = np.nan
    return frame


def test_correlations_equal_scipy_on_the_rows_where_both_are_known(numbers):
    found = correlation.correlations(numbers).set_index(["a", "b"])
    for a, b in found.index:
        pair = numbers[[a, b]].dropna()
        pearson, spearman = stats.pearsonr(*pair.T.to_numpy()), stats.spearmanr(pair[a], pair[b])
        row = found.loc[(a, b)]
        assert row["n"] == len(pair)
        assert row["pearson"] == pytest.approx(pearson.statistic, abs=1e-10)
        assert row["pearson_p"] == pytest.approx(pearson.pvalue, rel=1e-6)
        assert row["spearman"] == pytest.approx(spearman.statistic, abs=1e-10)
        assert row["spearman_p"] == pytest.approx(spearman.pvalue, rel=1e-6)


def test_q_values_are_benjamini_hochberg_over_all_pairs(numbers):
    from statsmodels.stats.multitest import multipletests

    found = correlation.correlations(numbers)
    expected = multipletests(found["pearson_p"], method="fdr_bh")[1]
    np.testing.assert_allclose(found["pearson_q"], expected, rtol=1e-10)


def test_a_missing_p_counts_neither_way():
    q = correlation.q_values([0.01, np.nan, 0.04])
    assert q[0] == pytest.approx(0.02)
    assert np.isnan(q[1])


# Group comparisons


def groups_of(*parts):
    values = series(np.concatenate(parts))
    names = np.repeat([f"g{i}" for i in range(len(parts))], [len(part) for part in parts])
    return values, pd.Series(names, name="g")


def test_two_large_tame_groups_get_welchs_test_with_hedges_g(rng):
    a, b = rng.normal(1, 1, 60), rng.normal(0, 2, 80)
    found = hypothesis.compare_number(*groups_of(a, b))
    expected = stats.ttest_ind(a, b, equal_var=False)
    assert (found.test, found.effect_name) == ("Welch t", "Hedges g")
    assert found.p == pytest.approx(expected.pvalue)
    pooled = np.sqrt((59 * a.var(ddof=1) + 79 * b.var(ddof=1)) / 138)
    assert found.effect == pytest.approx((a.mean() - b.mean()) / pooled * (1 - 3 / 551))
    assert found.effect_low < found.effect < found.effect_high


@pytest.mark.parametrize("size", [12, 60])
def test_small_or_skewed_groups_get_mann_whitney(rng, size):
    a, b = rng.lognormal(0, 1.5, size), rng.lognormal(0.8, 1.5, size)
    found = hypothesis.compare_number(*groups_of(a, b))
    expected = stats.mannwhitneyu(a, b)
    assert found.test == "Mann-Whitney U"
    assert found.p == pytest.approx(expected.pvalue)
    assert found.effect == pytest.approx(2 * expected.statistic / size**2 - 1)


def test_three_groups_get_kruskal_wallis(rng):
    parts = [rng.normal(shift, 1, 40) for shift in (0, 0.5, 1)]
    found = hypothesis.compare_number(*groups_of(*parts))
    expected = stats.kruskal(*parts)
    assert found.test == "Kruskal-Wallis"
    assert found.p == pytest.approx(expected.pvalue)
    assert found.effect == pytest.approx(expected.statistic / 119)
    assert found.effect_low < found.effect < found.effect_high


def table_of(counts):
    rows = [(f"l{i}", f"g{j}") for i, row in enumerate(counts) for j, n in enumerate(row)
            for _ in range(n)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["x", "g"])
    return frame["x"], frame["g"]


def test_categories_with_enough_counts_get_chi_squared():
    counts = [[30, 50, 20], [60, 40, 30]]
    found = hypothesis.compare_category(*table_of(counts))
    expected = stats.chi2_contingency(counts, correction=False)
    assert (found.test, found.p) == ("chi-squared", pytest.approx(expected.pvalue))
    assert found.effect == pytest.approx(np.sqrt(expected.statistic / 230))


def test_sparse_two_by_two_tables_get_fishers_test():
    counts = [[1, 7], [9, 3]]
    found = hypothesis.compare_category(*table_of(counts))
    assert found.test == "Fisher exact"
    assert found.p == pytest.approx(stats.fisher_exact(counts).pvalue)


def test_larger_sparse_tables_get_fishers_test_by_simulation():
    counts = [[7, 1, 0], [2, 6, 1], [0, 2, 8]]
    found = hypothesis.compare_category(*table_of(counts))
    # R: fisher.test(matrix(c(7,1,0,2,6,1,0,2,8), 3, byrow = TRUE)) is below 0.001.
    assert (found.test, found.note) == ("Fisher exact", "p from 9,999 tables")
    assert found.p < 0.001


def test_simulated_fisher_agrees_with_the_exact_test_of_a_two_by_two_table():
    counts = np.array([[3, 9], [9, 4]])
    rng = np.random.default_rng(1)
    drawn = stats.random_table([12, 13], [12, 13]).rvs(20_000, random_state=rng)
    weights = hypothesis._log_factorials(30)
    rare = weights[drawn].sum(axis=(1, 2)) >= weights[counts].sum() - 1e-9
    assert rare.mean() == pytest.approx(stats.fisher_exact(counts).pvalue, abs=0.01)


@pytest.mark.parametrize(("statistic", "df"), [(30.0, 2), (16.0, 5), (20_000.0, 3)])
def test_the_interval_of_a_noncentrality_covers_its_own_tails(statistic, df):
    low, high = hypothesis.noncentral_interval(statistic, df)
    assert stats.ncx2.sf(statistic, df, max(low, 1e-9)) == pytest.approx(0.025, abs=0.003)
    assert stats.ncx2.sf(statistic, df, high) == pytest.approx(0.975, abs=0.003)


def test_groups_too_small_or_too_many_are_refused_with_a_sentence():
    with pytest.raises(hypothesis.NoGroups, match="fewer than two groups of at least 5 rows"):
        hypothesis.check_groups(pd.Series(["a"] * 9 + ["b"], name="g"))
    with pytest.raises(hypothesis.NoGroups, match="11 groups; at most 10"):
        hypothesis.check_groups(pd.Series([f"{i % 11}" for i in range(99)], name="g"))


# Table One


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
