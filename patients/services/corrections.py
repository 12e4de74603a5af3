"""Values that somebody has seen and that no longer stand: who must be told."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from healthcare.accounts.models import User
from patients.models import Notice, Result, ResultReview, ResultTask

# What makes rows of results versions of one result.
THREAD = ["patient_id", "analyte_id", "collected_at", "accession"]
ENDED = Q(result__superseded_at__isnull=False) | Q(result__status__in=Result.VOID)
LOCK = (4_712, 1)  # one teller at a time: a notice has no key of its own


def tell(patients: Iterable[int] | QuerySet, *, now: datetime) -> None:
    """A task and a notice for everyone who has seen a value that no longer stands.

    A new version that says the same, such as a final value after a preliminary one, tells
    nobody anything; nor does one that the person has seen already.
    """
    reviews = _reviews_of_ended_versions(patients)
    if not reviews.exists():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)
    told = _that_say_otherwise(list(reviews))
    members = _members_at_work(told)
    ResultTask.objects.bulk_create(
        [_task_of_correction(review, members, now=now) for review in told], ignore_conflicts=True
    )
    Notice.objects.bulk_create(
        Notice(
            recipient_id=review.by_id,
            kind=Notice.Kind.CORRECTED,
            patient_id=review.patient_id,
            result_id=review.result_id,
            created_at=now,
        )
        for review in told
    )


def _task_of_correction(
    review: ResultReview, members: set[tuple[int, int]], *, now: datetime
) -> ResultTask:
    """For the reviewer; for the whole team when the reviewer can no longer see to it."""
    is_member = (review.patient.care_team_id, review.by_id) in members
    return ResultTask(
        result_id=review.result_id,
        patient_id=review.patient_id,
        kind=ResultTask.Kind.CORRECTED,
        created_at=now,
        assigned_to_id=review.by_id if is_member else None,
    )


def _reviews_of_ended_versions(patients: Iterable[int] | QuerySet) -> QuerySet[ResultReview]:
    """Reviews of versions that ended and that their reviewers were not told of yet.

    `now_id` is the version that counts now, None where none does.
    """
    told = Notice.objects.filter(
        kind=Notice.Kind.CORRECTED, recipient=OuterRef("by"), result=OuterRef("result")
    )
    thread = {column: OuterRef(f"result__{column}") for column in THREAD}
    standing = Result.objects.current().filter(**thread).order_by("-issued_at", "-pk")
    return (
        ResultReview.objects.filter(ENDED, patient__in=patients)
        .exclude(Exists(told))
        .annotate(now_id=Subquery(standing.values("pk")[:1]))
        .select_related("result", "patient")
        .order_by("pk")
    )


def _that_say_otherwise(reviews: list[ResultReview]) -> list[ResultReview]:
    """Those whose result is void now, or has a value that the reviewer has not seen."""
    standing = Result.objects.in_bulk({review.now_id for review in reviews} - {None})  # type: ignore[attr-defined]
    seen = set(ResultReview.objects.filter(result__in=standing).values_list("result_id", "by_id"))

    def says_otherwise(review: ResultReview) -> bool:
        new = standing.get(review.now_id)  # type: ignore[attr-defined]
        return new is None or (
            _said(new) != _said(review.result) and (new.pk, review.by_id) not in seen
        )

    return [review for review in reviews if says_otherwise(review)]


def _said(result: Result) -> tuple:
    return result.value, result.comparator, result.text


def _members_at_work(reviews: Iterable[ResultReview]) -> set[tuple[int, int]]:
    """Care team and user of those reviewers who still see the patients of their team."""
    return set(
        User.objects.filter(pk__in={review.by_id for review in reviews}, is_active=True)
        .exclude(care_teams=None)
        .values_list("care_teams", "pk")
    )
