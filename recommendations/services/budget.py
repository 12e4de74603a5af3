"""Which recommendations may interrupt today, and what became of those that may not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Round, TruncDate
from django.utils import timezone
from numpy.typing import NDArray

from healthcare.accounts.models import User
from ml.evaluation.subgroups import SMALLEST_CELL
from ml.recommenders import budget
from patients.models import Result
from recommendations import queries
from recommendations.models import AlertBudget, Interruption, Recommendation

ROLES = (User.Role.CLINICIAN,)  # those with a worklist
WITHIN = timedelta(days=30)  # an event so soon after a card that was held back was missed
LOCK = 4_712  # our advisory lock: two runs at once would both spend the same budget
LONGEST_HORIZON = 10.0
YEAR = timedelta(days=365)
LEAST_CARDS = 100  # own choice, with ten events: below that no threshold is proposed


@dataclass(frozen=True)
class Spent:
    """What one run decided for a role, by fate."""

    role: str
    capacity: int
    used_before: int
    fates: dict[str, int]


@transaction.atomic
def decide(patient_ids: Collection[int] | None = None, *, now: datetime) -> list[Spent]:
    """Decide for open urgent and high-benefit items of these patients (None: of all).

    A card that stands on the worklist is no candidate again. What is held back is logged once a
    window with its fate.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    rows = _candidates(patient_ids, now)
    return [_decide_for(role, rows, now) for role in ROLES]


def _decide_for(role: str, rows: Sequence[Candidate], now: datetime) -> Spent:
    site = AlertBudget.of(role)
    log = _log(role, {row.patient_id for row in rows}, now - site.window)
    standing = _standing(log)
    open_rows = [row for row in rows if not _stands(row, standing)]
    used = Interruption.objects.sent().filter(role=role, at__gte=start_of_day(now)).count()
    decided = budget.decide(
        [row.card for row in open_rows],
        [budget.Sent(each.patient_id, each.item, each.at) for each in log if each.interrupted],
        capacity=max(site.daily_capacity - used, 0),
        threshold=site.threshold,
        window=site.window,
        now=now,
    )
    fates = [each.fate for each in decided]
    _write_down(zip(open_rows, fates, strict=True), log, role, now)
    return Spent(role, site.daily_capacity, used, dict(Counter(fates)))


def _write_down(
    decided: Iterable[tuple[Candidate, str]], log: list[Interruption], role: str, now: datetime
) -> None:
    said = {(each.patient_id, each.item, each.fate) for each in log if not each.interrupted}
    Interruption.objects.bulk_create(
        [
            _interruption(row, fate, role, now)
            for row, fate in decided
            if (row.patient_id, row.item, fate) not in said
        ],
        batch_size=1000,
    )


def _log(role: str, patients: Collection[int], since: datetime) -> list[Interruption]:
    """What was decided in the window for these patients."""
    rows = Interruption.objects.filter(role=role).since(since)
    return [each for each in rows.iterator(chunk_size=2000) if each.patient_id in patients]


def start_of_day(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Miss:
    """A card that was held back, and what then happened to the patient."""

    item: str
    fate: str
    at: datetime
    patient_id: int


def misses(*, since: datetime, role: str = User.Role.CLINICIAN) -> list[Miss]:
    """Cards held back since then, of patients who within 30 days had a critical result, or for
    whom the same item became urgent."""
    held = Interruption.objects.held_back().filter(role=role, at__gte=since)
    return [Miss(each.item, each.fate, each.at, each.patient_id) for each in mattered(held, since)]


@dataclass(frozen=True)
class PastYear:
    """Cards of the last year whose 30 days are over: their risks, whether they mattered, shape
    (cards,), and on how many days they came. Risks are to a tenth of a percent."""

    risks: NDArray[np.float64]
    events: NDArray[np.float64]
    days: int


def past_year(*, role: str, now: datetime) -> PastYear | None:
    """None below 100 cards or ten that mattered. Counted in the database, whatever their number."""
    shown = Interruption.objects.filter(role=role, is_urgent=False)
    cards = shown.filter(at__gt=now - YEAR, at__lte=now - WITHIN)
    at_risk = cards.annotate(mille=Round(F("risk") * 1000)).order_by().values_list("mille")
    counts = dict(at_risk.annotate(count=Count("pk")))
    events = Counter(round(each.risk * 1000) for each in mattered(cards, now - YEAR))
    if sum(counts.values()) < LEAST_CARDS or events.total() < SMALLEST_CELL:
        return None
    milles = np.array(sorted(counts))
    repeats = np.array([int(counts[mille]) for mille in milles])
    happened = [
        np.arange(count) < events[int(mille)] for mille, count in zip(milles, repeats, strict=True)
    ]
    days = cards.annotate(day=TruncDate("at")).order_by().values("day").distinct().count()
    return PastYear(np.repeat(milles / 1000, repeats), np.concatenate(happened).astype(float), days)


def proposed_threshold(*, role: str, now: datetime) -> float | None:
    """The lowest risk worth a card that keeps within the budget, by net benefit on last year's
    cards; None below 100 cards or ten events. The site's own threshold is the exchange rate."""
    site = AlertBudget.of(role)
    past = past_year(role=role, now=now) if site.daily_capacity else None
    if past is None:
        return None
    share = min(1.0, site.daily_capacity * past.days / len(past.risks))
    return budget.threshold_within(
        past.events, past.risks, capacity_share=share, harm=site.threshold
    )


def mattered(cards: QuerySet[Interruption], since: datetime) -> list[Interruption]:
    """The cards after which the patient soon had a critical result or the item became urgent.

    Only cards of patients of whom there is such a day are read: these are few.
    """
    critical = Result.objects.current().filter(flag__in=["LL", "HH"], collected_at__gt=since)
    urgent = Recommendation.objects.filter(is_urgent=True, as_of__gt=since)
    has_such_a_day = Q(patient__in=critical.values("patient")) | Q(
        patient__in=urgent.values("patient")
    )
    read = list(cards.filter(has_such_a_day).order_by("at", "pk"))
    return [each for each, counts in zip(read, _mattered(read), strict=True) if counts]


def _mattered(cards: Sequence[Interruption]) -> list[bool]:
    """Whether soon after each card the patient had a critical result or the item became urgent."""
    critical, urgent = _critical_days(cards), _urgent_days(cards)
    return [
        _soon(each, critical[each.patient_id]) or _soon(each, urgent[each.patient_id, each.item])
        for each in cards
    ]


@dataclass(frozen=True)
class Candidate:
    """An open recommendation that might interrupt; `risk` and `worth` are zero without numbers."""

    pk: int
    patient_id: int
    item: str
    is_urgent: bool
    risk: float
    worth: float

    @property
    def card(self) -> budget.Card:
        return budget.Card(self.patient_id, self.item, self.risk, self.worth, self.is_urgent)


def _candidates(patient_ids: Collection[int] | None, now: datetime) -> list[Candidate]:
    """Of each patient the open urgent items; without any, the one of largest benefit among those
    that the page shows first."""
    found: list[Candidate] = []
    for _, rows in groupby(_open(patient_ids, now), key=lambda row: row.patient_id):
        waiting = list(rows)
        first = [row for row in waiting[: queries.SHOWN] if row.worth > 0]
        urgent = [row for row in waiting if row.is_urgent]
        found += urgent or sorted(first, key=lambda row: -row.worth)[:1]
    return found


def _open(patient_ids: Collection[int] | None, now: datetime) -> Iterator[Candidate]:
    """Recommended items without an answer that holds, by patient and rank."""
    today = timezone.localdate(now)
    current = Recommendation.objects.in_force(today).filter(
        status=Recommendation.Status.RECOMMENDED, patient__died_on=None
    )
    if patient_ids is not None:
        current = current.filter(patient__in=patient_ids)
    resting = queries.resting(patient_ids, today=today)
    rows = current.order_by("patient", "rank").values_list(
        "pk", "patient", "item", "is_urgent", "content__benefits"
    )
    for pk, patient, item, is_urgent, benefits in rows.iterator(chunk_size=2000):
        if not resting.holds(patient, item, is_urgent):
            yield Candidate(pk, patient, item, is_urgent, *largest(benefits))


def largest(benefits: Sequence[dict] | None) -> tuple[float, float]:
    """Baseline risk and absolute reduction of the largest sure benefit over ten years, or zeros."""
    usable = [
        (each["arr"], each["baseline"])
        for each in benefits or ()
        if each["horizon_years"] <= LONGEST_HORIZON and each["low"] > 0
    ]
    worth, risk = max(usable, default=(0.0, 0.0))
    return risk, worth


def _standing(log: Iterable[Interruption]) -> set:
    """What is on the worklist already: that very advice, or the item as an urgent one."""
    sent = [each for each in log if each.interrupted]
    urgent = {(each.patient_id, each.item) for each in sent if each.is_urgent}
    return urgent | {each.recommendation_id for each in sent}


def _stands(row: Candidate, standing: set) -> bool:
    return row.pk in standing or (row.is_urgent and (row.patient_id, row.item) in standing)


def _interruption(row: Candidate, fate: str, role: str, now: datetime) -> Interruption:
    return Interruption(
        patient_id=row.patient_id, recommendation_id=row.pk, item=row.item, role=role, fate=fate,
        is_urgent=row.is_urgent, risk=row.risk, worth=row.worth, at=now,
    )  # fmt: skip


def _critical_days(held: Iterable[Interruption]) -> dict[int, list[datetime]]:
    rows = Result.objects.current().filter(
        flag__in=["LL", "HH"], patient__in={each.patient_id for each in held}
    )
    days = defaultdict(list)
    for patient, at in rows.values_list("patient", "collected_at"):
        days[patient].append(at)
    return days


def _urgent_days(held: Iterable[Interruption]) -> dict[tuple[int, str], list[datetime]]:
    rows = Recommendation.objects.filter(
        is_urgent=True, patient__in={each.patient_id for each in held if not each.is_urgent}
    )
    days = defaultdict(list)
    for patient, item, at in rows.values_list("patient", "item", "as_of"):
        days[patient, item].append(at)
    return days


def _soon(held: Interruption, days: Iterable[datetime]) -> bool:
    return any(held.at < day <= held.at + WITHIN for day in days)
