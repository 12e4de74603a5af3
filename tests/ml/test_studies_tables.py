"""The mortality and disease studies: traps of each table, inputs that must not be there."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ml import datasets, leakage
from ml.leakage import names
from ml.models.predicting import predicted
from ml.studies import (
    cvd_prevalence,
    death_survival,
    diabetes_prevalence,
    disease_rows,
    disease_sets,
    framingham_chd,
    framingham_survival,
    heart_failure,
    learning,
    nhanes1_survival,
    support2_death,
    table,
    tablecohort,
    tablefiles,
)
from ml.studies.problem import Split
from tests.ml.datafolder import needs
from tests.ml.people import survey

STUDIES = {
    study.problem.task: study
    for study in (
        nhanes1_survival.STUDY,
        framingham_chd.STUDY,
        framingham_survival.STUDY,
        support2_death.STUDY,
        heart_failure.STUDY,
        death_survival.STUDY,
        diabetes_prevalence.STUDY,
        cvd_prevalence.STUDY,
        *disease_sets.STUDIES.values(),
    )
}

# What tells the outcome, by study; none of it may be an input.
GIVEN_AWAY = {
    "support2_death": {
        "death", "slos", "d.time", "charges", "totcst", "totmcst", "avtisst", "sps",
        "surv2m", "surv6m", "prg2m", "prg6m", "dnr", "dnrday", "sfdm2",
    },
    "heart_failure": {"time", "DEATH_EVENT"},
    "framingham_survival": {"DEATH", "ANYCHD", "TIMECHD", "TIMEDTH", "PREVCHD", "HDLC", "LDLC"},
    "death_survival": {"mort_ucod_leading", "mort_diabetes", "mort_hyperten", "mort_permth_int"},
    "diabetes_prevalence": {
        "hba1c_pct", "glucose_serum_mg_dl", "glucose_fasting_mg_dl", "insulin_uu_ml",
        "osmolality_mmol_kg", "diq010_diabetes", "diq050_insulin", "diq070_pills",
        "diq160_prediabetes", "did040_age_dx",
    },
    "cvd_prevalence": {
        "mcq160b_chf", "mcq160c_chd", "mcq160d_angina", "mcq160e_mi", "mcq160f_stroke",
    },
    "ckd_uci": {"sc", "bu", "al", "hemo"},
    "thyroid": {"TSH", "T3", "TT4", "FTI", "TSH_measured", "query_hypothyroid"},
    "cbc_anemia": {"HGB", "HCT", "RBC", "MCV", "PLT"},
    "heart_uci": {"dataset", "chol", "ca", "thal"},
}  # fmt: skip


@pytest.mark.parametrize("task", GIVEN_AWAY)
def test_what_gives_the_outcome_away_is_no_input(task):
    assert not GIVEN_AWAY[task] & set(STUDIES[task].problem.names)


@pytest.mark.parametrize("task", STUDIES)
def test_linter_finds_nothing_to_block_by_name(task):
    problem = STUDIES[task].problem

    assert leakage.blocked(problem, names.findings(problem)) == []


@pytest.mark.parametrize("task", STUDIES)
def test_monotone_inputs_say_why(task):
    held = [found for found in STUDIES[task].problem.inputs if found.monotone]

    assert all(found.monotone_reason for found in held)


@pytest.mark.parametrize("name", ["nhanes1", "framingham", "support2", "heart_failure", "pima"])
def test_rows_without_outcome_are_prepared_in_order(name):
    needs(name)
    study = next(study for study in STUDIES.values() if study.dataset == name)
    frame = datasets.load(name).head(50)
    known_later = {"TenYearCHD", "hospdead", "time", "DEATH_EVENT", "y_signed_followup_years",
                   "Outcome"}  # fmt: skip

    prepared = study.prepare(frame.drop(columns=[c for c in frame if c in known_later]))

    assert prepared.index.tolist() == frame.index.tolist()
    assert set(study.problem.names) <= set(prepared)


def support(**columns):
    row = {"age": 60, "dnr": "no dnr", "dnrday": 12, "meanbp": 80, "hrt": 90, "resp": 20,
           "glucose": 100, "wblc": 9}  # fmt: skip
    return support2_death.prepare(pd.DataFrame({**row, **columns}, index=[0]))


@pytest.mark.parametrize(
    ("dnr", "day", "known"),
    [
        ("dnr before sadm", -4, 1),
        ("dnr after sadm", 3, 1),
        ("dnr after sadm", 4, 0),
        ("no dnr", 2, 0),
        (None, None, 0),
    ],
)
def test_only_orders_written_by_day_three_count(dnr, day, known):
    assert support(dnr=dnr, dnrday=day)["order_by_day3"].tolist() == [known]


def test_heart_rate_zero_is_not_measured():
    assert support(hrt=0)["hrt"].isna().all()


def test_follow_up_of_zero_has_no_outcome():
    frame = pd.DataFrame({**dict.fromkeys(nhanes1_survival.CENTRES, 1.0), "Sex": [1, 2],
                          "Red blood cells": [77.7, 45.0], "Age": [40, 50],
                          "y_signed_followup_years": [0.0, -3.5]})  # fmt: skip

    prepared = nhanes1_survival.prepare(frame)

    assert np.isnan(prepared["years"][0])
    assert prepared["years"][1] == -3.5
    assert prepared["Red blood cells"].isna().tolist() == [True, False]


def test_later_examinations_and_known_disease_are_outside_the_framingham_study():
    frame = pd.DataFrame({"PERIOD": [1, 1, 2], "PREVCHD": [0, 1, 0], "AGE": 50, "SEX": 1,
                          "ANYCHD": [1, 1, 0], "TIMECHD": [3652.5, 0, 8766]})  # fmt: skip

    prepared = framingham_survival.prepare(frame)

    assert prepared["excluded"].isna().tolist() == [True, False, False]
    assert prepared["years"][0] == pytest.approx(10)


def test_popular_label_counts_the_dead_as_coronary():
    needs("framingham")
    needs("framingham_longitudinal")
    short, long = datasets.load("framingham"), datasets.load("framingham_longitudinal")
    first = long[(long["PERIOD"] == 1) & (long["PREVCHD"] == 0)]
    pairs = {"age": "AGE", "totChol": "TOTCHOL", "sysBP": "SYSBP", "diaBP": "DIABP", "BMI": "BMI",
             "heartRate": "HEARTRTE", "glucose": "GLUCOSE", "cigsPerDay": "CIGPDAY"}  # fmt: skip
    first = first.rename(columns={old: new for new, old in pairs.items()})

    joined = short.merge(first, on=list(pairs), suffixes=("", "_first"))

    assert len(joined) == len(short)
    assert ((joined["TIMECHD"] < 3650) == (joined["TenYearCHD"] == 1)).all()
    assert joined.loc[joined["TenYearCHD"] == 1, "ANYCHD"].mean() < 0.6


def nhanes_rows(**columns):
    wanted = {*nhanes_columns(), "ridreth3", "education", "poverty_income_ratio", "dmdmartl",
             "adl_difficulties", "monocytes_pct", "eosinophils_pct", "cadmium_nmol_l", "fev1_ml",
             "pulse_pressure_mmhg"}  # fmt: skip
    frame = survey(3)
    missing = {name: np.nan for name in wanted if name not in frame}
    return frame.assign(**{**missing, **columns})


def nhanes_columns():
    used = {*death_survival.PROBLEM.names, *diabetes_prevalence.PROBLEM.names}
    return used - {"male", "smoking", "egfr", "uacr", "diabetes"}


def test_late_cycles_are_censored_and_not_left_out():
    frame = nhanes_rows(cycle_start=2013, mort_eligstat=1, mort_status=[1, 0, 0],
                        mort_permth_exm=[0, 60, np.nan])  # fmt: skip

    years = death_survival.prepare(frame)["years"]

    assert years[0] == pytest.approx(0.5 / 12)
    assert years[1] == -5
    assert np.isnan(years[2])


def test_told_or_measured_makes_diabetes():
    frame = nhanes_rows(diq010_diabetes=[1, 2, 2], hba1c_pct=[np.nan, 6.5, np.nan])

    has_it = diabetes_prevalence.prepare(frame)["has_it"]

    assert has_it[:2].tolist() == [1, 1]
    assert np.isnan(has_it[2])


def test_refused_answer_leaves_heart_disease_open():
    told = dict.fromkeys(cvd_prevalence.QUESTIONS, 2)

    frame = nhanes_rows(**told | {"mcq160e_mi": [1, 9, 2], "mcq160b_chf": [9, 2, 2]})
    has_it = cvd_prevalence.prepare(frame)["has_it"]

    assert has_it[0] == 1
    assert np.isnan(has_it[1])
    assert has_it[2] == 0


def test_refused_answers_are_gaps_and_non_smokers_are_never_asked_again():
    frame = nhanes_rows(education=9, smq020_ever100=[2, 1, 1], smq040_now=[np.nan, 3, 7])

    prepared = cvd_prevalence.prepare(frame)

    assert prepared["education"].isna().all()
    assert prepared["smoking"][:2].tolist() == [0, 1]


def test_copies_of_a_row_are_scored_but_not_learned_from():
    frame = pd.DataFrame(
        {"Dataset": [1, 1, 2], **{name: 2.0 for name, _ in disease_rows.LIVER_LOGS}}
    )

    prepared = disease_rows.liver(frame)

    assert len(prepared) == 3
    assert prepared["ill"].isna().tolist() == [False, True, False]


def test_suspect_donors_are_neither_ill_nor_well():
    frame = pd.DataFrame({"Category": ["0=Blood Donor", "0s=suspect Blood Donor", "3=Cirrhosis"],
                          **{name: 2.0 for name, _ in disease_rows.HEPATITIS_LOGS}})  # fmt: skip

    assert disease_rows.hepatitis(frame)["ill"].isna().tolist() == [False, True, False]


def test_same_table_gives_the_same_model(tmp_path):
    needs("heart_failure")
    frame = datasets.load("heart_failure")
    folders = (tmp_path / "first", tmp_path / "again")
    quick = dataclasses.replace(heart_failure.PROBLEM, split=Split(), refits=5)

    for folder in folders:
        table.fit(dataclasses.replace(heart_failure.STUDY, problem=quick), frame).save(folder)

    first, again = (tablefiles.read_manifest(folder)["model_digest"] for folder in folders)
    assert first == again


def test_risk_rises_from_horizon_to_horizon():
    needs("nhanes1")
    frame = datasets.load("nhanes1").head(1200)
    quick = dataclasses.replace(nhanes1_survival.PROBLEM, model="cox", parameters={})
    found = tablecohort.cohort(quick, nhanes1_survival.prepare(frame))

    model = learning.fit(quick, found, random_state=1)
    risk = predicted(model, found.X, "survival", horizon=quick.times)

    assert quick.times == (5, 10, 15)
    assert (np.diff(risk, axis=1) > 0).all()


def test_impossible_counts_are_gaps():
    frame = pd.DataFrame({"WBC": [7.0, 7.1], "LYMp": [30, 300], "NEUTp": [60, 5317],
                          "MCHC": [33, 79],
                          "Diagnosis": ["Healthy", "Macrocytic anemia"]})  # fmt: skip

    prepared = disease_rows.anaemia(frame)

    assert prepared.loc[1, ["LYMp", "NEUTp", "MCHC"]].isna().all()
    assert prepared["ill"].tolist() == [0, 1]
