"""The demo hospital's people: the same for the same seed, and medically plausible."""

import datetime as dt
import hashlib
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from ml import analytes, codes
from ml.datasets import synthetic
from ml.datasets.synthetic import contacts, disease, history, markers, treatment

AS_OF = dt.date(2026, 3, 2)


@pytest.fixture(scope="module")
def hospital():
    return synthetic.generate(1200, 7, AS_OF)


@pytest.fixture(scope="module")
def measured(hospital):
    """Every valid value with its person's sex and age at `AS_OF`."""
    long = pd.concat([hospital.results, hospital.vitals], ignore_index=True)
    patients = hospital.patients.set_index("person")
    age = (pd.Timestamp(AS_OF) - patients["birth_date"]).dt.days / 365.25
    long = long[long["superseded_at"].isna()]
    return long.join(patients[["sex"]], on="person").join(age.rename("age"), on="person")


@pytest.fixture(scope="module")
def newest(measured):
    """One row a person, the newest value of each analyte."""
    last = measured.sort_values("collected_at").groupby(["person", "code"])["value"].last()
    return last.unstack().join(measured.groupby("person")[["sex", "age"]].first())


def digest(hospital):
    whole = hashlib.sha256()
    for field in fields(hospital):
        whole.update(getattr(hospital, field.name).to_csv().encode())
    return whole.hexdigest()


def test_equal_seeds_make_equal_hospitals():
    once, again = (synthetic.generate(150, 7, AS_OF) for _ in range(2))

    assert digest(once) == digest(again)


def test_another_seed_makes_another_hospital():
    assert digest(synthetic.generate(50, 7, AS_OF)) != digest(synthetic.generate(50, 8, AS_OF))


def test_blocks_together_are_the_whole_hospital(monkeypatch):
    monkeypatch.setattr(synthetic, "BLOCK", 60)
    parts = list(synthetic.blocks(150, 7, AS_OF))

    assert [len(part.patients) for part in parts] == [60, 60, 30]
    joined = pd.concat([part.results for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(joined, synthetic.generate(150, 7, AS_OF).results)


def test_people_are_numbered_from_where_the_caller_says():
    (block,) = synthetic.blocks(5, 7, AS_OF, first=10)

    assert block.patients["person"].tolist() == [10, 11, 12, 13, 14]


def test_a_large_hospital_has_a_compact_history():
    (block,) = synthetic.blocks(300, 7, AS_OF, compact=True)
    results = len(block.results) + len(block.vitals)

    assert 40 <= results / 300 <= 100


def test_the_correlation_of_the_factors_is_one():
    matrix = markers.correlation()

    assert (np.linalg.eigvalsh(matrix) > 0).all()
    assert (matrix == matrix.T).all()


def test_no_value_is_impossible(measured):
    lows = measured["code"].map(lambda code: analytes.get(code).plausible[0])
    highs = measured["code"].map(lambda code: analytes.get(code).plausible[1])

    assert measured[(measured["value"] < lows) | (measured["value"] > highs)].empty


def test_nothing_lies_in_the_future(hospital):
    morning = pd.Timestamp(AS_OF)

    assert (hospital.vitals["collected_at"] < morning).all()
    assert (hospital.results["issued_at"].max() - morning) < pd.Timedelta(days=1)
    assert (hospital.encounters["ended_at"] < morning).all()
    assert (hospital.preventive_care["done_on"] < morning).all()


def test_printed_text_and_value_agree(hospital):
    texts = hospital.results["printed"].str.lstrip("<").astype(float)

    assert (texts == hospital.results["value"]).all()


@pytest.mark.parametrize(
    ("code", "higher"),
    [("HGB", "male"), ("CREAT", "male"), ("URIC", "male"), ("HDL", "female"), ("FERR", "male")],
)
def test_the_sexes_differ_as_they_do(newest, code, higher):
    means = newest.groupby("sex")[code].mean()

    assert means.idxmax() == higher


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        ("BMI", "CRP", 1), ("BMI", "HDL", -1), ("BMI", "WAIST", 1), ("HBA1C", "TG", 1),
        ("CREAT", "EGFR", -1), ("SBP", "DBP", 1), ("HGB", "RDW", -1), ("LDL", "TC", 1),
        ("age", "SBP", 1), ("age", "EGFR", -1), ("ALT", "GGT", 1), ("UACR", "EGFR", -1),
    ],
)  # fmt: skip
def test_markers_move_together_as_they_do(newest, one, other, sign):
    assert sign * newest[one].corr(newest[other], method="spearman") > 0.1


def test_cholesterol_adds_up(measured):
    panels = measured[measured["code"].isin(["TC", "HDL", "NONHDL"])]
    wide = panels.pivot_table(index=["person", "collected_at"], columns="code", values="value")
    complete = wide.dropna()

    assert np.abs(complete["TC"] - complete["HDL"] - complete["NONHDL"]).max() <= 1


def test_reported_egfr_is_that_of_the_reported_creatinine(measured):
    wide = measured[measured["code"].isin(["CREAT", "EGFR"])].pivot_table(
        index=["person", "collected_at", "sex", "age"], columns="code", values="value"
    )
    wide = wide.dropna().reset_index()
    past = (pd.Timestamp(AS_OF) - wide["collected_at"]).dt.days / 365.25
    ratio = wide["CREAT"] / np.where(wide["sex"] == "female", 0.7, 0.9)
    alpha = np.where(wide["sex"] == "female", -0.241, -0.302)
    kidney = 142 * np.minimum(ratio, 1) ** alpha * np.maximum(ratio, 1) ** -1.2
    kidney *= 0.9938 ** (wide["age"] - past) * np.where(wide["sex"] == "female", 1.012, 1)

    assert np.median(np.abs(kidney - wide["EGFR"])) < 0.5


def test_a_statin_lowers_ldl_by_a_third():
    factors = _before_and_after("statin", "LDL")

    assert 0.60 <= factors.median() <= 0.70


def test_an_ace_inhibitor_lowers_systolic_pressure():
    assert 0.85 <= _before_and_after("acei", "SBP").median() <= 0.96  # often with a second drug


def _before_and_after(drug, code):
    """Newest value over the last one before the drug, for those who began it between visits."""
    hospital = synthetic.generate(2500, 11, AS_OF)
    long = pd.concat([hospital.results, hospital.vitals])
    starts = hospital.medications[hospital.medications["drug_class"] == drug]
    long = long[long["code"] == code].merge(starts[["person", "started_on"]], on="person")
    long = long.assign(since=(long["collected_at"] - long["started_on"]).dt.days)
    long = long.sort_values("since")
    before = long.query("-700 < since < 0").groupby("person")["value"].last()
    after = long.query("60 < since < 700").groupby("person")["value"].first()
    return (after / before).dropna()


def test_nothing_changes_before_a_drug_starts():
    values = {"LDL": np.array([160.0, 160.0]), "TG": np.array([150.0, 150.0])}
    visits = synthetic.visits.Visits(
        np.array([0, 0]), np.array([-400, -10]), np.array([0, 0]), np.array([60.0, 61.0])
    )

    after = treatment.treat(values, {"statin": np.array([-100.0])}, visits)

    assert after["LDL"].tolist() == [160.0, pytest.approx(104.0)]


def test_some_diabetes_is_known_and_some_is_not(hospital, newest):
    known = set(hospital.conditions["person"][hospital.conditions["code"] == "t2d"])
    high = newest.index[newest["HBA1C"] >= 6.5]

    assert len(known) > 40
    assert len(set(high) - known) > 3


def test_the_hypertensive_have_higher_pressure(hospital, newest):
    untreated = set(hospital.medications["person"])
    with_htn = hospital.conditions["person"][hospital.conditions["code"] == "htn"]
    alone = newest.index.isin(with_htn) & ~newest.index.isin(untreated)

    assert newest["SBP"][alone].mean() > newest["SBP"][~newest.index.isin(with_htn)].mean() + 10


def test_the_pregnant_take_nothing_that_harms(hospital):
    pregnant = hospital.patients["person"][hospital.patients["pregnant_since"].notna()]
    theirs = hospital.medications[hospital.medications["person"].isin(pregnant)]

    assert len(pregnant) > 0
    assert not set(theirs["drug_class"]) & set(treatment.NOT_IN_PREGNANCY)


def test_courses_go_on_for_years(hospital):
    span = hospital.encounters[hospital.encounters["kind"] == "OUTPATIENT"].groupby("person")[
        "started_at"
    ]
    years = (span.max() - span.min()).dt.days / 365.25

    assert years.quantile(0.75) > 3


def test_some_people_are_hardly_measured(measured):
    counts = measured.groupby("person").size()

    assert (counts < 30).sum() > 20


def test_each_correction_replaces_a_version_that_was_told_before(hospital):
    results = hospital.results
    first = results[results["superseded_at"].notna()]
    key = ["person", "code", "collected_at", "accession"]
    pairs = first.merge(results[results["status"] == "corrected"], on=key)

    assert len(pairs) == len(first) > 0
    assert (pairs["superseded_at_x"] == pairs["issued_at_y"]).all()


@pytest.mark.parametrize(
    ("kind", "used"),
    [
        ("condition", disease.RECOGNISED),
        ("drug", treatment.DRUGS),
        ("allergy", history.ALLERGIES),
        ("family_history", history.FAMILY),
        ("flag", history.FLAGS),
        ("done", history.PREVENTION),
    ],
)
def test_every_code_is_one_the_rules_know(kind, used):
    assert set(used) <= set(codes.vocabulary(kind))


def test_days_of_a_wearable_are_distinct(hospital):
    assert list(hospital.wearables.columns) == list(contacts.WEARABLE_COLUMNS)
    assert not hospital.wearables.duplicated(["person", "day"]).any()
