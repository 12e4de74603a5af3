"""What an answer changes beyond itself: the record, a task for somebody, a follow-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q

from healthcare.accounts.models import User
from ml import rules
from patients.models import PreventiveCare
from patients.services import records
from recommendations.catalogue import Intervention
from recommendations.models import Feedback, FollowUp, ReviewTask
from recommendations.services import catalogue, followups, reviews

TAKEN_BACK = "The answer that said so was taken back"


@dataclass(frozen=True)
class Done:
    """When something was done, and which of an item's parts it was."""

    on: date
    item: str = ""


def follow(feedback: Feedback, done: Done) -> None:
    """Do what the reason of a new answer asks for."""
    if feedback.answer in (Feedback.Answer.ACCEPT, Feedback.Answer.MODIFY):
        followups.schedule(feedback)
    elif _is_done(feedback):
        _reconcile(feedback, done)
    else:
        followups.cancel_earlier(feedback)
        if act := _BY_REASON.get(feedback.reason):
            act(feedback)
    reviews.open_when_overridden(feedback)


def _is_done(feedback: Feedback) -> bool:
    says_done = feedback.reason == Feedback.Reason.ALREADY_DONE
    return says_done or feedback.answer == Feedback.Answer.DONE


def take_back(feedback: Feedback, *, by: User, now: datetime) -> None:
    """Undo what `follow` did; nothing is deleted."""
    followups.restore_earlier(feedback)
    FollowUp.objects.standing().filter(feedback=feedback).update(cancelled_at=now)
    for task in ReviewTask.objects.open().filter(feedback=feedback):
        reviews.withdraw(task, by=by, now=now, comment=TAKEN_BACK)
    reviews.withdraw_when_no_longer_overridden(feedback, by=by, now=now, comment=TAKEN_BACK)
    if feedback.reconciled is not None:
        records.remove(feedback.reconciled, by=by, now=now, reason=TAKEN_BACK)


def acted_upon(answers: Iterable[Feedback]) -> set[int]:
    """On which of these answers something rests by now: a later answer, a task that somebody
    closed, a value that was measured, a fact that somebody corrected. In one query, if any."""
    keys = [answer.pk for answer in answers]
    if not keys:
        return set()
    same = Feedback.objects.standing().filter(
        recommendation__patient=OuterRef("recommendation__patient"),
        recommendation__item=OuterRef("recommendation__item"),
    )
    later = same.filter(Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")))
    closed = ReviewTask.objects.filter(feedback=OuterRef("pk"), closed_at__isnull=False)
    measured = FollowUp.objects.filter(feedback=OuterRef("pk"), value_after__isnull=False)
    rests = Exists(later) | Exists(closed) | Exists(measured)
    corrected = Q(reconciled__superseded_at__isnull=False)
    found = Feedback.objects.filter(rests | corrected, pk__in=keys)
    return set(found.values_list("pk", flat=True))


def done_items(item: str) -> tuple[str, ...]:
    """What the indication of an item asks to be done, such as ("colonoscopy", "fit")."""
    return asked_for(catalogue.current().by_id.get(item))


def asked_for(entry: Intervention | None) -> tuple[str, ...]:
    """The same of an entry of the catalogue; nothing of one that is not there."""
    if entry is None:
        return ()
    leaves = [leaf for leaf in rules.leaves(entry.indication) if isinstance(leaf, rules.Call)]
    return tuple(sorted({leaf.code for leaf in leaves if leaf.function == "due"}))


def _reconcile(feedback: Feedback, done: Done) -> None:
    """Put into the record what was done, if the rule of the item asks for it at all.

    Where the rule asks for several things, somebody has to say which of them it was.
    """
    items = done_items(feedback.recommendation.item)
    chosen = done.item or (items[0] if len(items) == 1 else "")
    if chosen:
        _add_fact(feedback, chosen, done.on)
    elif items:
        reviews.open_for(
            feedback,
            ReviewTask.Kind.DATA,
            f"Said to be done on {done.on:%d-%b-%Y}. Enter which: {', '.join(items)}.",
        )


def _add_fact(feedback: Feedback, item: str, on: date) -> None:
    recommendation = feedback.recommendation
    fact = PreventiveCare(patient_id=recommendation.patient_id, item=item, done_on=on)
    stored = records.add(fact, by=feedback.by, now=feedback.at)
    if stored is fact:  # what the record knew before is not ours to take back
        feedback.reconciled = fact
        feedback.save(update_fields=["reconciled"])


def _propose_edit(feedback: Feedback) -> None:
    reviews.open_for(
        feedback,
        ReviewTask.Kind.CATALOGUE,
        "A clinician found the item not suitable where its rules offer it. Does an exclusion or "
        "contraindication lack?",
    )


def _ask_for_data(feedback: Feedback) -> None:
    facts = "; ".join(
        reason["text"] for reason in feedback.recommendation.content.get("reasons", ())
    )
    reviews.open_for(
        feedback,
        ReviewTask.Kind.DATA,
        f"A clinician says that data behind this advice are wrong. It rests on: {facts}",
    )


_BY_REASON: dict[str, Callable[[Feedback], None]] = {
    Feedback.Reason.NOT_SUITABLE: _propose_edit,
    Feedback.Reason.WRONG_DATA: _ask_for_data,
}
