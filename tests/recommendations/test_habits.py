"""What is learned from answers, from how many, and how it is kept."""

import datetime as dt

import numpy as np
import pytest

from patients.models import Patient
from recommendations.models import Feedback, HabitModel, Recommendation
from recommendations.services import habits, nightly
from tests.factories import PatientFactory, ResultFactory, UserFactory
from tests.factories.recommendations import content
from tests.recommendations.people import person

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 6, 8, tzinfo=dt.UTC)


def answered(count):
    """Men are given one item and women the other: the planted habit."""
    team, by = PatientFactory().care_team, UserFactory()
    patients = Patient.objects.bulk_create(
        PatientFactory.build(care_team=team, sex=["male", "female"][number % 2])
        for number in range(count // 2)
    )
    rows = Recommendation.objects.bulk_create(
        Recommendation(patient=patient, item=item, rank=1, as_of=NOW, content=content(),
                       status="recommended", content_digest="d", catalogue_digest="c")
        for patient in patients
        for item in ("L03", "L04")
    )  # fmt: skip
    Feedback.objects.bulk_create(
        Feedback(
            recommendation=row, by=by, at=NOW, idempotency_key="k",
            **({"answer": "accept", "reason": "agreed"}
               if (row.item == "L03") == (row.patient.sex == "male")
               else {"answer": "decline", "reason": "other"}),
        )
        for row in rows
    )  # fmt: skip
    return patients


def test_below_200_answers_nothing_is_learned():
    answered(198)

    assert habits.fit(now=NOW) is None
    with pytest.raises(habits.NotEnoughAnswers, match="198 of at least 200"):
        habits.learn(list(Feedback.objects.all()))


def test_the_planted_habit_is_learned_stored_and_read_back():
    answered(400)

    row = habits.fit(now=NOW)

    assert (row.answers, row.people, row.items) == (400, 200, ["L03", "L04"])
    learned = habits.newest()
    person = np.zeros((2, len(habits.FEATURES)))
    person[:, habits.FEATURES.index("age")] = 65
    person[1, habits.FEATURES.index("female")] = 1
    chances = learned.probabilities(person)
    assert chances[0, 0] > 0.7 > 0.3 > chances[1, 0]


def test_changed_weights_are_not_read():
    answered(200)
    row = habits.fit(now=NOW)
    HabitModel.objects.filter(pk=row.pk).update(weights=b"other")

    with pytest.raises(habits.Tampered, match="were changed"):
        habits.newest()


def test_a_value_measured_after_the_answer_is_no_feature(analytes):
    patient = answered(200)[0]
    ResultFactory(patient=patient, code="LDL", value=70, collected_at=NOW + dt.timedelta(days=20))
    known = habits.facts_before({patient.pk: NOW.date()})[patient.pk]

    assert "LDL" not in known.measurements


def test_the_nightly_job_does_all_four_and_stores_the_same_habit_once():
    answered(200)

    nightly.run(now=NOW)
    nightly.run(now=NOW)

    assert HabitModel.objects.count() == 1


def test_without_a_fit_no_item_is_nudged():
    assert habits.shares([person(), person()]) == [{}, {}]


def test_the_habit_nudges_each_person_by_no_more_than_its_trust():
    answered(400)
    habits.fit(now=NOW)
    trust = habits.newest().trust

    man, woman = habits.shares([person(sex="male", age=65), person(sex="female", age=65)])

    assert man["L03"] == pytest.approx(-man["L04"])
    assert 0 < man["L03"] <= trust
    assert man["L03"] == pytest.approx(round(man["L03"], 1))
    assert woman["L04"] > 0 > woman["L03"]


def test_what_is_not_known_of_a_person_counts_as_the_mean():
    answered(400)
    habits.fit(now=NOW)
    known = {"sex": "male", "age": 65}

    alone, _ = habits.shares([person(**known), person(**known, LDL=130)])

    assert habits.shares([person(**known)])[0] == pytest.approx(alone)


def test_a_habit_that_was_changed_nudges_nothing():
    answered(200)
    row = habits.fit(now=NOW)
    HabitModel.objects.filter(pk=row.pk).update(weights=b"other")

    assert habits.shares([person()]) == [{}]
