"""What clinicians answer, what that asks of somebody else, and whether it helped."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from patients.models import Patient

from .recommendations import Recommendation

PERSON = settings.AUTH_USER_MODEL


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def visible_to(self, user: User) -> FeedbackQuerySet:
        return self.filter(recommendation__patient__in=Patient.objects.visible_to(user))

    def standing(self) -> FeedbackQuerySet:
        """Answers that were not taken back."""
        return self.filter(undoes=None, undone_by=None)

    def newest(self) -> FeedbackQuerySet:
        """The standing answer to each item of each patient: one row a pair."""
        pair = ["recommendation__patient", "recommendation__item"]
        return self.standing().order_by(*pair, "-at", "-pk").distinct(*pair)


class Feedback(models.Model):
    """A clinician's answer to a recommendation. A changed mind is a new row, and so is an undo."""

    class Answer(models.TextChoices):
        ACCEPT = "accept", "Accept"
        MODIFY = "modify", "Accept, changed"
        LATER = "later", "Not now"
        DECLINE = "decline", "Decline"
        DONE = "done", "Done"
        UNDO = "undo", "Taken back"

    class Reason(models.TextChoices):
        AGREED = "agreed", "Agreed with the patient"
        CHANGED = "changed", "Other dose, product or plan"
        ALREADY_DONE = "already_done", "Already done"
        NOT_SUITABLE = "not_suitable", "Not suitable (contraindication)"
        NOT_RELEVANT = "not_relevant", "Not relevant here"
        PATIENT_DECLINED = "patient_declined", "Patient declined"
        DISAGREE = "disagree", "Disagree with the risk"
        WRONG_DATA = "wrong_data", "Wrong data"
        LATER = "later", "Another time"
        MISTAKE = "mistake", "Answered by mistake"
        OTHER = "other", "Other"

    class Place(models.TextChoices):
        PAGE = "page", "Patient page"
        API = "api", "API"
        CDS = "cds", "Card in another system"

    # Which reasons an answer can have: accepted because the patient declined is none.
    REASONS = {
        Answer.ACCEPT: (Reason.AGREED, Reason.OTHER),
        Answer.MODIFY: (Reason.CHANGED, Reason.OTHER),
        Answer.LATER: (Reason.LATER, Reason.PATIENT_DECLINED, Reason.OTHER),
        Answer.DECLINE: (
            Reason.ALREADY_DONE,
            Reason.NOT_SUITABLE,
            Reason.NOT_RELEVANT,
            Reason.PATIENT_DECLINED,
            Reason.DISAGREE,
            Reason.WRONG_DATA,
            Reason.OTHER,
        ),
        Answer.DONE: (Reason.ALREADY_DONE, Reason.OTHER),
    }
    FOLLOWED = (Answer.ACCEPT, Answer.MODIFY, Answer.DONE)  # the advice was taken
    UNDO_WITHIN = timedelta(minutes=10)  # own choice: long enough to see a wrong click

    recommendation = models.ForeignKey(
        Recommendation, on_delete=models.CASCADE, related_name="feedback"
    )
    answer = models.CharField(max_length=10, choices=Answer)
    reason = models.CharField(max_length=20, choices=Reason)
    comment = models.CharField(max_length=500, blank=True)
    snooze_until = models.DateField(null=True)
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    place = models.CharField(max_length=4, choices=Place, default=Place.PAGE, db_default="page")
    idempotency_key = models.CharField(max_length=64)
    undoes = models.OneToOneField(
        "self", on_delete=models.CASCADE, null=True, related_name="undone_by"
    )
    reconciled = models.ForeignKey(
        "patients.PreventiveCare", on_delete=models.SET_NULL, null=True, related_name="+",
        help_text="The fact that this answer put into the record",
    )  # fmt: skip

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="feedback_once", fields=["recommendation", "by", "idempotency_key"]
            ),
            models.CheckConstraint(
                name="feedback_snoozed_when_later_or_declined_by_patient",
                condition=Q(answer="later", snooze_until__isnull=False)
                | Q(answer="decline", reason="patient_declined")
                | ~Q(answer="later") & Q(snooze_until=None),
            ),
            models.CheckConstraint(
                name="feedback_reason_is_one_of_its_answer",  # as REASONS; a test compares the two
                condition=Q(answer__in=["accept", "modify", "later", "decline", "done"],
                            reason="other")
                | Q(answer="accept", reason="agreed")
                | Q(answer="modify", reason="changed")
                | Q(answer="later", reason__in=["later", "patient_declined"])
                | Q(
                    answer="decline",
                    reason__in=["already_done", "not_suitable", "not_relevant",
                                "patient_declined", "disagree", "wrong_data"],
                )
                | Q(answer="done", reason="already_done")
                | Q(answer="undo", reason="mistake"),
            ),
            models.CheckConstraint(
                name="feedback_undo_says_what",
                condition=Q(answer="undo", undoes__isnull=False)
                | ~Q(answer="undo") & Q(undoes=None),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["recommendation", "-at"])]

    def __str__(self):
        return f"#{self.pk} {self.answer}"


class ReviewTaskQuerySet(models.QuerySet["ReviewTask"]):
    def visible_to(self, user: User) -> ReviewTaskQuerySet:
        """Data of one's own patients; rules and entries of the catalogue for quality."""
        seen = Q(kind__in=[])
        if permissions.can(user, Permission.PATIENT_VIEW):
            seen |= Q(patient__in=Patient.objects.visible_to(user))
        if permissions.can(user, Permission.ADVICE_QUALITY_VIEW):
            seen |= Q(patient=None)
        return self.filter(seen)

    def open(self) -> ReviewTaskQuerySet:
        return self.filter(closed_at=None)


class ReviewTask(models.Model):
    """Something that an answer asks of somebody else."""

    class Kind(models.TextChoices):
        CATALOGUE = "catalogue", "Catalogue entry"
        DATA = "data", "Data of a patient"
        RULE = "rule", "Rule"

    kind = models.CharField(max_length=10, choices=Kind)
    item = models.CharField(max_length=20, help_text="Code of the intervention, or a next test")
    text = models.CharField(max_length=700)
    patient = models.ForeignKey(
        Patient, on_delete=models.CASCADE, null=True, related_name="review_tasks"
    )
    feedback = models.ForeignKey(Feedback, on_delete=models.CASCADE, null=True, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    closing_comment = models.CharField(max_length=500, blank=True)

    objects = ReviewTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="review_task_once", fields=["kind", "feedback"], condition=~Q(feedback=None)
            ),
            models.UniqueConstraint(
                name="one_open_rule_review",
                fields=["item"],
                condition=Q(kind="rule", closed_at=None),
            ),
            models.CheckConstraint(
                name="review_task_of_a_patient_when_about_data",
                condition=Q(kind="data", patient__isnull=False) | ~Q(kind="data") & Q(patient=None),
            ),
            models.CheckConstraint(
                name="review_task_closed_with_a_comment",
                condition=Q(closed_at=None) | ~Q(closing_comment=""),
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.kind} {self.item}"
