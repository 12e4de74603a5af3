"""How often people are interrupted, by whom, and what was held back."""

import datetime as dt

import pytest

from healthcare.accounts.models import User
from recommendations import queries
from recommendations.models import AlertBudget, Interruption, Recommendation
from recommendations.services import budget
from tests.factories import FeedbackFactory, PatientFactory, RecommendationFactory, ResultFactory
from tests.factories.recommendations import content

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 3, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ROLE = User.Role.CLINICIAN


def benefit(arr, baseline=0.2):
    return {"arr": arr, "baseline": baseline, "horizon_years": 10, "low": arr / 2}


def advice(arr=0.05, baseline=0.2, **more):
    return RecommendationFactory(said={"benefits": [benefit(arr, baseline)]}, as_of=NOW, **more)


def fates():
    return list(Interruption.objects.order_by("pk").values_list("fate", flat=True))


@pytest.fixture
def thousand(db):
    """1,000 patients with two items of different benefit each."""
    team = PatientFactory().care_team
    patients = PatientFactory._meta.model.objects.bulk_create(
        PatientFactory.build(care_team=team) for _ in range(1000)
    )
    Recommendation.objects.bulk_create(
        Recommendation(
            patient=patient, item=item, status="recommended", rank=rank, as_of=NOW,
            content=content(benefits=[benefit((number % 97 + 1) / 1000 / rank)]),
            content_digest="d", catalogue_digest="c",
        )
        for number, patient in enumerate(patients)
        for rank, item in enumerate(["M01", "M08"], start=1)
    )  # fmt: skip
    AlertBudget.objects.create(role=ROLE, daily_capacity=20, window_days=30)


def test_of_1000_patients_twenty_interrupt_a_day_and_none_twice_in_the_window(thousand):
    for days in range(5):
        for hour in (0, 6):
            budget.decide(now=NOW + days * DAY + dt.timedelta(hours=hour))

    sent = Interruption.objects.sent()
    by_day = [sent.filter(at__date=(NOW + days * DAY).date()).count() for days in range(5)]
    pairs = list(sent.values_list("patient", "item"))
    assert by_day == [20] * 5
    assert len(pairs) == len(set(pairs))


def test_the_largest_benefit_goes_first(thousand):
    budget.decide(now=NOW)

    sent = set(Interruption.objects.sent().values_list("worth", flat=True))
    held = Interruption.objects.held_back().values_list("worth", flat=True)
    assert min(sent) >= max(held)


def test_what_is_held_back_is_logged_once_a_window(thousand):
    for hour in range(3):
        budget.decide(now=NOW + dt.timedelta(hours=hour))

    assert Interruption.objects.held_back().count() == 980
    assert set(fates()) == {"interrupts", "over_budget"}


def test_a_risk_below_the_threshold_does_not_interrupt():
    advice(baseline=0.01)

    budget.decide(now=NOW)

    assert fates() == ["below_threshold"]


def test_new_words_for_the_same_advice_are_a_repeat():
    first = advice(item="M01")
    budget.decide(now=NOW)
    first.superseded_at = NOW
    first.save()
    advice(item="M01", patient=first.patient, arr=0.06)

    budget.decide(now=NOW + DAY)
    budget.decide(now=NOW + 31 * DAY)

    assert fates() == ["interrupts", "repeated", "interrupts"]


def test_what_becomes_urgent_interrupts_once_more_and_then_stays_silent():
    first = advice(item="M01")
    budget.decide(now=NOW)
    for days in (1, 2):
        Recommendation.objects.current().update(superseded_at=NOW)
        advice(item="M01", patient=first.patient, is_urgent=True)
        budget.decide(now=NOW + days * DAY)

    assert fates() == ["interrupts", "interrupts"]


def test_what_the_page_folds_away_does_not_interrupt():
    patient = PatientFactory()
    for rank, arr in enumerate([0.01, 0.02, 0.01, 0.09], start=1):
        advice(arr, patient=patient, rank=rank, item=f"M0{rank}")

    budget.decide(now=NOW)

    assert list(Interruption.objects.values_list("item", flat=True)) == ["M02"]


def test_an_answered_item_does_not_interrupt():
    row = advice()
    FeedbackFactory(recommendation=row, at=NOW)

    budget.decide(now=NOW)

    assert fates() == []


def test_the_flag_stays_until_the_answer():
    row = advice()
    budget.decide(now=NOW)
    ask = {"patient_ids": [row.patient_id], "role": ROLE, "today": NOW.date()}
    assert [each.item for each in queries.interrupting(**ask)[row.patient_id]] == [row.item]

    FeedbackFactory(recommendation=row, at=NOW)

    assert queries.interrupting(**ask) == {}


@pytest.mark.parametrize("count", [1, 3])
def test_flags_cost_the_same_for_one_and_for_three(count, django_assert_num_queries):
    rows = [advice() for _ in range(count)]
    budget.decide(now=NOW)

    with django_assert_num_queries(3):
        found = queries.interrupting([row.patient_id for row in rows], role=ROLE, today=NOW.date())

    assert len(found) == count


@pytest.mark.parametrize(("days", "missed"), [(-1, 0), (10, 1), (40, 0)])
def test_a_card_held_back_before_a_critical_result_is_a_miss(days, missed):
    AlertBudget.objects.create(role=ROLE, daily_capacity=0)
    row = advice()
    budget.decide(now=NOW)
    ResultFactory(patient=row.patient, flag="HH", collected_at=NOW + days * DAY)

    found = budget.misses(since=NOW - DAY)

    assert [(each.item, each.fate) for each in found] == [(row.item, "over_budget")] * missed


def test_a_threshold_is_proposed_from_cards_that_mattered():
    """Of 120 cards in six days every fourth has a high risk, and those alone mattered."""
    AlertBudget.objects.create(role=ROLE, daily_capacity=10, threshold=0.05)
    row = advice()
    for number in range(120):
        is_high = number % 4 == 0
        patient = PatientFactory() if is_high else row.patient
        at = NOW + dt.timedelta(days=number // 20)
        Interruption.objects.create(
            patient=patient, recommendation=row, item="M01", role=ROLE, fate="over_budget",
            is_urgent=False, risk=0.3 if is_high else 0.06, worth=0.01, at=at,
        )  # fmt: skip
        if is_high:
            ResultFactory(patient=patient, flag="HH", collected_at=at + DAY)

    assert budget.proposed_threshold(role=ROLE, now=NOW + 40 * DAY) == pytest.approx(0.3)
    assert budget.proposed_threshold(role=ROLE, now=NOW + 31 * DAY) is None  # 40 cards


def test_a_card_held_back_that_became_urgent_is_a_miss():
    AlertBudget.objects.create(role=ROLE, daily_capacity=0)
    row = advice(item="M01")
    budget.decide(now=NOW)
    row.superseded_at = NOW + DAY
    row.save()
    RecommendationFactory(
        item="M01", patient=row.patient, is_urgent=True, as_of=NOW + 2 * DAY, said={}
    )

    assert len(budget.misses(since=NOW - DAY)) == 1
