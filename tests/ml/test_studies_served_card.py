"""The card and figures that travel with a served risk, as training writes them."""

import dataclasses

import pytest

from ml.studies import registry, servedreport, taught, train
from tests.ml.people import survey


@pytest.fixture(scope="module")
def manifest():
    """Of a quick model on made-up people."""
    study = dataclasses.replace(registry.get("death_10y"), trees=10, settling_trees=2, refits=3)
    return train.fit(study, survey(900), threads=1).manifest


def text(manifest, code):
    return next(found["text"] for found in manifest["card"] if found["code"] == code)


@pytest.mark.parametrize(
    "told", ["without survey weights", "RDW rose from 13.0", "When less is known, O:E runs from"]
)
def test_limits_of_the_survey_and_of_gaps_stand_in_the_card(manifest, told):
    assert told in text(manifest, "3.ii")
    assert told not in text(manifest, "3.i")


@pytest.mark.parametrize("told", ["acute illness", "dialysis", "palliative", "pregnancy"])
def test_whom_the_survey_never_visited_is_to_be_avoided(manifest, told):
    assert told in text(manifest, "3.i")


def test_training_data_are_told_with_years_numbers_and_who_is_left_out(manifest):
    told = text(manifest, "4.i")

    assert "examined 1999-2000 to 2007-2008, the outcome known: " in told
    assert "Left out: people under 20; pregnant women; " in told
    assert "Washout" not in told


@pytest.mark.parametrize("study", registry.STUDIES.values(), ids=lambda study: study.task)
def test_no_sentence_of_the_screen_stands_in_for_the_exclusions(study):
    problem = servedreport.problem(study)

    assert not any(refusal.reason in str(problem.to_dict()) for refusal in study.refusals)


def test_copies_and_weights_are_told_as_they_are(manifest):
    told = text(manifest, "5.ii")

    assert "seen 4 times and counts once: as surveyed with a weight of 0.5, and 3 times" in told
    assert "The last 2 of 10 trees learn only from people whose outcome is known." in told


@pytest.mark.parametrize("task", ["undiagnosed_diabetes", "ckd"])
def test_trees_that_learn_grades_are_told(task):
    study = registry.get(task)

    assert f"The first {study.graded_trees} of {study.trees} trees learn grades" in taught.weights(
        study
    )


def test_people_not_yet_at_the_end_are_told_where_they_teach():
    data = {"cycles": ["1999-2000", "2007-2008"], "cohort": 18796, "rows": 40796, "name": "NHANES"}
    study = registry.get("death_10y")

    assert "Beside them teach 18,853 people" in taught.criteria(study, data | {"unfinished": 18853})
    assert "Beside them" not in taught.criteria(study, data | {"unfinished": 0})


def test_parts_gaps_and_later_years_have_intervals(manifest):
    metrics = manifest["metrics"]
    parts = [row["observed_expected"] for row in metrics["subgroups"] if row["events"] is not None]
    told = [
        *parts,
        *(row["observed_expected"] for row in metrics["scenarios"]),
        metrics["temporal"]["observed_expected"],
        metrics["age_and_sex_logistic"]["observed_expected"],
    ]

    assert parts
    assert all(found["low"] < found["value"] < found["high"] for found in told)
