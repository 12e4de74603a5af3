"""Numbers of an exploration equal scipy's; little's test equals R's."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ml.datasets.opening import describe
from ml.eda import (
    correlation,
    hypothesis,
    missing,
    profile,
)
from ml.eda.variables import variables
from ml.plots import eda as plots

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
    assert found["missing"].tolist() == [
        "[]",
        '["Ozone"]',
        '["Solar.R"]',
        '["Ozone", "Solar.R"]',
    ]


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


@pytest.mark.parametrize("values", [(-0.5, -3.1), (0.5, 3.1, 9.9), (1e-9, 2e-9), (-1e12, 1e12)])
def test_bins_of_a_few_values_hold_them_all(values):
    known = np.array(values)

    edges = profile.bin_edges(known)

    assert (np.diff(edges) > 0).all()
    assert np.histogram(known, edges)[0].sum() == len(known)


def test_names_of_missing_columns_may_hold_blanks_and_commas():
    some = pd.DataFrame({"Hb  g/dl": [1, np.nan], 'ICU, "west"': [2, np.nan], "age": [1, 2]})

    found = missing.patterns(some)
    drawn = plots.missing_patterns(found)

    assert json.loads(found["missing"].iloc[1]) == ["Hb  g/dl", 'ICU, "west"']
    assert list(drawn.data[0].x) == ["Hb  g/dl", 'ICU, "west"']
