"""Open result tasks and notices as pages and endpoints show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, OuterRef, Prefetch, QuerySet, Subquery, Value, When

from healthcare.accounts.models import User
from healthcare.common import figures
from ml import analytes, units
from patients.models import Notice, PatientIdentifier, Result, ResultTask
from patients.services import corrections, resulttasks

Kind = ResultTask.Kind
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Amount:
    """A result in words: the number or text, its unit, flag and moment."""

    text: str
    unit: str
    flag: str
    collected: str


@dataclass(frozen=True, slots=True)
class Line:
    """One task as a person reads it."""

    task: ResultTask
    mrn: str
    test: str
    seen: Amount  # the result the task is about
    before: Amount | None  # the value before it, for an unlikely change and a critical result
    standing: Amount | None  # what counts now, for a correction
    waiting: str
    level: str


def tasks(user: User) -> QuerySet[ResultTask]:
    """Open tasks this user may settle: critical first, then the oldest, with what lines need."""
    return (
        resulttasks.reachable(user)
        .filter(acknowledged_at=None, closed_at=None)
        .annotate(
            urgency=Case(When(kind=Kind.CRITICAL, then=Value(0)), default=Value(1)),
            before_id=Subquery(_before().values("pk")[:1]),
            standing_id=Subquery(_standing().values("pk")[:1]),
        )
        .select_related("patient", "result__analyte")
        .prefetch_related(
            Prefetch(
                "patient__identifiers",
                queryset=PatientIdentifier.objects.filter(system=PatientIdentifier.MRN),
                to_attr="record_numbers",
            )
        )
        .order_by("urgency", "created_at", "pk")
    )


def kind_counts(user: User) -> dict[str, int]:
    """How many open tasks of each kind this user may settle."""
    rows = resulttasks.reachable(user).filter(acknowledged_at=None, closed_at=None)
    return dict(rows.order_by().values_list("kind").annotate(Count("pk")))


def lines(page: list[ResultTask], *, user: User, now: datetime) -> list[Line]:
    """Tasks of `tasks` in words; one query more, however many there are."""
    wanted = {pk for task in page for pk in (task.before_id, task.standing_id)}  # type: ignore[attr-defined]
    others = Result.objects.select_related("analyte").in_bulk(wanted - {None})
    return [_line(task, others, user=user, now=now) for task in page]


def notices(user: User) -> QuerySet[Notice]:
    """What a user was told, the newest first, unread ones before all others."""
    is_read = Case(When(read_at=None, then=Value(0)), default=Value(1))
    return (
        Notice.objects.visible_to(user)
        .select_related("patient__care_team", "result__analyte")
        .order_by(is_read, "-created_at", "-pk")
    )


def _before():
    return (
        Result.objects.current()
        .filter(
            patient=OuterRef("patient"),
            analyte=OuterRef("result__analyte"),
            collected_at__lt=OuterRef("result__collected_at"),
        )
        .order_by("-collected_at", "-issued_at")
    )


def _standing():
    thread = {column: OuterRef(f"result__{column}") for column in corrections.THREAD}
    return Result.objects.current().filter(**thread).order_by("-issued_at", "-pk")


def _line(task: ResultTask, others: dict[int, Result], *, user: User, now: datetime) -> Line:
    numbers = task.patient.record_numbers  # type: ignore[attr-defined]
    is_correction = task.kind == Kind.CORRECTED
    before = others.get(task.before_id)  # type: ignore[attr-defined]
    standing = others.get(task.standing_id)  # type: ignore[attr-defined]
    return Line(
        task=task,
        mrn=figures.record_number(numbers[0].value) if numbers else "",
        test=task.result.analyte.name,
        seen=amount(task.result, user),
        before=amount(before, user) if before and not is_correction else None,
        standing=amount(standing, user) if standing and is_correction else None,
        waiting=span(now - task.created_at),
        level=_level(task.level),
    )


def amount(result: Result, user: User) -> Amount:
    """A result in the units this user reads."""
    number, unit = _number(result, user.units)
    text = f"{result.comparator}{number}" if number else result.text
    is_number = bool(number)
    return Amount(
        text=text,
        unit=figures.unit(unit) if is_number else "",
        flag=result.flag,
        collected=figures.clock(result.collected_at),
    )


def _number(result: Result, system: str) -> tuple[str, str]:
    """The value in a system of units; the stored unit for an analyte that left the library."""
    if result.value is None:
        return "", ""
    try:
        shown = units.display(result.analyte.code, result.value, system)  # type: ignore[arg-type]
    except analytes.UnknownAnalyte:
        return figures.number(result.value), result.analyte.unit
    is_stored = shown.unit == result.analyte.unit
    return figures.number(result.value) if is_stored else units.written(shown), shown.unit


def span(duration: timedelta) -> str:
    """How long, in the two largest units that matter: 12 min, 3 h 20 min, 4 days."""
    if duration >= 2 * DAY:
        return f"{duration // DAY} days"
    hours, minutes = duration // HOUR, duration % HOUR // MINUTE
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _level(level: int) -> str:
    if level == 0:
        return ""
    who = "the care team was told" if level == 1 else "administrators were told"
    return f"Escalated {level} time{'s' * (level > 1)}: {who}"
