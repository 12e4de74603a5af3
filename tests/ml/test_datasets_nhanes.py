"""Survey rows as facts."""

import pandas as pd
import pytest

from ml import analytes
from ml.datasets import nhanes
from tests.ml.people import nhanes_frame, survey


def facts_of(**answers):
    return nhanes.to_facts(survey(1).assign(**({"cycle_start": 2011} | answers)))[0]


def test_absent_table_is_refused_with_its_path(tmp_path):
    with pytest.raises(nhanes.DataSetAbsent, match=r"nhanes_adults_1999_2016\.csv\.gz"):
        nhanes.load(tmp_path)


def test_table_is_found_by_its_folder(tmp_path):
    survey(3).to_csv(tmp_path / nhanes.FILE_NAME, index=False)

    assert len(nhanes.load(tmp_path)) == 3
    assert len(nhanes.source_digest(tmp_path)) == 64


def test_units_are_canonical():
    for code, unit, _ in nhanes.MEASUREMENTS.values():
        assert analytes.get(code).unit == unit, code


def test_crp_is_converted_and_urine_ratio_calculated():
    facts = facts_of(crp_mg_dl=0.32, urine_albumin_ug_ml=30, urine_creatinine_mg_dl=100)

    assert facts.value("CRP") == pytest.approx(3.2)
    assert facts.value("UACR") == pytest.approx(30)


@pytest.mark.parametrize("answer", [2, 7, 9, None])
def test_only_a_plain_yes_makes_a_condition(answer):
    assert "mi" not in facts_of(mcq160e_mi=answer).conditions
    assert "mi" in facts_of(mcq160e_mi=1).conditions


def test_borderline_diabetes_is_prediabetes_and_no_diabetes():
    told = facts_of(diq010_diabetes=3).conditions

    assert told & {"t2d", "prediabetes"} == {"prediabetes"}


def test_drugs_are_unknown_where_the_survey_did_not_ask():
    assert facts_of(cycle_start=1999).medications is None
    assert facts_of(bpq050a_now_rx=1).medications == {"acei"}


@pytest.mark.parametrize(
    ("cycle", "ever", "now", "status"),
    [
        (2011, 2, None, "never"),
        (2011, 1, 3, "former"),
        (2011, 1, 2, "current"),
        (2011, 9, None, None),
        (1999, None, None, "never"),
        (1999, None, 1, "current"),
    ],
)
def test_smoking_is_read_from_two_questions(cycle, ever, now, status):
    facts = facts_of(cycle_start=cycle, smq020_ever100=ever, smq040_now=now)

    assert facts.lifestyle.smoking == status


def test_refused_answers_are_unknown():
    facts = facts_of(family_history_diabetes=9, self_rated_health=7, smd650_cigs_day=999)

    assert facts.family_history is None
    assert facts.lifestyle.self_rated_health is None
    assert facts.lifestyle.cigarettes_day is None


def test_asian_ethnicity_needs_the_newer_question():
    assert facts_of(ethnicity4=4, ridreth3=6).ethnicity == "non_hispanic_asian"
    assert facts_of(ethnicity4=4, ridreth3=None).ethnicity == "other"


def test_osmolality_of_the_survey_gives_the_glucose_away():
    frame = nhanes_frame()
    known = frame.dropna(subset=["osmolality_mmol_kg", "sodium_mmol_l", "bun_mg_dl"])

    rest = known["osmolality_mmol_kg"] - 1.86 * known["sodium_mmol_l"] - known["bun_mg_dl"] / 2.8
    glucose = pd.Series((rest - 9) * 18)

    assert glucose.corr(known["glucose_serum_mg_dl"]) > 0.95
