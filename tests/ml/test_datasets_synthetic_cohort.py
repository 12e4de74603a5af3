"""The flat synthetic cohort: deterministic, coherent, outcomes that follow their equations."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml import analytes
from ml.datasets.command import main
from ml.datasets.synthetic import cohort
from ml.scores import compute

AS_OF = date(2026, 1, 1)


@pytest.fixture(scope="module")
def made():
    return cohort.generate(20_000, 1, AS_OF)


def test_a_larger_cohort_starts_with_the_same_people(made):
    small = cohort.generate(300, 1, AS_OF)
    pd.testing.assert_frame_equal(small.people, made.people.head(300))
    pd.testing.assert_frame_equal(small.visits, made.visits.head(1500))


def test_another_seed_gives_other_people(made):
    other = cohort.generate(300, 2, AS_OF)
    assert not np.allclose(other.people["SBP"], made.people["SBP"].head(300))


def test_every_person_has_five_yearly_visits_whose_newest_is_in_the_table(made):
    newest = made.visits[made.visits["year"] == 0].set_index("person")
    assert made.visits.groupby("person")["year"].apply(list).iloc[0] == [-4, -3, -2, -1, 0]
    for code in cohort.TRENDS:
        assert (newest[code].to_numpy() == made.people[code].to_numpy()).all()


def test_every_value_is_plausible_for_its_analyte(made):
    for code in set(made.people) & {analyte.code for analyte in analytes.all()}:
        assert made.people[code].between(*analytes.get(code).plausible).all(), code


def test_laboratory_values_are_correlated_as_the_body_ties_them(made):
    ranks = made.people[["HBA1C", "GLU", "BMI", "SBP", "EGFR", "age", "HGB", "HCT"]].corr(
        "spearman"
    )
    assert 0.5 < ranks.loc["HBA1C", "GLU"] < 0.95
    assert 0.15 < ranks.loc["BMI", "SBP"] < 0.45
    assert ranks.loc["age", "EGFR"] < -0.5
    assert ranks.loc["HGB", "HCT"] > 0.9


def test_values_drift_over_the_years(made):
    mean = made.visits.groupby("year")[["EGFR", "HBA1C"]].mean()
    assert mean["EGFR"].is_monotonic_decreasing
    assert mean.loc[0, "HBA1C"] > mean.loc[-4, "HBA1C"]


def test_the_risk_is_that_of_the_published_equation(made):
    person = made.people[made.people["prevent_cvd_10y"].notna()].iloc[0]
    answer = compute(
        "PREVENT",
        {
            "age": float(person["age"]), "sex": person["sex"], "sbp": float(person["SBP"]),
            "bp_treated": bool(person["takes_antihypertensive"]),
            "tc_mg_dl": float(person["TC"]), "hdl_mg_dl": float(person["HDL"]),
            "statin": bool(person["takes_statin"]), "diabetes": bool(person["has_t2d"]),
            "smoker": person["smoking"] == "current", "egfr": float(person["EGFR"]),
            "bmi": float(person["BMI"]),
        },
    )  # fmt: skip
    assert person["prevent_cvd_10y"] == pytest.approx(answer.values["total_cvd_10y"], rel=1e-5)


@pytest.mark.parametrize(
    ("risk", "event"), [("prevent_cvd_10y", "cvd_event"), ("kfre_5y", "kidney_failure")]
)
def test_outcomes_happen_as_often_as_the_equation_says(made, risk, event):
    known = made.people.dropna(subset=[risk])
    spread = np.sqrt((known[risk] * (1 - known[risk])).sum())
    assert abs(known[event].sum() - known[risk].sum()) < 3.5 * spread


def test_known_cardiovascular_disease_has_no_first_event(made):
    ill = made.people[made.people["has_cvd"] == 1]
    assert len(ill) > 100
    assert ill["cvd_event"].isna().all()


def test_an_event_lies_within_the_horizon_and_others_reach_its_end(made):
    known = made.people.dropna(subset=["cvd_event"])
    assert (known.loc[known["cvd_event"] == 1, "cvd_years"] < 10).all()
    assert (known.loc[known["cvd_event"] == 0, "cvd_years"] == 10).all()


def test_the_command_writes_both_tables(tmp_path, capsys):
    assert main(["synthetic", "--people", "50", "--out", str(tmp_path)]) == 0
    assert len(pd.read_parquet(tmp_path / "people.parquet")) == 50
    assert len(pd.read_parquet(tmp_path / "visits.parquet")) == 250
    assert "50 people written to" in capsys.readouterr().out


def test_a_cohort_of_nobody_is_refused():
    with pytest.raises(ValueError, match="at least one person"):
        cohort.generate(0, 1, AS_OF)
