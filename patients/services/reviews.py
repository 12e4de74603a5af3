"""Somebody has looked at results: kept per version, so that a correction can tell them."""

from datetime import datetime

from django.db import transaction

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients.models import Result, ResultReview
from patients.models.results import ResultQuerySet
from patients.services import resulttasks


@transaction.atomic
def review(results: ResultQuerySet, *, by: User, now: datetime, comment: str = "") -> int:
    """Note that a user has seen these versions; return how many were new. Twice is once.

    Results of patients whom the user does not see are left out. A critical result stays on
    the task list: looking through a page is not taking it on. Raises PermissionDenied.
    """
    permissions.check(by, Permission.RESULT_ACKNOWLEDGE)
    reviewed = ResultReview.objects.filter(by=by).values("result")
    seen = list(results.visible_to(by).exclude(pk__in=reviewed).order_by("pk"))
    if not seen:
        return 0
    ResultReview.objects.bulk_create(
        [
            ResultReview(
                result=result, patient_id=result.patient_id, by=by, at=now, comment=comment
            )
            for result in seen
        ],
        ignore_conflicts=True,
    )
    patient_ids = sorted({result.patient_id for result in seen})
    audit.record(
        "results.reviewed", target=seen[0], by=by, patient_ids=patient_ids, count=len(seen)
    )
    resulttasks.settle_corrections(_standing(seen), by=by, now=now)
    return len(seen)


def _standing(results: list[Result]) -> list[Result]:
    return [
        result
        for result in results
        if result.superseded_at is None and result.status not in Result.VOID
    ]
