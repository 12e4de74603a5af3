"""What each part of the ranking weighs at this site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from recommendations.models import RankingWeights
from recommendations.models.rankingweights import DEFAULTS, made
from recommendations.services import recommend


class NotSet(Exception):
    """The weights cannot be set like that; the message says why."""


@transaction.atomic
def change(weights: Mapping[str, float], *, reason: str, by: User, now: datetime) -> RankingWeights:
    """Set the weights from now on, `{}` for the defaults; everybody is weighed again."""
    permissions.check(by, Permission.CATALOGUE_EDIT)
    if not reason.strip():
        raise NotSet("Say in a few words why the weights change.")
    unknown = set(weights) - set(asdict(DEFAULTS))
    if unknown:
        raise NotSet(f"The ranking has no part called {', '.join(sorted(unknown))}.")
    try:
        wanted = made(weights)
    except ValueError as refusal:
        raise NotSet(str(refusal)) from refusal
    if wanted == RankingWeights.current():
        raise NotSet("These are the weights that hold already.")
    row = RankingWeights.objects.create(weights=dict(weights), reason=reason.strip(), by=by, at=now)
    audit.record("ranking_weights.changed", target=row, by=by, weights=dict(weights))
    recommend.request_everybody()
    return row
