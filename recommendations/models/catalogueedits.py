"""The site's own edits of the catalogue: one person drafts, another publishes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission

from .feedback import ReviewTask

PERSON = settings.AUTH_USER_MODEL


class CatalogueEditQuerySet(models.QuerySet["CatalogueEdit"]):
    def visible_to(self, user: User) -> CatalogueEditQuerySet:
        return self if permissions.can(user, Permission.CATALOGUE_VIEW) else self.none()

    def open(self) -> CatalogueEditQuerySet:
        """Drafts that wait for a second person."""
        return self.filter(state=CatalogueEdit.State.OPEN)

    def standing(self) -> CatalogueEditQuerySet:
        """Published edits that hold now, in the place of what the files say."""
        return self.filter(state=CatalogueEdit.State.PUBLISHED, superseded_at=None)


class CatalogueEdit(models.Model):
    """One version of one entry, proposed by one person and decided by another.

    A draft may be changed by its author until it is decided; then the row stays as it is.
    """

    class Kind(models.TextChoices):
        CHANGE = "change", "Change"
        NEW = "new", "New entry"
        RENEW = "renew", "New review date"
        WITHDRAW = "withdraw", "Withdrawal"
        FILE = "file", "Back to the file"

    class State(models.TextChoices):
        OPEN = "open", "Waits for a second person"
        PUBLISHED = "published", "Published"
        REJECTED = "rejected", "Rejected"
        TAKEN_BACK = "taken_back", "Taken back"

    class Part(models.TextChoices):
        INTERVENTION = "intervention", "Intervention"
        INTERACTION = "interaction", "Interaction"

    WITHOUT_ENTRY = (Kind.WITHDRAW, Kind.FILE)

    code = models.CharField(max_length=10)
    part = models.CharField(max_length=12, choices=Part)
    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(help_text="Of the entry, once this is published")
    entry = models.JSONField(null=True, help_text="The entry whole, as in the files")
    base = models.JSONField(null=True, help_text="The entry that the draft began from")
    base_digest = models.CharField(max_length=64, blank=True)
    file_digest = models.CharField(
        max_length=64, blank=True, help_text="Of the files' entry when this was drafted"
    )
    reason = models.CharField(max_length=500)
    author = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    decided_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=500, blank=True, help_text="Why it was rejected")
    superseded_at = models.DateTimeField(null=True)
    tasks = models.ManyToManyField(ReviewTask, blank=True, related_name="edits")

    objects = CatalogueEditQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_edit_an_entry", fields=["code"], condition=Q(state="open")
            ),
            models.UniqueConstraint(
                name="one_standing_edit_an_entry",
                fields=["code"],
                condition=Q(state="published", superseded_at=None),
            ),
            models.CheckConstraint(
                name="edit_decided_by_somebody_at_a_time",
                condition=Q(state="open", decided_by=None, decided_at=None)
                | ~Q(state="open") & Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="edit_decided_by_a_second_person",
                condition=Q(state="open")
                | Q(state="taken_back", decided_by=F("author"))
                | Q(state__in=["published", "rejected"]) & ~Q(decided_by=F("author")),
            ),
            models.CheckConstraint(
                name="edit_rejected_with_a_reason", condition=~Q(state="rejected", decision="")
            ),
            models.CheckConstraint(
                name="edit_has_its_entry",
                condition=Q(kind__in=["withdraw", "file"], entry=None)
                | ~Q(kind__in=["withdraw", "file"]) & Q(entry__isnull=False),
            ),
            models.CheckConstraint(name="edit_says_why", condition=~Q(reason="")),
        ]

    def __str__(self):
        return f"#{self.pk} {self.code} {self.kind}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
