"""A study meets files as people have them: other columns, other order, gaps, nothing at all."""

import dataclasses
import json
from functools import cache

import numpy as np
import pandas as pd
import pytest

from ml import datasets, leakage
from ml.models import encoding
from ml.studies import (
    command,
    disease_rows,
    disease_sets,
    framingham_chd,
    framingham_survival,
    heart_failure,
    los_diabetes130,
    los_diabetes130_door,
    los_diabetes130_stay,
    los_microsoft,
    los_support2,
    los_vitaldb,
    nhanes1_survival,
    readmission_diabetes130,
    support2_death,
    table,
    tablecohort,
    tableparts,
)
from ml.studies.problem import Split
from tests.ml import hospital_rows
from tests.ml.datafolder import needs

COLUMNS = ("male", "age", "education", "currentSmoker", "cigsPerDay", "BPMeds", "prevalentStroke",
           "prevalentHyp", "diabetes", "totChol", "sysBP", "diaBP", "BMI", "heartRate",
           "glucose")  # fmt: skip
FLAGS = {"male", "currentSmoker", "BPMeds", "prevalentStroke", "prevalentHyp", "diabetes"}


def examined(people, seed=0):
    """Invented rows in the form of the Framingham table; age and pressure make disease likelier."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        name: rng.integers(0, 2, people) if name in FLAGS else rng.normal(50, 8, people).round()
        for name in COLUMNS
    })  # fmt: skip
    frame["education"] = rng.integers(1, 5, people)
    z = (frame["age"] - 50) / 8 + (frame["sysBP"] - 50) / 8 - 1
    return frame.assign(TenYearCHD=(rng.random(people) < 1 / (1 + np.exp(-z))).astype(int))


@pytest.fixture(scope="module")
def study():
    asked = dataclasses.replace(
        framingham_chd.STUDY.problem, split=Split(folds=2), refits=0,
        overrides={"SAMPLE_SIZE": "invented rows"},
    )  # fmt: skip
    return dataclasses.replace(framingham_chd.STUDY, problem=asked, beside={}, variants={})


@pytest.fixture(scope="module")
def model(study, tmp_path_factory):
    return table.fit(study, examined(400)).save(tmp_path_factory.mktemp("model"))


@pytest.fixture
def asked(study, model, tmp_path):
    """Scores or validates a table given as text; gives what was written."""

    def run(verb, text):
        (tmp_path / "rows.csv").write_text(text, encoding="utf-8")
        out = tmp_path / "out" / verb
        option = "--out" if verb == "score" else "--json"
        data = ["--model", str(model), "--data", str(tmp_path / "rows.csv")]
        command.main(study, [verb, *data, option, str(out)])
        return pd.read_csv(out) if verb == "score" else json.loads(out.read_text())

    return run


def csv(frame, **how):
    return frame.to_csv(index=False, **how)


FRESH = examined(60, seed=9)
SAME = {
    "other order": csv(FRESH[FRESH.columns[::-1]]),
    "more columns": csv(FRESH.assign(ward="x", note="say, so")),
    "a column of numbers before it": FRESH.to_csv(),
    "no outcome": csv(FRESH.drop(columns="TenYearCHD")),
    "outcome unknown": csv(FRESH.assign(TenYearCHD="")),
    "byte order mark and line ends of Windows": "\ufeff" + csv(FRESH, lineterminator="\r\n"),
}


@pytest.mark.parametrize("kind", SAME)
def test_each_row_gets_the_risk_that_it_gets_in_the_plain_file(asked, kind):
    plain = asked("score", csv(FRESH))

    assert plain["risk"].between(0, 1).all()
    pd.testing.assert_frame_equal(asked("score", SAME[kind]), plain)


def test_gaps_and_words_among_numbers_cost_no_row(asked):
    rows = FRESH.astype(object)
    rows.loc[3, "glucose"], rows.loc[4, "age"] = None, "old"
    rows.loc[5, list(COLUMNS)] = None

    found = asked("score", csv(rows))

    assert len(found) == 60
    assert found["risk"].isna().to_numpy().nonzero()[0].tolist() == [5]
    assert found["reason"][5].startswith("Too many inputs are unknown")


def test_a_header_alone_gets_a_header_alone(asked):
    found = asked("score", csv(FRESH.head(0)))

    assert len(found) == 0
    assert "risk" in found


@pytest.fixture(scope="module", params=["quantiles", "horizons"])
def several(request):
    """A fitted study that tells several numbers of each row."""
    if request.param == "quantiles":
        study, model = los_microsoft.STUDY, {"model": "xgboost", "parameters": {"n_estimators": 5}}
        rows = hospital_rows.admissions(300)
    else:
        study, model = nhanes1_survival.STUDY, {"model": "cox", "parameters": {}}
        needs("nhanes1")
        rows = datasets.load("nhanes1").head(600)
    own = dataclasses.replace(study.problem, **model, split=Split(folds=2), refits=0)
    quick = dataclasses.replace(study, problem=own, beside={}, variants={})
    return table.fit(quick, rows), rows


def test_no_row_gets_the_columns_of_every_number(several):
    fitted, rows = several

    found = fitted.predict(rows.head(0))

    assert len(found) == 0
    assert list(found) == list(fitted.predict(rows.head(1)))


def test_rows_of_which_nothing_is_known_abstain_one_by_one(several):
    fitted, rows = several
    unknown = rows.head(7).map(lambda value: np.nan if isinstance(value, int | float) else None)

    found = fitted.predict(unknown)

    assert len(found) == 7
    assert found["abstained"].all()
    assert found[tableparts.value_columns(fitted.problem)].isna().all(axis=None)


@pytest.mark.parametrize("age", [-5, 1e9])
def test_a_value_that_cannot_be_gets_no_number_but_a_reason(asked, age):
    rows = FRESH.astype({"age": float})
    rows.loc[3, "age"] = age

    found = asked("score", csv(rows))

    assert found["abstained"].to_numpy().nonzero()[0].tolist() == [3]
    assert found["risk"].isna().to_numpy().nonzero()[0].tolist() == [3]
    assert found["reason"][3].startswith(f"age is {age:g}; the model has learned from people with")


def test_a_value_a_little_outside_gets_a_number_and_a_warning(asked):
    found = asked("score", csv(FRESH.assign(age=95)))

    assert found["risk"].notna().all()
    assert found["warning"].str.startswith("age is 95").all()


REFUSED = {
    "empty": ("score", "", "is empty. Give a table with a header."),
    "lacks an input": ("score", csv(FRESH.drop(columns="glucose")), "The table lacks glucose"),
    "another table": ("score", "a,b\n1,2\n", "does not look like framingham"),
    "semicolons": ("score", csv(FRESH, sep=";"), "parted by semicolons"),
    "nobody": ("validate", csv(FRESH.head(0)), "No row of the table belongs to the population"),
    "outcome absent": ("validate", csv(FRESH.drop(columns="TenYearCHD")), "does not tell 'TenYea"),
    "outcome unknown": ("validate", csv(FRESH.assign(TenYearCHD="")), "No row of the population"),
    "outcome 7": ("validate", csv(FRESH.assign(TenYearCHD=7)), "must be 0 or 1 but holds 7\n"),
    "ragged": ("score", csv(FRESH.head(1)) + "1," * 18 + "1\n",
               "line 3 has 19 cells, but its header 16"),
    "age twice": ("score", csv(FRESH.assign(more=1)).replace("more", "age", 1),
                  "two columns called age that differ"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_used_is_refused_in_one_sentence(asked, kind, capsys):
    verb, text, sentence = REFUSED[kind]

    with pytest.raises(SystemExit) as ended:
        asked(verb, text)

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.count("\n") == 1
    assert sentence in said


@pytest.mark.parametrize("rows", [FRESH.head(1), FRESH.assign(TenYearCHD=0)], ids=["one", "class"])
def test_too_little_to_judge_is_said_and_asks_for_no_repair(asked, rows, capsys):
    found = asked("validate", csv(rows))

    assert found["metrics"]["auroc"] == {"value": None, "reason": "not enough data"}
    assert not found["recalibration"]["needed"]
    said = capsys.readouterr().out
    assert "not enough data for a figure" in said
    assert "recalibrate" not in said


def test_a_value_that_is_not_known_is_not_outside_its_band():
    row = hospital_rows.admissions(1)
    middle = {name: sum(limits) / 2 for name, limits in los_microsoft.BANDS.items()}

    found = los_microsoft.prepare(row.assign(**middle | {"sodium": np.nan}))

    assert found["values_outside"].tolist() == [0]


def test_a_single_stay_has_no_history_and_gets_its_inputs():
    found = readmission_diabetes130.STUDY.prepare(hospital_rows.stays(1))

    assert found["earlier_stays"].tolist() == [0]
    assert found[["last_diag_1", "last_days"]].isna().all(axis=None)


DELIVERED = {
    study.problem.task: study
    for study in (
        framingham_chd.STUDY, framingham_survival.STUDY, heart_failure.STUDY, los_support2.STUDY,
        los_diabetes130.STUDY, los_diabetes130_door.STUDY, los_diabetes130_stay.STUDY,
        los_microsoft.STUDY, los_vitaldb.STUDY, nhanes1_survival.STUDY, support2_death.STUDY,
        readmission_diabetes130.STUDY, *disease_sets.STUDIES.values(),
    )
}  # fmt: skip


@cache
def first_rows(name):
    return datasets.load(name).head(20)


@pytest.mark.parametrize("kind", ["one row", "blank cells"])
@pytest.mark.parametrize("task", DELIVERED)
def test_every_delivered_study_reads_a_poor_file(task, kind, tmp_path):
    study = DELIVERED[task]
    needs(study.dataset)
    rows = first_rows(study.dataset)
    keys = {study.problem.person, "encounter_id"}
    blank = rows.assign(**{name: "" for name in rows if name not in keys})
    poor = rows.head(1) if kind == "one row" else blank
    poor.to_csv(tmp_path / "poor.csv", index=False)

    prepared = study.prepare(datasets.load(study.dataset, tmp_path / "poor.csv"))

    assert len(prepared) == len(poor)
    assert len(encoding.typed(prepared, tablecohort.columns_of(study.problem))) == len(poor)
    outcome = prepared.get(study.problem.outcome)
    assert kind == "one row" or outcome is None or outcome.isna().all()


def test_an_unknown_grade_of_heart_disease_is_not_health():
    found = disease_rows.heart(pd.DataFrame({"num": [0.0, 2.0, np.nan]}))

    assert found["ill"].tolist()[:2] == [0, 1]
    assert found["ill"].isna().tolist() == [False, False, True]


def test_an_unknown_event_is_not_a_survivor():
    rows = pd.DataFrame({"time": [9.0, 9.0, 9.0], "DEATH_EVENT": [1.0, 0.0, np.nan]})
    others = {column.name: 50.0 for column in datasets.get("heart_failure").columns}

    found = heart_failure.prepare(rows.assign(**others | rows.to_dict("series")))

    assert found["days"].tolist()[:2] == [9, -9]
    assert found["days"].isna().tolist() == [False, False, True]


def test_the_variant_with_the_ids_is_for_comparison_and_could_not_be_served():
    own, with_ids = los_microsoft.PROBLEM, los_microsoft.VARIANTS["with_ids"]

    assert set(with_ids.names) - set(own.names) >= {"facid", "eid"}
    rows = los_microsoft.prepare(hospital_rows.admissions(100))
    blocked = leakage.blocked(with_ids, leakage.lint(with_ids, rows, fits=False))
    assert {"facid", "eid"} <= {one.input for one in blocked}
