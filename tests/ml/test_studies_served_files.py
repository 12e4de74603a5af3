"""A served risk meets tables as people have them: columns absent, words among numbers."""

import json

import numpy as np
import pandas as pd
import pytest

from ml.datasets import nhanes
from ml.studies import registry, served
from tests.ml.people import ARTIFACTS, survey

TASKS = sorted(registry.STUDIES)
RISKS = ["risk", "low", "high"]


def people():
    """Survey rows of whom more is told, so that every model has something to read."""
    rng = np.random.default_rng(4)
    return survey(40, seed=4).assign(
        bmi=rng.normal(28, 5, 40), wbc_10e3_ul=rng.normal(7, 1, 40),
        cholesterol_total_mg_dl=rng.normal(200, 30, 40), mcq160e_mi=2, smq020_ever100=2,
        diq050_insulin=2,
    )  # fmt: skip


@pytest.fixture
def asked(tmp_path):
    """Scores or validates a table given as a frame or as text; gives what was written."""

    def run(verb, task, rows):
        text = rows if isinstance(rows, str) else rows.to_csv(index=False)
        (tmp_path / "rows.csv").write_text(text, encoding="utf-8")
        out = tmp_path / verb
        how = ["--model", str(ARTIFACTS / task), "--data", str(tmp_path / "rows.csv")]
        served.main(task, [verb, *how, "--out" if verb == "score" else "--json", str(out)])
        return pd.read_csv(out) if verb == "score" else json.loads(out.read_text())

    return run


LABELS = {
    "undiagnosed_diabetes": ["hba1c_pct", "glucose_serum_mg_dl"],
    "ckd": ["creatinine_mg_dl", "urine_albumin_ug_ml", "urine_creatinine_mg_dl"],
    "death_10y": ["mort_eligstat", "mort_status", "mort_permth_exm", "mort_ucod_leading"],
    "cvd_death_10y": ["mort_eligstat", "mort_status", "mort_permth_exm", "mort_ucod_leading"],
}


@pytest.mark.parametrize("task", TASKS)
def test_a_risk_is_told_without_the_outcome_and_without_a_word_of_it(asked, task, caplog):
    plain, without = asked("score", task, people()), people().drop(columns=LABELS[task])

    found = asked("score", task, without)

    assert plain["risk"].notna().sum() > 30
    pd.testing.assert_frame_equal(found, plain)
    assert caplog.messages == []


@pytest.mark.parametrize("task", TASKS)
def test_the_outcome_is_needed_to_validate_and_is_named(asked, task, capsys):
    with pytest.raises(SystemExit) as ended:
        asked("validate", task, people().drop(columns=LABELS[task]))

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.count("\n") == 1
    assert any(f"The table lacks {name}, which tells the outcome" in said for name in LABELS[task])


@pytest.mark.parametrize(
    "absent",
    ["hemoglobin_g_dl", "bmi", "mpv_fl", "ethnicity4", "cycle_start", "pregnant", "SEQN",
     "family_history_diabetes", "mort_status"],
)  # fmt: skip
def test_an_absent_column_is_read_as_an_empty_one(asked, absent, caplog):
    task = "undiagnosed_diabetes"
    rows = people().drop(columns=absent)

    found = asked("score", task, rows)

    model_reads = absent in served.cohort.columns_of(registry.get(task))
    assert caplog.messages == ([f"The table lacks {absent}; read as missing"] * model_reads)
    pd.testing.assert_frame_equal(found, asked("score", task, rows.assign(**{absent: ""})))
    assert found["risk"].notna().sum() > 30


def test_a_later_cycle_without_blood_count_answers_and_hba1c_is_scored(asked, caplog):
    kept = ["SEQN", "cycle_start", "sex", "age", "bmi", "waist_cm", "sbp_mmhg",
            "bpq020_hypertension"]  # fmt: skip
    rows = people()[kept].assign(cycle_start=2021)

    found = asked("score", "undiagnosed_diabetes", rows)

    assert len(found) == 40
    assert found["risk"].between(0, 1).all()
    (said,) = caplog.messages
    assert "hemoglobin_g_dl" in said
    assert "hba1c_pct" not in said


@pytest.mark.parametrize("absent", ["age", "sex"])
def test_who_has_no_age_or_sex_gets_no_number_but_a_row(asked, absent):
    found = asked("score", "ckd", people().drop(columns=absent))

    assert len(found) == 40
    assert found["abstained"].all()
    assert set(found["reason"]) == {f"The model needs the {absent}."}


BAD = {"sex": "M", "age": "old", "bmi": "n.d.", "cycle_start": "soon", "crp_mg_dl": "trace"}


@pytest.mark.parametrize("column", BAD)
def test_a_word_among_numbers_is_one_unknown_cell_and_is_named(asked, column, caplog):
    rows = people().astype(object)
    rows.loc[7, column] = BAD[column]

    found = asked("score", "death_10y", rows)

    told = f"1 values of {column} are no numbers (the first in row 8); read as missing"
    assert caplog.messages == [told]
    rows.loc[7, column] = ""
    pd.testing.assert_frame_equal(found, asked("score", "death_10y", rows))
    assert found["abstained"][7] == (column in ("sex", "age"))


def test_a_bound_of_the_laboratory_is_read_as_the_bound(asked):
    rows = people().assign(crp_mg_dl=0.1).astype(object)
    plain = asked("score", "death_10y", rows)
    rows.loc[7, "crp_mg_dl"] = "<0.1"

    pd.testing.assert_frame_equal(asked("score", "death_10y", rows), plain)


def test_words_in_age_and_outcome_cost_their_rows_only(asked):
    rows = people().astype(object)
    rows.loc[3, "age"], rows.loc[5, "hba1c_pct"] = "forty", "high"

    found = asked("validate", "undiagnosed_diabetes", rows)

    assert found["rows"] + found["withheld"] == 38


def test_people_without_a_number_are_judged_each_for_themselves(asked):
    found = asked("validate", "undiagnosed_diabetes", people().drop(columns="SEQN"))

    numbered = asked("validate", "undiagnosed_diabetes", people())
    assert found["metrics"] == numbered["metrics"]


def test_a_header_alone_gets_a_header_alone(asked):
    found = asked("score", "ckd", people().head(0))

    assert len(found) == 0
    assert list(found) == list(served.COLUMNS)


def test_rows_of_which_nothing_is_known_abstain_one_by_one(asked):
    found = asked("score", "cvd_death_10y", people().map(lambda value: ""))

    assert len(found) == 40
    assert found["abstained"].all()


@pytest.mark.parametrize("age", ["-5", "1e9", "inf"])
def test_an_impossible_age_gets_no_number(asked, age):
    rows = people().astype(object)
    rows.loc[2, "age"] = age

    found = asked("score", "death_10y", rows)

    assert np.isnan(found["risk"][2])


def test_urine_of_no_creatinine_has_no_ratio():
    rows = people().assign(urine_creatinine_mg_dl=0)

    assert all("UACR" not in facts.measurements for facts in nhanes.to_facts(rows))


def test_what_nobody_was_asked_is_not_answered_with_no():
    (facts,) = nhanes.to_facts(survey(1).assign(bpq020_hypertension=None, diq010_diabetes=None))

    assert facts.conditions is None
    assert facts.medications is None


REFUSED = {
    "semicolons": (people().to_csv(index=False, sep=";"), "parted by semicolons"),
    "tabs": (people().to_csv(index=False, sep="\t"), "parted by tabs"),
    "another table": ("a,b\n1,2\n", "does not look like nhanes: it lacks 104 of 104"),
    "empty": ("", "is empty. Give a table with a header."),
    "age twice": ("age,age," + "sex,bmi,sbp_mmhg,SEQN,cycle_start\n1,2,1,1,1,1,1999\n",
                  "has two columns called age that differ. Keep the right one."),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_such_table_is_refused_as_by_the_table_studies(asked, kind, capsys):
    text, sentence = REFUSED[kind]

    with pytest.raises(SystemExit) as ended:
        asked("score", "ckd", text)

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.count("\n") == 1
    assert sentence in said
