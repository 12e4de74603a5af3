"""One patient's results as the lab pages need them.

The number of queries does not depend on what is in the record: days, groups, cells, courses,
reviews and open tasks for the grid; versions, reviews and moves for one test.
"""

from __future__ import annotations

from collections import defaultdict, namedtuple
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate
from django.utils import timezone

from patients.models import Patient, Result, ResultMove, ResultReview, ResultTask
from patients.queries import start_of_day

DAYS_A_PAGE = 8
COURSE = 24  # values of a sparkline
VERSIONS_SHOWN = 500
COLUMNS = [
    "pk", "analyte_id", "analyte__code", "analyte__name", "analyte__group", "analyte__unit",
    "analyte__order", "value", "comparator", "text", "note", "value_as_sent", "unit_as_sent",
    "status", "collected_at", "issued_at", "recorded_at", "reference_low", "reference_high",
    "flag", "superseded_at", "withdrawn_at", "source", "accession", "lab_import_id",
]  # fmt: skip
Row = namedtuple("Row", COLUMNS)  # type: ignore[misc]  # named by the columns
ABNORMAL = ["LL", "L", "H", "HH", "A"]
REVIEWED = Exists(ResultReview.objects.filter(result=OuterRef("pk")))


@dataclass(frozen=True)
class Asked:
    """What of the results is to be shown; everything by default."""

    known: date | None = None
    group: str = ""
    is_abnormal: bool = False
    is_unreviewed: bool = False
    since: date | None = None
    until: date | None = None
    page: str = "1"

    @property
    def narrows(self) -> bool:
        return bool(
            self.group or self.is_abnormal or self.is_unreviewed or self.since or self.until
        )


@dataclass(frozen=True)
class Review:
    """Who has seen a result, and when."""

    name: str
    at: datetime


@dataclass(frozen=True)
class Grid:
    """One page of days with the results of those days and the course of each test."""

    page: Page  # of days, newest first
    cells: list[Any]  # rows of COLUMNS, oldest first
    courses: dict[str, list[tuple[datetime, float]]]  # by analyte, oldest first
    reviews: dict[int, list[Review]]  # by result, first review first
    tasks: list[ResultTask]  # open, critical first
    groups: list[str]
    result_count: int
    unreviewed_count: int


@dataclass(frozen=True)
class History:
    """Every version of every result of one analyte, newest collection first."""

    versions: list[Any]
    reviews: dict[int, list[Review]]
    moved: dict[int, datetime]  # results that stood here by mistake, and until when
    is_cut: bool


def grid(patient: Patient, asked: Asked) -> Grid:
    """The page of days that `asked` means, in six queries."""
    counting = counted(patient, asked.known)
    chosen = _narrowed(counting, asked)
    days = _days(chosen)
    page = Paginator(days, DAYS_A_PAGE).get_page(asked.page)
    cells = _cells(chosen, [row["day"] for row in page])
    return Grid(
        page=page,
        cells=cells,
        courses=_courses(counting, cells),
        reviews=_reviews([row.pk for row in cells]),
        tasks=_tasks(patient),
        groups=_groups(counting),
        result_count=sum(row["results"] for row in days),
        unreviewed_count=sum(row["unreviewed"] for row in days),
    )


def counted(patient: Patient, known: date | None) -> QuerySet[Result]:
    """The results that count now, or counted as the given day ended."""
    results = Result.objects.filter(patient=patient)
    return results.as_known_at(end_of(known)) if known else results.current()


def end_of(day: date) -> datetime:
    """The last moment of a day at the site."""
    return start_of_day(day + timedelta(days=1)) - timedelta(microseconds=1)


def history(patient: Patient, code: str) -> History:
    """The history of one analyte, in three queries; empty when it was never measured."""
    rows = Result.objects.filter(patient=patient, analyte__code=code)
    newest_first = rows.order_by("-collected_at", "-accession", "-issued_at", "-recorded_at", "-pk")
    versions = list(newest_first.values_list(*COLUMNS, named=True)[: VERSIONS_SHOWN + 1])
    return History(
        versions=versions[:VERSIONS_SHOWN],
        reviews=_reviews([row.pk for row in versions]),
        moved=_moved(patient, {row.pk for row in versions if row.withdrawn_at}),
        is_cut=len(versions) > VERSIONS_SHOWN,
    )


def row_of(result: Result) -> Any:
    """A result with its analyte as a row like all others here."""
    return Row(*(_attribute(result, name) for name in COLUMNS))


def _attribute(result: Result, path: str) -> Any:
    value: Any = result
    for name in path.split("__"):
        value = getattr(value, name)
    return value


def _narrowed(results: QuerySet[Result], asked: Asked) -> QuerySet[Result]:
    if asked.group:
        results = results.filter(analyte__group=asked.group)
    if asked.is_abnormal:
        results = results.filter(flag__in=ABNORMAL)
    if asked.is_unreviewed:
        results = results.filter(~REVIEWED)
    if asked.since:
        results = results.filter(collected_at__gte=start_of_day(asked.since))
    if asked.until:
        results = results.filter(collected_at__lte=end_of(asked.until))
    return results


def _days(results: QuerySet[Result]) -> list[Any]:
    """Days on which anything was collected, newest first, with how much."""
    site = timezone.get_default_timezone()
    return list(
        results.annotate(day=TruncDate("collected_at", tzinfo=site))
        .order_by()
        .values("day")
        .annotate(results=Count("pk"), unreviewed=Count("pk", filter=~REVIEWED))
        .order_by("-day")
    )


def _cells(results: QuerySet[Result], days: list[date]) -> list[Any]:
    if not days:
        return list(results.none().values_list(*COLUMNS, named=True))
    shown = results.filter(
        collected_at__gte=start_of_day(days[-1]), collected_at__lte=end_of(days[0])
    )
    return list(shown.order_by("collected_at", "issued_at", "pk").values_list(*COLUMNS, named=True))


def _courses(results: QuerySet[Result], cells: list[Any]) -> dict[str, list]:
    """The newest numbers of the tests that are shown, up to the newest day that is."""
    until = max((row.collected_at for row in cells), default=None)
    newest_first = Window(RowNumber(), partition_by="analyte", order_by=F("collected_at").desc())
    numbers = (
        results.filter(
            analyte__in={row.analyte_id for row in cells},
            value__isnull=False,
            collected_at__lte=until or timezone.now(),
        )
        .annotate(place=newest_first)
        .filter(place__lte=COURSE)
        .order_by("collected_at")
    )
    courses: dict[str, list] = defaultdict(list)
    for code, at, value in numbers.values_list("analyte__code", "collected_at", "value"):
        courses[code].append((at, value))
    return courses


def _reviews(ids: list[int]) -> dict[int, list[Review]]:
    rows = ResultReview.objects.filter(result__in=ids).select_related("by").order_by("at", "pk")
    reviews: dict[int, list[Review]] = defaultdict(list)
    for row in rows:
        reviews[row.result_id].append(Review(row.by.display_name, row.at))
    return reviews


def _tasks(patient: Patient) -> list[ResultTask]:
    open_tasks = ResultTask.objects.open().filter(patient=patient)
    return list(open_tasks.select_related("result__analyte").order_by("kind", "created_at", "pk"))


def _groups(results: QuerySet[Result]) -> list[str]:
    grouped = results.order_by().values("analyte__group").annotate(first=Min("analyte__order"))
    return [row["analyte__group"] for row in grouped.order_by("first")]


def _moved(patient: Patient, withdrawn: set[int]) -> dict[int, datetime]:
    """Which of these results were moved to another patient, and when."""
    moves = ResultMove.objects.filter(from_patient=patient).values_list("results", "at")
    pairs = ((original, at) for results, at in moves for original, _copy in results)
    return {original: at for original, at in pairs if original in withdrawn}


def open_task_counts(patient_ids: list[int]) -> dict[int, int]:
    """Open result tasks of each patient, in one query; patients without any are left out."""
    waiting = ResultTask.objects.open().filter(patient__in=patient_ids)
    rows = waiting.order_by().values("patient").annotate(count=Count("pk"))
    return {row["patient"]: row["count"] for row in rows}


def waiting() -> Q:
    """Patients with an open result task, as a filter of their rows."""
    return Q(patient__in=ResultTask.objects.open().values("patient"))
