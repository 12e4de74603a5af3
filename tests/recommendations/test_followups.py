"""Did it help? What is planned, what fills it, and what would have come of itself."""

import datetime as dt

import numpy as np
import pytest

from healthcare.accounts.models import User
from healthcare.jobs.models import Job
from patients.models import Medication
from patients.signals import results_arrived
from recommendations import followupwords, presenters, queries
from recommendations.models import FollowUp, Repeatability
from recommendations.services import feedback, followups, quality
from tests.factories import (
    FeedbackFactory,
    PatientFactory,
    RecommendationFactory,
    ResultFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 3, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
DASH = "L03"  # systolic pressure −11 to −3 by two months


def measure(patient, value, at, code="SBP"):
    return ResultFactory(patient=patient, code=code, value=value, collected_at=at, recorded_at=at)


@pytest.fixture
def plan(analytes):
    """DASH accepted by a patient with 150 mmHg."""
    row = RecommendationFactory(item=DASH)
    measure(row.patient, 150, NOW - DAY)
    feedback.record(
        row, answer="accept", reason="agreed", idempotency_key="k", now=NOW,
        by=UserFactory(role=User.Role.CLINICIAN),
    )  # fmt: skip
    return FollowUp.objects.get()


def test_an_accepted_item_plans_the_measure_of_what_it_moves(plan):
    assert (plan.analyte, plan.value_before, plan.before_on) == ("SBP", 150, dt.date(2026, 3, 2))
    assert (plan.predicted_low, plan.predicted_high) == (-11, -3)
    assert plan.due_on == dt.date(2026, 5, 3)


def test_without_a_value_before_nothing_is_planned(analytes):
    given = FeedbackFactory(recommendation__item=DASH)

    assert followups.schedule(given) is None


def test_accepted_again_the_later_plan_counts(plan):
    again = FeedbackFactory(recommendation=plan.feedback.recommendation, at=NOW + DAY)

    followups.schedule(again)

    assert FollowUp.objects.standing().get().feedback == again


@pytest.mark.parametrize(
    ("days", "counts"),
    [(10, False), (46, False), (47, True), (61, True), (240, True), (242, False)],
)
def test_a_value_counts_in_its_window_alone(plan, days, counts):
    measure(plan.patient, 141, NOW + days * DAY)

    followups.fill_in(now=NOW + 250 * DAY)

    plan.refresh_from_db()
    assert plan.value_after == (141 if counts else None)


def test_the_first_value_of_the_window_stays_whatever_follows(plan):
    for days, value in [(60, 141), (70, 120)]:
        measure(plan.patient, value, NOW + days * DAY)
        followups.fill_in([plan.patient_id], now=NOW + 80 * DAY)

    plan.refresh_from_db()
    assert (plan.value_after, plan.change) == (141, -9)


def test_results_of_a_patient_who_is_awaited_ask_for_a_look(plan, broker, monkeypatch):
    later = (NOW + 60 * DAY).isoformat()
    monkeypatch.setattr(
        "recommendations.receivers.timezone.now", lambda: dt.datetime.fromisoformat(later)
    )
    results_arrived.send(sender=None, patient_ids=[plan.patient_id, PatientFactory().pk])

    job = Job.objects.get(kind="recommendations.follow_up")
    assert job.arguments == {"patient_ids": [plan.patient_id]}


def test_the_answered_item_says_what_was_expected_and_what_came(plan):
    line = queries.advice(plan.patient_id, today=NOW.date()).answered[0]
    assert presenters.item(line, may_answer=False)["achieved"] == (
        "Did it help? Systolic blood pressure 150 mmHg; −11 to −3 mmHg expected by 03-May-2026."
    )

    measure(plan.patient, 141, NOW + 60 * DAY)
    followups.fill_in(now=NOW + 61 * DAY)
    line = queries.advice(plan.patient_id, today=NOW.date()).answered[0]

    said = presenters.item(line, may_answer=False)["achieved"]
    assert "150 → 141 mmHg (−9)" in said
    assert said.endswith("would have come of itself: not enough data.")


def test_what_comes_of_itself_is_taken_off_once_it_is_known(plan):
    plan.value_after, plan.after_on = 141, dt.date(2026, 5, 2)
    again = Repeatability(
        analyte="SBP", mean=130, mean_again=130, slope=0.7, sd=15, scatter=10, people=300
    )

    said = followupwords.words(plan, again)

    assert said.endswith(
        "Untreated, 144 would be expected at the second measurement: −3 beyond that."
    )


@pytest.fixture
def untreated(analytes):
    """Forty people measured twice, with a true mean of 130 and no treatment."""
    rng = np.random.default_rng(4)
    level = rng.normal(130, 12, 40)
    for each in level:
        patient = PatientFactory()
        measure(patient, each + rng.normal(0, 8), NOW - 200 * DAY)
        measure(patient, each + rng.normal(0, 8), NOW - 100 * DAY)


def test_how_a_value_comes_back_is_learned_from_untreated_pairs(untreated, plan):
    assert followups.learn_repeatability(now=NOW) == ["SBP"]

    learned = Repeatability.objects.get()
    assert learned.people == 40
    assert learned.mean == pytest.approx(130, abs=6)
    assert 0.3 < learned.slope < 0.95
    assert 4 < learned.scatter < 16


def test_pairs_around_a_new_drug_do_not_count(untreated, plan):
    for result in plan.patient.results.model.objects.filter(collected_at=NOW - 200 * DAY)[:15]:
        Medication.objects.create(
            patient_id=result.patient_id, name="x", drug_class="acei", source="test",
            started_on=(NOW - 150 * DAY).date(), recorded_at=NOW,
        )  # fmt: skip

    assert followups.learn_repeatability(now=NOW) == []  # 25 pairs are too few
    assert not Repeatability.objects.exists()


def test_a_cohort_without_effect_shows_none_though_the_naive_change_is_a_fall(analytes):
    """Forty people treated for a high value fall back of themselves: −9 naive, about 0 adjusted."""
    rng = np.random.default_rng(7)
    Repeatability.objects.create(
        analyte="SBP",
        mean=130,
        mean_again=130,
        slope=0.64,
        sd=15,
        scatter=11.5,
        people=500,
        learned_at=NOW,
    )
    level = rng.normal(130, 12, 600)
    first, second = (level + rng.normal(0, 9, 600) for _ in range(2))
    for before, after in list(zip(first[first > 145], second[first > 145], strict=True))[:40]:
        given = FeedbackFactory(recommendation__item=DASH, at=NOW)
        FollowUp.objects.create(
            feedback=given, patient=given.recommendation.patient, item=DASH, analyte="SBP",
            value_before=before, value_after=after, after_on=NOW.date(), scheduled_on=NOW.date(),
            due_on=NOW.date(), predicted_low=-11, predicted_high=-3,
        )  # fmt: skip

    (moved,) = quality.report(now=NOW).items[0].moved

    assert moved.naive < -5
    assert moved.low < 0 < moved.high


def test_who_accepted_again_after_a_measure_counts_once(plan):
    for days in (0, 90):
        given = FeedbackFactory(recommendation=plan.feedback.recommendation, at=NOW + days * DAY)
        FollowUp.objects.create(
            feedback=given, patient=plan.patient, item=DASH, analyte="SBP", value_before=150,
            value_after=140 + days, after_on=NOW.date(), predicted_low=-11, predicted_high=-3,
            scheduled_on=(NOW + days * DAY).date(), due_on=NOW.date(),
        )  # fmt: skip

    (counted,) = quality._plans(NOW - DAY, "")

    assert counted.value_after == 140
