"""Results that somebody must see to: asked for, closed, acknowledged, escalated.

A task is made from what is stored, never from what an importer remembers, so that asking
twice is asking once. Whoever stores, withdraws or moves results calls `after_results`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from healthcare.jobs import services as jobs
from patients.models import Notice, Patient, Result, ResultReview, ResultTask
from patients.models.results import ResultQuerySet
from patients.services import corrections, deltachecks
from patients.services.corrections import ENDED, THREAD

JOB = "results.escalate"
RECENT = timedelta(days=30)  # older than this when it came, a result asks for nobody's hurry
CRITICAL = [Result.Flag.LL, Result.Flag.HH]
Kind = ResultTask.Kind


class NoLongerOpen(Exception):
    """The result of a task was corrected or withdrawn before anyone saw to it."""

    def __init__(self):
        super().__init__(
            "This result has been corrected or withdrawn since. Reload the list to see what counts."
        )


@transaction.atomic
def after_results(results: ResultQuerySet, *, now: datetime) -> None:
    """Bring the tasks into line with these results, which came, ended or moved; twice is once."""
    if not results.exists():
        return
    ask_for_critical(results, now=now)
    deltachecks.ask(results, now=now, recent=RECENT)
    settle(results.order_by().values("patient"), now=now)


@transaction.atomic
def settle(patients: Iterable[int] | QuerySet, *, now: datetime) -> None:
    """Tell of results of these patients that no longer stand, and ask nobody for them."""
    corrections.tell(patients, now=now)
    _close_what_ended(patients, now=now)


def escalation_interval() -> timedelta:
    return timedelta(minutes=settings.CRITICAL_ESCALATION_MINUTES)


def _of_thread(path: str = "") -> dict[str, OuterRef]:
    """Other versions of the outer row's result, for the columns of a `Result` at `path`."""
    return {f"{path}{column}": OuterRef(column) for column in THREAD}


def ask_for_critical(results: ResultQuerySet, *, now: datetime) -> None:
    """A task for each critical result of late.

    A later version of a result takes over the clock of the task on the one before, so that a
    laboratory that sends preliminary and final values does not put the alarm off; and what
    somebody has seen already with the same value is not asked for again.
    """
    tasks = ResultTask.objects.filter(kind=Kind.CRITICAL)
    seen = tasks.filter(
        result__value=OuterRef("value"), result__flag=OuterRef("flag"),
        acknowledged_at__isnull=False, **_of_thread("result__"),
    )  # fmt: skip
    earlier = tasks.open().filter(**_of_thread("result__")).order_by("created_at")
    fresh = (
        results.current()
        .filter(flag__in=CRITICAL, collected_at__gte=F("recorded_at") - RECENT)
        .exclude(Exists(tasks.filter(result=OuterRef("pk"))))
        .exclude(Exists(seen))
        .annotate(**{name: Subquery(earlier.values(name)[:1])
                     for name in ("created_at", "escalates_at", "level")})
        .values_list("pk", "patient_id", "created_at", "escalates_at", "level")
    )  # fmt: skip
    due = now + escalation_interval()
    ResultTask.objects.bulk_create(
        (
            ResultTask(
                result_id=pk,
                patient_id=patient_id,
                kind=Kind.CRITICAL,
                created_at=since or now,
                escalates_at=escalates_at or due,
                level=level or 0,
            )
            for pk, patient_id, since, escalates_at, level in fresh.iterator()
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


def _close_what_ended(patients: Iterable[int] | QuerySet, *, now: datetime) -> None:
    """Nobody need see to a value that no longer stands. What tells of a correction stays."""
    tasks = ResultTask.objects.open().exclude(kind=Kind.CORRECTED)
    ids = tasks.filter(ENDED, patient__in=patients).values("pk")
    ResultTask.objects.filter(pk__in=ids).update(closed_at=now)


def reachable(user: User) -> QuerySet[ResultTask]:
    """Tasks this user may see and settle: those of the whole team, their own, and any that
    has escalated, of the patients they see."""
    theirs = Q(assigned_to=None) | Q(assigned_to=user) | Q(level__gt=0)
    return ResultTask.objects.visible_to(user).filter(theirs)


@transaction.atomic
def acknowledge(task: ResultTask, *, by: User, now: datetime, comment: str = "") -> ResultTask:
    """Somebody has seen the result and takes it on; who and when is kept. Twice is once: the
    first one stands.

    Raises PermissionDenied, ResultTask.DoesNotExist for a task out of this user's reach, and
    NoLongerOpen.
    """
    permissions.check(by, Permission.RESULT_ACKNOWLEDGE)
    task = reachable(by).select_for_update(of=("self",)).get(pk=task.pk)
    if task.acknowledged_at is not None:
        return task
    if task.closed_at is not None:
        raise NoLongerOpen
    task.acknowledged_at, task.acknowledged_by, task.comment = now, by, comment
    task.save(update_fields=["acknowledged_at", "acknowledged_by", "comment"])
    _settle(task, by=by, now=now)
    return task


def _settle(task: ResultTask, *, by: User, now: datetime) -> None:
    """What follows from an acknowledgement: it is reviewed, and nobody need be told any more."""
    seen = task.result
    if task.kind == Kind.CORRECTED:
        same = {column: getattr(seen, column) for column in THREAD}
        seen = Result.objects.current().filter(**same).order_by("-issued_at", "-pk").first() or seen
    ResultReview.objects.bulk_create(
        [
            ResultReview(
                result=seen, patient_id=task.patient_id, by=by, at=now, comment=task.comment
            )
        ],
        ignore_conflicts=True,
    )
    told = Notice.objects.unread().filter(result=task.result_id)
    if task.kind == Kind.CORRECTED:
        told.filter(kind=Notice.Kind.CORRECTED, recipient=by).update(read_at=now)
    else:
        told.filter(kind=Notice.Kind.ESCALATED).update(read_at=now)
    audit.record(
        "result_task.acknowledged",
        target=task,
        by=by,
        patient_ids=[task.patient_id],
        kind=task.kind,
        level=task.level,
    )


def settle_corrections(results: Iterable[Result], *, by: User, now: datetime) -> None:
    """Acknowledge what this user was to be told of results whose present version they saw."""
    for result in results:
        same = {f"result__{column}": getattr(result, column) for column in THREAD}
        own = ResultTask.objects.open().filter(kind=Kind.CORRECTED, assigned_to=by, **same)
        for task in own:
            acknowledge(task, by=by, now=now)


def request_escalation(*, now: datetime) -> None:
    """Queue the escalation when something is due; called every minute."""
    if ResultTask.objects.due(now).exists():
        jobs.enqueue(JOB, key="due", queue="inference")


@transaction.atomic
def escalate(*, now: datetime) -> int:
    """Tell the next level of every task that is due; return how many there were.

    The clinicians of the patient's team first; administrators too from the second time on, or
    at once where the team has no clinician. It goes on until somebody acknowledges.
    """
    due = list(
        ResultTask.objects.due(now)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("patient")
        .order_by("pk")
    )
    for task in due:
        task.level += 1
        task.escalates_at = now + escalation_interval()
        _tell(task, now=now)
        audit.record("result_task.escalated", target=task, by=None,
                     patient_ids=[task.patient_id], level=task.level)  # fmt: skip
    ResultTask.objects.bulk_update(due, ["level", "escalates_at"])
    return len(due)


def _tell(task: ResultTask, *, now: datetime) -> None:
    """One unread notice a person: who has not read the first is not helped by a second."""
    untold = _audience(task.patient, level=task.level).exclude(
        Exists(
            Notice.objects.unread().filter(
                recipient=OuterRef("pk"), kind=Notice.Kind.ESCALATED, result=task.result_id
            )
        )
    )
    Notice.objects.bulk_create(
        Notice(
            recipient=user,
            kind=Notice.Kind.ESCALATED,
            patient_id=task.patient_id,
            result_id=task.result_id,
            created_at=now,
        )
        for user in untold
    )


def _audience(patient: Patient, *, level: int) -> QuerySet[User]:
    people = User.objects.filter(is_active=True).order_by("pk")
    clinicians = people.filter(role=User.Role.CLINICIAN, care_teams=patient.care_team_id)
    if level == 1 and clinicians.exists():
        return clinicians
    wanted = Q(pk__in=clinicians.values("pk")) | Q(role=User.Role.ADMINISTRATOR)
    return people.filter(wanted)
