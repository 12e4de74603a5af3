"""Who did what to whom, and when: reads and writes of patient data."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class AuditEvent(models.Model):
    """One read or write.

    Holds no foreign keys, so that erasing a patient or a user never erases or blocks the
    record of what was done.
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(max_length=150)
    role = models.CharField(max_length=20)
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    patient_ids = ArrayField(models.BigIntegerField(), default=list)
    details = models.JSONField(default=dict)  # counts and codes; never names or values

    class Meta:
        indexes = [
            models.Index(fields=["target_type", "target_id"]),
            GinIndex(fields=["patient_ids"], name="audit_event_patients"),
        ]

    def __str__(self):
        return f"#{self.pk} {self.actor} {self.action} {self.target_type}:{self.target_id}"


class AuditSeal(models.Model):
    """A link of the chain over the audit trail: what its rows said when they were sealed.

    Events are appended without waiting for each other; once a minute what is new is sealed.
    `ids` and not a range: a transaction may commit a lower number after a higher one.
    """

    sealed_at = models.DateTimeField()
    ids = ArrayField(models.BigIntegerField(), help_text="Events, ascending")
    last_id = models.BigIntegerField(db_index=True)
    row_digests = models.BinaryField(help_text="16 bytes of SHA-256 for each event")
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of the digest before, the ids and the row digests"
    )

    def __str__(self):
        return f"#{self.pk} to {self.last_id}"
