"""Tasks that answers open for others: entries of the catalogue, data of a patient, rules."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from healthcare.accounts.models import User
from healthcare.audit import services as audit
from recommendations.models import Feedback, ReviewTask

LEAST_FIRINGS = 50  # product.md F2: a rule overridden in > 90 % of at least 50 answered firings
MOST_OVERRIDDEN = 0.9
NOT_RELEVANT_TIMES = 3  # own choice: three people of whom it was said that it is not relevant
LONGEST = 700


class NotClosed(Exception):
    """The task cannot be closed like that; the message says why."""


def open_for(feedback: Feedback, kind: str, text: str) -> ReviewTask:
    """A task from one answer; asking again gives the same."""
    recommendation = feedback.recommendation
    said = f"{text} Comment: {feedback.comment}" if feedback.comment else text
    is_data = kind == ReviewTask.Kind.DATA
    task, _ = ReviewTask.objects.get_or_create(
        kind=kind,
        feedback=feedback,
        defaults={
            "item": recommendation.item,
            "text": said[:LONGEST],
            "patient_id": recommendation.patient_id if is_data else None,
            "opened_at": feedback.at,
        },
    )
    return task


def open_when_overridden(feedback: Feedback) -> ReviewTask | None:
    """Open one review of a rule that people keep overriding; answers before the last review
    do not count again."""
    if feedback.answer != Feedback.Answer.DECLINE:
        return None
    item = feedback.recommendation.item
    why = why_review(_answers_since_review(item))
    if not why:
        return None
    task, _ = ReviewTask.objects.get_or_create(
        kind=ReviewTask.Kind.RULE,
        item=item,
        closed_at=None,
        defaults={"text": why, "opened_at": feedback.at},
    )
    return task


def withdraw_when_no_longer_overridden(
    feedback: Feedback, *, by: User, now: datetime, comment: str
) -> None:
    """End the review that this answer opened, where without it none is due."""
    item = feedback.recommendation.item
    opened = ReviewTask.objects.open().filter(
        kind=ReviewTask.Kind.RULE, item=item, opened_at=feedback.at
    )
    if opened.exists() and not why_review(_answers_since_review(item)):
        for task in opened:
            withdraw(task, by=by, now=now, comment=comment)


def why_review(answers: QuerySet[Feedback]) -> str:
    """Why a rule with these standing answers needs a review; empty when it does not."""
    given = list(answers.values_list("answer", "reason"))
    overridden = sum(answer == Feedback.Answer.DECLINE for answer, _ in given)
    irrelevant = sum(reason == Feedback.Reason.NOT_RELEVANT for _, reason in given)
    if len(given) >= LEAST_FIRINGS and overridden > MOST_OVERRIDDEN * len(given):
        return f"Overridden in {overridden} of {len(given)} answers. Is the rule too wide?"
    if irrelevant >= NOT_RELEVANT_TIMES:
        return f"Not relevant in {irrelevant} answers. Is the rule too wide?"
    return ""


@transaction.atomic
def close(task: ReviewTask, *, comment: str, by: User, now: datetime) -> ReviewTask:
    """End a task that the user may see, with what came of it. A closed one stays as it is."""
    if not ReviewTask.objects.visible_to(by).filter(pk=task.pk).exists():
        raise PermissionDenied("This task is not for your role.")
    task = ReviewTask.objects.select_for_update(of=("self",)).get(pk=task.pk)
    if task.closed_at is not None:
        return task
    if not comment.strip():
        raise NotClosed("Say in a few words what came of it.")
    return withdraw(task, by=by, now=now, comment=comment.strip())


def withdraw(task: ReviewTask, *, by: User, now: datetime, comment: str) -> ReviewTask:
    """End a task, by whoever has ended its reason."""
    task.closed_at, task.closed_by, task.closing_comment = now, by, comment
    task.save(update_fields=["closed_at", "closed_by", "closing_comment"])
    patients = [task.patient_id] if task.patient_id else []
    audit.record("review_task.closed", target=task, by=by, patient_ids=patients, kind=task.kind)
    return task


def _answers_since_review(item: str) -> QuerySet[Feedback]:
    answers = Feedback.objects.newest().filter(recommendation__item=item)
    reviewed = ReviewTask.objects.filter(
        kind=ReviewTask.Kind.RULE, item=item, closed_at__isnull=False
    )
    last = reviewed.order_by("-closed_at").values_list("closed_at", flat=True).first()
    return answers.filter(at__gt=last) if last else answers
