"""Cards that interrupt: how many a day a role can listen to, and what became of each."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from healthcare.accounts.models import User
from patients.models import Patient

from .recommendations import Recommendation


class AlertBudget(models.Model):
    """The site's choice for one role. Without a row the defaults of the fields hold."""

    role = models.CharField(max_length=20, choices=User.Role, unique=True)
    daily_capacity = models.PositiveSmallIntegerField(default=20)
    window_days = models.PositiveSmallIntegerField(
        default=30, help_text="Days in which the same card does not interrupt again"
    )
    threshold = models.FloatField(
        default=0.05, help_text="Risk without the item below which no card interrupts, 0 to 1"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="alert_threshold_is_a_risk", condition=Q(threshold__gte=0, threshold__lte=1)
            )
        ]

    def __str__(self):
        return self.role

    @classmethod
    def of(cls, role: str) -> AlertBudget:
        return cls.objects.filter(role=role).first() or cls(role=role)

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.window_days)


class AlertBudgetChange(models.Model):
    """What a role's budget was set to, by whom, when and why. Never edited."""

    role = models.CharField(max_length=20, choices=User.Role)
    daily_capacity = models.PositiveSmallIntegerField()
    window_days = models.PositiveSmallIntegerField()
    threshold = models.FloatField()
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="alert_budget_change_says_why", condition=~Q(reason=""))
        ]
        indexes = [models.Index(fields=["role", "-at"])]

    def __str__(self):
        return f"#{self.pk} {self.role}"


class InterruptionQuerySet(models.QuerySet["Interruption"]):
    def visible_to(self, user: User) -> InterruptionQuerySet:
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def sent(self) -> InterruptionQuerySet:
        return self.filter(fate=Interruption.Fate.INTERRUPTS)

    def held_back(self) -> InterruptionQuerySet:
        return self.exclude(fate=Interruption.Fate.INTERRUPTS)

    def since(self, moment: datetime) -> InterruptionQuerySet:
        return self.filter(at__gt=moment)


class Interruption(models.Model):
    """A card that interrupted a role, or was held back, and why. Never edited."""

    class Fate(models.TextChoices):
        INTERRUPTS = "interrupts", "Interrupted"
        REPEATED = "repeated", "Held back: shown before"
        OVER_BUDGET = "over_budget", "Held back: budget of the day used"
        BELOW_THRESHOLD = "below_threshold", "Held back: risk too low"

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="interruptions")
    recommendation = models.ForeignKey(Recommendation, on_delete=models.CASCADE, related_name="+")
    item = models.CharField(max_length=10, help_text="Code of the intervention")
    role = models.CharField(max_length=20, choices=User.Role)
    fate = models.CharField(max_length=15, choices=Fate)
    is_urgent = models.BooleanField()
    risk = models.FloatField(help_text="Without the item, 0 to 1")
    worth = models.FloatField(help_text="Absolute risk reduction; the larger goes first")
    at = models.DateTimeField()

    objects = InterruptionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["role", "at"])]

    def __str__(self):
        return f"#{self.pk} {self.item} {self.fate}"

    @property
    def interrupted(self) -> bool:
        return self.fate == Interruption.Fate.INTERRUPTS


class HabitModel(models.Model):
    """What was taken and declined at this site, learned: a tie-breaker and never more."""

    fitted_at = models.DateTimeField()
    answers = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    items = models.JSONField(help_text="Codes of the interventions, a column each")
    features = models.JSONField(help_text="Names of the person's features, a column each")
    weights = models.BinaryField(help_text="npz of ml.recommenders.habit.Habit, without pickle")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the weights")

    class Meta:
        get_latest_by = "fitted_at"

    def __str__(self):
        return f"#{self.pk} of {self.answers} answers"
