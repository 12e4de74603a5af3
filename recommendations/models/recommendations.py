from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from healthcare.accounts.models import User
from patients.models import Patient


class RecommendationQuerySet(models.QuerySet["Recommendation"]):
    def visible_to(self, user: User) -> RecommendationQuerySet:
        """Recommendations for the patients this user may see."""
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def current(self) -> RecommendationQuerySet:
        return self.filter(superseded_at=None)


class Recommendation(models.Model):
    """One catalogue item weighed for one patient: recommended, to be checked, or blocked.

    Everything the page shows is kept with it, so that what was shown can be shown again.
    Never edited; the next weighing sets `superseded_at` on those that no longer hold.
    """

    class Status(models.TextChoices):
        RECOMMENDED = "recommended", "Recommended"
        CHECK_FIRST = "check_first", "Check first"
        BLOCKED = "blocked", "Not safe here"

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="recommendations")
    item = models.CharField(max_length=10, help_text="Code of the intervention")
    status = models.CharField(max_length=12, choices=Status)
    rank = models.PositiveSmallIntegerField()
    is_urgent = models.BooleanField(default=False)
    content = models.JSONField(help_text="The item as the engine gave it: reasons, cautions, …")
    content_digest = models.CharField(max_length=64)
    catalogue_digest = models.CharField(max_length=64)
    as_of = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    objects = RecommendationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_current_recommendation",
                fields=["patient", "item"],
                condition=Q(superseded_at=None),
            )
        ]
        indexes = [models.Index(fields=["patient", "rank"], condition=Q(superseded_at=None),
                                name="recommendation_of_patient")]  # fmt: skip

    def __str__(self):
        return f"#{self.pk} {self.item}"


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def visible_to(self, user: User) -> FeedbackQuerySet:
        return self.filter(recommendation__patient__in=Patient.objects.visible_to(user))


class Feedback(models.Model):
    """A clinician's answer to a recommendation. A changed mind is a new row."""

    class Answer(models.TextChoices):
        ACCEPT = "accept", "Accept"
        LATER = "later", "Not now"
        DECLINE = "decline", "Decline"

    class Reason(models.TextChoices):
        AGREED = "agreed", "Agreed with the patient"
        ALREADY_DONE = "already_done", "Already done"
        NOT_SUITABLE = "not_suitable", "Not suitable (contraindication)"
        PATIENT_DECLINED = "patient_declined", "Patient declined"
        DISAGREE = "disagree", "Disagree with the risk"
        WRONG_DATA = "wrong_data", "Wrong data"
        LATER = "later", "Another time"
        OTHER = "other", "Other"

    # Which reasons an answer can have: accepted because the patient declined is none.
    REASONS = {
        Answer.ACCEPT: (Reason.AGREED, Reason.OTHER),
        Answer.LATER: (Reason.LATER, Reason.PATIENT_DECLINED, Reason.OTHER),
        Answer.DECLINE: (
            Reason.ALREADY_DONE,
            Reason.NOT_SUITABLE,
            Reason.PATIENT_DECLINED,
            Reason.DISAGREE,
            Reason.WRONG_DATA,
            Reason.OTHER,
        ),
    }

    recommendation = models.ForeignKey(
        Recommendation, on_delete=models.CASCADE, related_name="feedback"
    )
    answer = models.CharField(max_length=10, choices=Answer)
    reason = models.CharField(max_length=20, choices=Reason)
    comment = models.CharField(max_length=500, blank=True)
    snooze_until = models.DateField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=64)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="feedback_once", fields=["recommendation", "by", "idempotency_key"]
            ),
            models.CheckConstraint(
                name="feedback_snoozed_only_when_later",
                condition=Q(answer="later", snooze_until__isnull=False)
                | ~Q(answer="later") & Q(snooze_until=None),
            ),
            models.CheckConstraint(
                name="feedback_reason_fits_answer",  # as REASONS; a test compares the two
                condition=Q(reason="other")
                | Q(answer="accept", reason="agreed")
                | Q(answer="later", reason__in=["later", "patient_declined"])
                | Q(
                    answer="decline",
                    reason__in=[
                        "already_done",
                        "not_suitable",
                        "patient_declined",
                        "disagree",
                        "wrong_data",
                    ],
                ),
            ),
        ]
        indexes = [models.Index(fields=["recommendation", "-at"])]

    def __str__(self):
        return f"#{self.pk} {self.answer}"
