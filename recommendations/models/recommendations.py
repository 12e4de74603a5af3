from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

from healthcare.accounts.models import User
from patients.models import Patient
from recommendations import catalogue
from recommendations.catalogue import expiry

from .interventions import Intervention


class RecommendationQuerySet(models.QuerySet["Recommendation"]):
    def visible_to(self, user: User) -> RecommendationQuerySet:
        """Recommendations for the patients this user may see."""
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def current(self) -> RecommendationQuerySet:
        return self.filter(superseded_at=None)

    def in_force(self, today: date) -> RecommendationQuerySet:
        """Current ones but those whose item has run out since the last weighing: nobody is
        shown these, and the nightly job closes them."""
        oldest = expiry.oldest_review(catalogue.load(), today)
        gone = Intervention.objects.filter(reviewed_on__lt=oldest)
        return self.current().exclude(item__in=gone.values("code"))


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
    item = models.CharField(max_length=20, help_text="Code of the intervention, or a next test")
    status = models.CharField(max_length=12, choices=Status)
    rank = models.PositiveSmallIntegerField()
    is_urgent = models.BooleanField(default=False)
    content = models.JSONField(help_text="The item as the engine gave it: reasons, cautions, …")
    benefit = models.GeneratedField(
        expression=Cast(
            KeyTextTransform("arr", KeyTransform("0", KeyTransform("benefits", "content"))),
            models.FloatField(),
        ),
        output_field=models.FloatField(null=True), db_persist=True,
        help_text="Largest absolute risk reduction, for reports: the content is never read there",
    )  # fmt: skip
    content_digest = models.CharField(max_length=64)
    catalogue_digest = models.CharField(max_length=64)
    offered_at = models.DateTimeField(
        null=True, help_text="When it was first said so; not known of the oldest rows"
    )
    as_of = models.DateTimeField(help_text="When it was last weighed, with the same answer")
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
        indexes = [
            models.Index(fields=["patient", "rank"], condition=Q(superseded_at=None),
                         name="recommendation_of_patient"),
            models.Index(fields=["as_of"], condition=Q(is_urgent=True),
                         name="recommendation_urgent"),
            # Serves services.reach: whoever is counted there is read from here alone.
            models.Index(fields=["patient", "item"], name="recommendation_reach",
                         include=["status", "benefit", "superseded_at"]),
        ]  # fmt: skip

    def __str__(self):
        return f"#{self.pk} {self.item}"
