import datetime as dt
from contextlib import nullcontext

import pytest
from django.db import IntegrityError, transaction

from healthcare.accounts.models import User
from recommendations.models import Feedback, Recommendation
from recommendations.services import feedback
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
DAY = dt.date(2026, 4, 1)


@pytest.fixture
def record(db):
    """Answer one recommendation of one patient as one clinician."""
    user = UserFactory(role=User.Role.CLINICIAN)
    item = Recommendation.objects.create(
        patient=PatientFactory(), item="RX01", status="recommended", rank=1, content={},
        content_digest="d", catalogue_digest="c", as_of=NOW,
    )  # fmt: skip

    def call(answer="decline", reason="other", key="k1", **more):
        item.refresh_from_db()
        return feedback.record(
            item, answer=answer, reason=reason, idempotency_key=key, by=user, now=NOW, **more
        )

    return call


def test_the_same_answer_with_the_same_key_is_stored_once(record):
    assert record() == record()


def test_a_retry_is_safe_after_the_recommendation_was_replaced(record):
    first = record()
    Recommendation.objects.update(superseded_at=NOW)

    assert record() == first


def test_another_answer_with_the_same_key_is_refused_and_not_swallowed(record):
    record()

    with pytest.raises(feedback.NotAnswerable, match="new key"):
        record(answer="accept", reason="agreed")


@pytest.mark.parametrize("answer", Feedback.REASONS)
@pytest.mark.parametrize("reason", Feedback.Reason)
def test_a_reason_that_contradicts_its_answer_is_refused_in_words(record, answer, reason):
    more = {"snooze_until": DAY} if answer == "later" else {}
    if reason in Feedback.REASONS[answer]:
        assert record(answer=answer, reason=reason, **more).reason == reason
    else:
        with pytest.raises(feedback.NotAnswerable, match="contradicts itself"):
            record(answer=answer, reason=reason, **more)


@pytest.mark.parametrize("answer", Feedback.REASONS)
@pytest.mark.parametrize("reason", Feedback.Reason)
def test_the_database_knows_the_same_pairs(record, answer, reason):
    stored = record()
    stored.answer, stored.reason = answer, reason
    stored.snooze_until = DAY if answer == "later" else None
    allowed = nullcontext() if reason in Feedback.REASONS[answer] else pytest.raises(IntegrityError)
    with allowed, transaction.atomic():
        stored.save()


def test_a_day_to_come_back_belongs_to_not_now_alone(record):
    with pytest.raises(feedback.NotAnswerable, match="not now"):
        record(answer="accept", reason="agreed", snooze_until=DAY)

    assert not Feedback.objects.exists()
