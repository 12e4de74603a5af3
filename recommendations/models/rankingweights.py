from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict

from django.conf import settings
from django.db import models
from django.db.models import Q

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from ml.recommenders.ranking import Weights

log = logging.getLogger(__name__)
DEFAULTS = Weights()


class RankingWeightsQuerySet(models.QuerySet["RankingWeights"]):
    def visible_to(self, user: User) -> RankingWeightsQuerySet:
        return self if permissions.can(user, Permission.CATALOGUE_VIEW) else self.none()


class RankingWeights(models.Model):
    """What each part of the ranking weighs at this site, from a moment on. Never edited.

    Without rows, and where the newest row names no weights, the defaults hold.
    """

    weights = models.JSONField(default=dict, help_text="Name of a part: its weight; {}: defaults")
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = RankingWeightsQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="ranking_weights_say_why", condition=~Q(reason=""))
        ]

    def __str__(self):
        return f"#{self.pk} {self.at:%Y-%m-%d}"

    @classmethod
    def current(cls) -> Weights:
        """The weights that hold now, in one query."""
        row = cls.objects.order_by("-at", "-pk").first()
        try:
            return made(row.weights if row else {})
        except ValueError:  # a later version allows less than the one that stored them
            log.exception("The stored weights of the ranking cannot be used: the defaults hold")
            return DEFAULTS


def made(stored: Mapping[str, float]) -> Weights:
    """Weights from what is stored: a part that was added since has its default, one that was
    dropped is left out. Raises ValueError with a sentence."""
    return Weights.of_site({n: stored.get(n, value) for n, value in asdict(DEFAULTS).items()})
