"""A clinician's answer to a recommendation."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from recommendations.models import Feedback, Recommendation


class NotAnswerable(Exception):
    """The recommendation cannot be answered like that; the message says why."""


@transaction.atomic
def record(
    recommendation: Recommendation,
    *,
    answer: str,
    reason: str,
    comment: str = "",
    snooze_until: date | None = None,
    idempotency_key: str,
    by: User,
    now: datetime,
) -> Feedback:
    """Store an answer; sending it again with the same key stores nothing twice."""
    permissions.check(by, Permission.FEEDBACK_GIVE)
    key = {"recommendation": recommendation, "by": by, "idempotency_key": idempotency_key}
    said = {"answer": answer, "reason": reason, "comment": comment, "snooze_until": snooze_until}
    if not Feedback.objects.filter(**key).exists():  # a repeated answer was checked before
        _check_reason(answer, reason)
        _check(recommendation, answer, snooze_until, now)
    feedback, is_new = Feedback.objects.get_or_create(**key, defaults={**said, "at": now})
    if any(getattr(feedback, name) != value for name, value in said.items()):
        raise NotAnswerable("This key was used for another answer. Send a new key.")
    if is_new:
        audit.record(
            "recommendation.answered",
            target=recommendation,
            by=by,
            patient_ids=[recommendation.patient_id],
            answer=answer,
            reason=reason,
        )
    return feedback


def _check_reason(answer: str, reason: str) -> None:
    """A reason that contradicts its answer would teach the ranking nonsense."""
    fitting = [Feedback.Reason(each) for each in Feedback.REASONS[Feedback.Answer(answer)]]
    if reason not in fitting:
        given = f"{Feedback.Answer(answer).label}: {Feedback.Reason(reason).label}"
        choices = ", ".join(f"{each.value} ({each.label})" for each in fitting)
        raise NotAnswerable(
            f"“{given}” contradicts itself. Choose a reason that fits the answer: {choices}."
        )


def _check(
    recommendation: Recommendation, answer: str, snooze_until: date | None, now: datetime
) -> None:
    if recommendation.superseded_at is not None:
        raise NotAnswerable("This recommendation was replaced by a newer one. Reload the page.")
    if answer == Feedback.Answer.ACCEPT and recommendation.status == Recommendation.Status.BLOCKED:
        raise NotAnswerable("This item is not safe for this patient and cannot be accepted.")
    if answer != Feedback.Answer.LATER and snooze_until is not None:
        raise NotAnswerable("Only “not now” takes a day to come back.")
    if answer == Feedback.Answer.LATER and (snooze_until is None or snooze_until <= now.date()):
        raise NotAnswerable("“Not now” needs a day in the future to come back.")
