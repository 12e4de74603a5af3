from django.db import models
from django.db.models import Q


class Intervention(models.Model):
    """One entry of the catalogue, as its reviewed YAML file says (recommendations/catalogue)."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=20)
    evidence_grade = models.CharField(max_length=200)
    source = models.TextField()
    is_verified = models.BooleanField()
    reviewed_on = models.DateField()
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the entry")
    entry = models.JSONField(help_text="The entry whole; its schema is the catalogue's")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="intervention_has_evidence_and_source",
                condition=~Q(evidence_grade="") & ~Q(source=""),
            )
        ]

    def __str__(self):
        return self.code


class Interaction(models.Model):
    """One drug-class rule of the catalogue's safety filter."""

    code = models.CharField(max_length=10, unique=True)
    drug_class = models.CharField(max_length=60)
    against = models.CharField(max_length=200)
    severity = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    entry = models.JSONField()
    is_active = models.BooleanField(default=True)

    def __str__(self):
        return self.code
