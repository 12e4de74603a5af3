"""A clinician's answer to a recommendation, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from recommendations.models import Feedback, Recommendation
from recommendations.services import consequences

PATIENT_DECLINED_FOR = timedelta(days=180)  # own choice: a patient may think again
Answer, Reason = Feedback.Answer, Feedback.Reason


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
    done_on: date | None = None,
    done_item: str = "",
    place: str = Feedback.Place.PAGE,
    idempotency_key: str,
    by: User,
    now: datetime,
) -> Feedback:
    """Store an answer and do what its reason asks; the same key stores and does nothing twice.

    `done_on` (today when not given) and `done_item` (one of `consequences.done_items`) say when
    and what was done, where the answer is that it was.
    """
    permissions.check(by, Permission.FEEDBACK_GIVE)
    key = {"recommendation": recommendation, "by": by, "idempotency_key": idempotency_key}
    said: dict[str, Any] = {"answer": answer, "reason": reason, "comment": comment}
    earlier = Feedback.objects.filter(**key).first()
    if earlier is not None:  # a repeated answer was checked before
        return _same(earlier, said | {"snooze_until": snooze_until})
    _check_reason(answer, reason)
    _check(recommendation, answer, reason, snooze_until, now)
    done = consequences.Done(done_on or now.date(), done_item)
    _check_done(done, recommendation, now)
    said["snooze_until"] = snooze_until or _snoozed_for(answer, reason, now)
    feedback, is_new = Feedback.objects.get_or_create(
        **key, defaults={**said, "place": place, "at": now}
    )
    if not is_new:
        return _same(feedback, said)
    _audit(feedback, "recommendation.answered", answer=answer, reason=reason, place=place)
    consequences.follow(feedback, done)
    return feedback


@transaction.atomic
def undo(feedback: Feedback, *, by: User, now: datetime) -> Feedback:
    """Take back one's own answer and what it did, within minutes and until somebody acts on it.

    Twice does nothing more.
    """
    permissions.check(by, Permission.FEEDBACK_GIVE)
    feedback = Feedback.objects.select_for_update().get(pk=feedback.pk)
    if earlier := Feedback.objects.filter(undoes=feedback, by=by).first():
        return earlier
    if why_not := _why_no_undo(feedback, by=by, now=now):
        raise NotAnswerable(f"{why_not} Give a new answer instead.")
    taken_back = Feedback.objects.create(
        recommendation=feedback.recommendation, answer=Answer.UNDO, reason=Reason.MISTAKE,
        by=by, at=now, place=feedback.place, undoes=feedback,
        idempotency_key=f"undo-{feedback.pk}",
    )  # fmt: skip
    _audit(taken_back, "recommendation.answer_taken_back", undoes=feedback.pk)
    consequences.take_back(feedback, by=by, now=now)
    return taken_back


def undo_ends(answers: Iterable[Feedback], *, by: User, now: datetime) -> dict[int, datetime]:
    """Until when this user may take answers back, by their keys: those that they may. Asks the
    database once, and only where there are fresh ones of their own."""
    if not permissions.can(by, Permission.FEEDBACK_GIVE):
        return {}
    fresh = [answer for answer in answers if _is_own_and_fresh(answer, by, now)]
    gone = consequences.acted_upon(fresh)
    return {each.pk: each.at + Feedback.UNDO_WITHIN for each in fresh if each.pk not in gone}


def _why_no_undo(feedback: Feedback, *, by: User, now: datetime) -> str:
    """Why an answer cannot be taken back, "" when it can."""
    if not _is_own_and_fresh(feedback, by, now):
        minutes = Feedback.UNDO_WITHIN.seconds // 60
        return f"Only your own answer can be taken back, and only within {minutes} minutes."
    if consequences.acted_upon([feedback]):
        return "Somebody has acted on this answer since."
    return ""


def _is_own_and_fresh(feedback: Feedback, by: User, now: datetime) -> bool:
    is_fresh = now - feedback.at <= Feedback.UNDO_WITHIN
    return is_fresh and feedback.by_id == by.pk and feedback.answer != Answer.UNDO


def _same(earlier: Feedback, said: dict) -> Feedback:
    """The stored answer, if it says this; a day to come back may have been ours."""
    snoozed = said.pop("snooze_until")
    differs = any(getattr(earlier, name) != value for name, value in said.items())
    if differs or snoozed not in (None, earlier.snooze_until):
        raise NotAnswerable("This key was used for another answer. Send a new key.")
    return earlier


def _snoozed_for(answer: str, reason: str, now: datetime) -> date | None:
    declined = (answer, reason) == (Answer.DECLINE, Reason.PATIENT_DECLINED)
    return now.date() + PATIENT_DECLINED_FOR if declined else None


def _audit(feedback: Feedback, action: str, **details) -> None:
    recommendation = feedback.recommendation
    audit.record(
        action,
        target=recommendation,
        by=feedback.by,
        patient_ids=[recommendation.patient_id],
        **details,
    )


def _check_reason(answer: str, reason: str) -> None:
    """A reason that contradicts its answer would teach the ranking nonsense."""
    if answer == Answer.UNDO:
        raise NotAnswerable("An answer is taken back by undoing it, not by a new one.")
    fitting = [Reason(each) for each in Feedback.REASONS[Answer(answer)]]
    if reason not in fitting:
        given = f"{Answer(answer).label}: {Reason(reason).label}"
        choices = ", ".join(f"{each.value} ({each.label})" for each in fitting)
        raise NotAnswerable(
            f"“{given}” contradicts itself. Choose a reason that fits the answer: {choices}."
        )


def _check(
    recommendation: Recommendation,
    answer: str,
    reason: str,
    snooze_until: date | None,
    now: datetime,
) -> None:
    if recommendation.superseded_at is not None:
        raise NotAnswerable("This recommendation was replaced by a newer one. Reload the page.")
    is_blocked = recommendation.status == Recommendation.Status.BLOCKED
    if is_blocked and answer in (Answer.ACCEPT, Answer.MODIFY):
        raise NotAnswerable("This item is not safe for this patient and cannot be accepted.")
    _check_snooze(answer, reason, snooze_until, now)


def _check_snooze(answer: str, reason: str, snooze_until: date | None, now: datetime) -> None:
    may_rest = answer == Answer.LATER or reason == Reason.PATIENT_DECLINED
    if snooze_until is not None and not may_rest:
        raise NotAnswerable("Only “not now” and “patient declined” take a day to come back.")
    if answer == Answer.LATER and snooze_until is None:
        raise NotAnswerable("“Not now” needs a day in the future to come back.")
    if snooze_until is not None and snooze_until <= now.date():
        raise NotAnswerable("“Not now” needs a day in the future to come back.")


def _check_done(done: consequences.Done, recommendation: Recommendation, now: datetime) -> None:
    if done.on > now.date():
        raise NotAnswerable("What was done was done today or before. Give the day it was done.")
    choices = consequences.done_items(recommendation.item)
    if done.item and done.item not in choices:
        raise NotAnswerable(
            f"“{done.item}” is not part of this item. Choose one of: {', '.join(choices) or '–'}."
        )
