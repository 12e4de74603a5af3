"""Studies of stays and readmissions: cohort, history, what is refused, what is written."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml import datasets, leakage
from ml.leakage.findings import LeakFound
from ml.studies import (
    diabetes130,
    diabetes130_history,
    los_diabetes130,
    los_diabetes130_door,
    los_diabetes130_stay,
    los_microsoft,
    los_support2,
    los_vitaldb,
    los_vitaldb_admission,
    readmission_diabetes130,
    table,
)
from ml.studies.problem import Input
from tests.ml import hospital_rows
from tests.ml.datafolder import needs

STUDIES = {
    module.STUDY.problem.task: (module.STUDY, rows)
    for module, rows in (
        (readmission_diabetes130, hospital_rows.stays),
        (los_diabetes130, hospital_rows.stays),
        (los_diabetes130_door, hospital_rows.stays),
        (los_diabetes130_stay, hospital_rows.stays),
        (los_microsoft, hospital_rows.admissions),
        (los_vitaldb, hospital_rows.operations),
        (los_vitaldb_admission, hospital_rows.operations),
        (los_support2, hospital_rows.seriously_ill),
    )
}
OUTCOMES = ["readmitted", "time_in_hospital", "lengthofstay", "discharged", "dis", "slos"]
HISTORY = [found.name for found in diabetes130.LONG_HISTORY]
every_study = pytest.mark.parametrize("task", STUDIES)


def _quick(study: table.TableStudy) -> table.TableStudy:
    """The study with a small model and no comparisons."""
    kept = ("smooth", "target", "objective", "quantile_alpha")
    own = {name: value for name, value in study.problem.parameters.items() if name in kept}
    overrides = {**study.problem.overrides, "SAMPLE_SIZE": "synthetic rows"}
    problem = replace(
        study.problem,
        parameters={**own, "n_estimators": 20},
        quantiles=(),
        refits=min(5, study.problem.refits),
        overrides=overrides,
    )
    return replace(study, problem=problem, variants={})


@every_study
def test_the_linter_finds_nothing_that_is_not_excused(task):
    study, rows = STUDIES[task]

    found = leakage.lint(study.problem, study.prepare(rows()), fits=False)

    assert leakage.findings.blocked(study.problem, found) == []


@every_study
def test_preparing_keeps_every_row_in_order_and_needs_no_outcome(task):
    study, rows = STUDIES[task]
    frame = rows(60).set_axis(range(100, 160))
    blind = frame.drop(columns=[name for name in OUTCOMES if name in frame])

    prepared = study.prepare(blind)

    assert list(prepared.index) == list(frame.index)
    needed = set(study.problem.names) - set(OUTCOMES)  # the stay is known at discharge
    assert needed <= set(prepared.columns)


@every_study
def test_the_stay_in_other_words_is_no_input(task):
    study, _ = STUDIES[task]
    stay = {"readmitted", "discharged", "dis", "eid", "encounter_id", "case_id", "patient_nbr",
            "charges", "avtisst", "hospdead", "icu_days"}  # fmt: skip

    assert stay.isdisjoint(study.problem.names)


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("los_microsoft", "discharged"),
        ("los_microsoft", "facid"),
        ("los_microsoft", "eid"),
        ("los_diabetes130", "discharge_disposition_id"),
        ("los_diabetes130", "num_lab_procedures"),
        ("los_diabetes130", "encounter_id"),
        ("los_vitaldb", "dis"),
        ("los_support2", "charges"),
        ("readmission_diabetes130", "readmitted"),
    ],
)
def test_a_study_that_is_given_a_leak_is_refused_by_name(task, name):
    study, rows = STUDIES[task]
    leaky = replace(study.problem, inputs=(*study.problem.inputs, Input(name)))

    with pytest.raises(LeakFound, match=name):
        table.fit(replace(study, problem=leaky, variants={}), rows())


def test_deaths_and_hospice_get_a_reason_and_no_risk_and_rows_stay_in_order():
    rows = hospital_rows.stays()
    fitted = table.fit(_quick(readmission_diabetes130.STUDY), rows)
    new = hospital_rows.stays(50, seed=2)

    found = fitted.predict(new)

    gone = new["discharge_disposition_id"].isin(diabetes130.GONE)
    assert gone.any()
    assert len(found) == len(new)
    assert list(found["risk"].isna()) == list(gone)
    assert found.loc[gone, "reason"].str.contains("hospice").all()


def test_a_prediction_does_not_depend_on_the_order_of_the_rows():
    fitted = table.fit(_quick(readmission_diabetes130.STUDY), hospital_rows.stays())
    new = hospital_rows.stays(50, seed=2)

    turned = fitted.predict(new.iloc[::-1])

    np.testing.assert_allclose(turned["risk"][::-1], fitted.predict(new)["risk"])


def test_a_later_stay_changes_nothing_of_the_history():
    rows = hospital_rows.stays(200)
    later = rows.sample(60, random_state=1)
    later = later.assign(encounter_id=later["encounter_id"] + 900_000_000, time_in_hospital=14.0)

    before = diabetes130.derived(rows)[HISTORY]
    after = diabetes130.derived(pd.concat([rows, later], ignore_index=True))[HISTORY]

    pd.testing.assert_frame_equal(after.iloc[: len(rows)], before)


def test_the_present_stay_is_no_part_of_its_history():
    rows = hospital_rows.stays(200)
    last = rows.groupby("patient_nbr")["encounter_id"].transform("max") == rows["encounter_id"]
    changed = rows.assign(
        readmitted=rows["readmitted"].where(~last, "<30"),
        time_in_hospital=rows["time_in_hospital"].where(~last, 14.0),
    )

    pd.testing.assert_frame_equal(diabetes130_history.of(changed), diabetes130_history.of(rows))


def test_the_history_counts_the_stays_before():
    rows = hospital_rows.stays(3).assign(
        patient_nbr=7, encounter_id=[30, 10, 20], time_in_hospital=[9.0, 2.0, 4.0],
        readmitted=["NO", "<30", ">30"],
    )  # fmt: skip

    found = diabetes130_history.of(rows)

    assert list(found["earlier_stays"]) == [2, 0, 1]
    assert list(found["early_returns"]) == [1, 0, 1]
    assert list(found["mean_earlier_days"].fillna(-1)) == [3, -1, 2]
    assert list(found["longest_earlier_stay"].fillna(-1)) == [4, -1, 2]
    assert list(found["numbers_since_last"].fillna(-1)) == [10, -1, 10]


def test_a_stay_that_stands_twice_is_no_history_of_itself():
    rows = hospital_rows.stays(1)

    found = diabetes130_history.of(pd.concat([rows, rows], ignore_index=True))

    assert list(found["earlier_stays"]) == [0, 0]


def test_values_outside_their_band_are_counted():
    middle = {name: sum(limits) / 2 for name, limits in los_microsoft.BANDS.items()}
    row = hospital_rows.admissions(1).assign(**middle)

    far = row.assign(sodium=160.0, pulse=20.0)

    assert list(los_microsoft.prepare(row)["values_outside"]) == [0]
    assert list(los_microsoft.prepare(far)["values_outside"]) == [2]


@pytest.mark.parametrize("task", ["los_microsoft", "los_vitaldb", "los_support2"])
def test_a_stay_is_told_with_an_interval_around_it(task):
    study, rows = STUDIES[task]
    fitted = table.fit(_quick(study), rows())

    found = fitted.predict(rows(30, seed=2))

    assert (found["low"] <= found["expected"]).all()
    assert (found["expected"] <= found["high"]).all()
    assert (found["low"] >= 0).all()


def test_the_same_rows_give_the_same_model(tmp_path):
    study = _quick(los_vitaldb.STUDY)
    first, second = (
        table.fit(study, hospital_rows.operations()).save(tmp_path / name) for name in "ab"
    )

    files = sorted(path.name for path in first.iterdir() if path.name != "manifest.json")
    assert files
    for name in files:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_a_wait_of_a_century_is_unknown():
    rows = hospital_rows.operations(2)
    rows.loc[0, "adm"] = -86_400.0 * 40_000

    assert list(los_vitaldb.prepare(rows)["days_waited"].isna()) == [True, False]


def test_the_cohort_of_readmission_in_the_real_table():
    needs("diabetes130")
    study = readmission_diabetes130.STUDY
    frame = datasets.load("diabetes130").head(2000)

    found = study.cohort(frame)

    gone = frame["discharge_disposition_id"].isin(diabetes130.GONE).sum()
    assert len(found) == len(frame) - gone
    assert 0.05 < found.y.mean() < 0.2


def test_the_stay_of_the_microsoft_table_follows_three_counts():
    needs("los_microsoft")
    told = los_microsoft.prepare(datasets.load("los_microsoft"))
    counts = ["readmissions", "conditions", "values_outside"]
    cells = told.groupby([told[name].clip(upper=5) for name in counts])["lengthofstay"]

    share = 1 - told["lengthofstay"].sub(cells.transform("mean")).var() / told["lengthofstay"].var()

    assert share > 0.96


def test_a_first_stay_has_no_early_return_before_it_whether_or_not_outcomes_are_told():
    rows = hospital_rows.stays()
    told = diabetes130_history.of(rows)
    untold = diabetes130_history.of(rows.drop(columns="readmitted"))
    first = told["earlier_stays"] == 0
    assert (told.loc[first, "early_returns"] == 0).all()
    assert (untold.loc[first, "early_returns"] == 0).all()
    assert untold.loc[~first, "early_returns"].isna().all()
    assert (~first).any()
