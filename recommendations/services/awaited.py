"""Ask for awaited values to be filled in. Light on purpose: the workers of the intake ask."""

from __future__ import annotations

import hashlib
from datetime import datetime

from healthcare.jobs import services as jobs
from recommendations.models import FollowUp

CHUNK = 500


def request(*, patient_ids: list[int], now: datetime) -> None:
    """Queue the filling in for those of these patients for whom something is awaited."""
    waiting = FollowUp.objects.waiting(now).filter(patient__in=patient_ids)
    ids = sorted(set(waiting.values_list("patient", flat=True)))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        key = hashlib.sha256(repr(chunk).encode()).hexdigest()[:32]
        jobs.enqueue(
            "recommendations.follow_up", key=key, queue="inference",
            arguments={"patient_ids": chunk},
        )  # fmt: skip
