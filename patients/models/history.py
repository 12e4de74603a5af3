"""What a patient has, takes, reacts to, inherits, and has had done. Codes: ml/codes.py."""

from django.db import models
from django.db.models import F, Q

from .patients import Patient
from .querysets import RecordFact


class Condition(RecordFact):
    """An entry of the problem list."""

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"code", "label", "coding", "onset_on", "resolved_on"}
        plain = RecordFact.PLAIN

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="conditions")
    code = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    coding = models.CharField(
        max_length=150, blank=True, default="", db_default="", help_text="system|code as sent"
    )
    onset_on = models.DateField(null=True, blank=True)
    resolved_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="active_condition_once",
                fields=["patient", "code"],
                condition=Q(resolved_on=None, superseded_at=None),
            )
        ]


class Medication(RecordFact):
    """A drug the patient takes or took, known by its class."""

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"drug_class", "name", "coding", "dose", "started_on", "stopped_on"}
        plain = RecordFact.PLAIN

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="medications")
    drug_class = models.CharField(max_length=60, blank=True, help_text="Empty: not a class we know")
    name = models.CharField(max_length=200)
    coding = models.CharField(
        max_length=150, blank=True, default="", db_default="", help_text="system|code as sent"
    )
    dose = models.CharField(max_length=100, blank=True)
    started_on = models.DateField(null=True, blank=True)
    stopped_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="medication_stops_after_start",
                condition=Q(stopped_on=None)
                | Q(started_on=None)
                | Q(stopped_on__gte=F("started_on")),
            )
        ]
        indexes = [models.Index(fields=["patient"])]


class Allergy(RecordFact):
    """A substance the patient must not have."""

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"code", "label", "coding", "reaction"}
        plain = RecordFact.PLAIN

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="allergies")
    code = models.CharField(max_length=60, blank=True, help_text="Empty: not one we know")
    label = models.CharField(max_length=200)
    coding = models.CharField(
        max_length=150, blank=True, default="", db_default="", help_text="system|code as sent"
    )
    reaction = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="allergy_once",
                fields=["patient", "code", "label"],
                condition=Q(superseded_at=None),
            ),
        ]


class FamilyHistory(RecordFact):
    """A condition of a close relative."""

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"code", "coding", "relation"}
        plain = RecordFact.PLAIN

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="family_history")
    code = models.CharField(max_length=60)
    coding = models.CharField(
        max_length=150, blank=True, default="", db_default="", help_text="system|code as sent"
    )
    relation = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="family_history_once",
                fields=["patient", "code", "relation"],
                condition=Q(superseded_at=None),
            ),
        ]


class PreventiveCare(RecordFact):
    """A screening, vaccination or check that was done, by the catalogue's name of it."""

    class Privacy:
        identifying: set[str] = set()
        sensitive = {"item", "done_on"}
        plain = RecordFact.PLAIN

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="preventive_care")
    item = models.CharField(max_length=60)
    done_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="preventive_care_once",
                fields=["patient", "item", "done_on"],
                condition=Q(superseded_at=None),
            ),
        ]
