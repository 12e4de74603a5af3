"""Did it help? What was expected of an accepted item, and what came."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import models
from django.db.models import Q

from healthcare.accounts.models import User
from ml.recommenders.achieved import Again
from patients.models import Patient

from .feedback import Feedback


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: User) -> FollowUpQuerySet:
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def standing(self) -> FollowUpQuerySet:
        return self.filter(cancelled_at=None)

    def waiting(self, now: datetime) -> FollowUpQuerySet:
        """Those in whose window we are, or were, with no value yet."""
        opened = now.date() + FollowUp.EARLY
        return self.standing().filter(value_after=None, due_on__lte=opened)


class FollowUp(models.Model):
    """One value that an accepted item is expected to move.

    Changes are in the analyte's canonical unit; negative is a fall.
    """

    EARLY = timedelta(days=14)  # own choices: a value a little before the day counts,
    LATE = timedelta(days=180)  # and one that comes at the next visit

    feedback = models.OneToOneField(Feedback, on_delete=models.CASCADE, related_name="follow_up")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="follow_ups")
    item = models.CharField(max_length=10, help_text="Code of the intervention")
    analyte = models.CharField(max_length=20, help_text="Short name, such as SBP")
    value_before = models.FloatField()
    before_on = models.DateField(null=True)
    predicted_low = models.FloatField()
    predicted_high = models.FloatField()
    scheduled_on = models.DateField()
    due_on = models.DateField()
    value_after = models.FloatField(null=True)
    after_on = models.DateField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="follow_up_achieved_on_a_day",
                condition=Q(value_after=None, after_on=None)
                | Q(value_after__isnull=False, after_on__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["due_on"], name="follow_up_waiting",
                                condition=Q(value_after=None, cancelled_at=None))]  # fmt: skip

    def __str__(self):
        return f"#{self.pk} {self.item} {self.analyte}"

    @property
    def window(self) -> tuple[date, date]:
        """First and last day on which a value counts; never before the item was accepted."""
        first = max(self.due_on - self.EARLY, self.scheduled_on + timedelta(days=1))
        return first, self.due_on + self.LATE

    @property
    def change(self) -> float | None:
        return None if self.value_after is None else self.value_after - self.value_before

    @property
    def reached(self) -> bool:
        """Whether the value moved at least as far as the smaller end of the prediction."""
        change = self.change or 0.0
        falls = self.predicted_low + self.predicted_high < 0
        return change <= self.predicted_high if falls else change >= self.predicted_low


class Repeatability(models.Model):
    """How an analyte comes back when it is measured again and nothing was done, at this site:
    the line through pairs of untreated values, see `ml.recommenders.achieved.Again`."""

    analyte = models.CharField(max_length=20, unique=True)
    mean = models.FloatField(help_text="Of the first values")
    mean_again = models.FloatField(help_text="Of the second values")
    slope = models.FloatField()
    sd = models.FloatField(help_text="Of the first values")
    scatter = models.FloatField(help_text="Of the second values about the line")
    people = models.PositiveIntegerField()
    learned_at = models.DateTimeField()

    def __str__(self):
        return self.analyte

    @property
    def again(self) -> Again:
        return Again(self.mean, self.mean_again, self.slope, self.sd, self.scatter, self.people)
