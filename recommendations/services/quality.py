"""How the advice fares: offered, answered, overridden, predicted and achieved; by item and group.

What the page shows and `manage.py recommendation_report` prints. Counts from one to nine, and
those from which such a count could be worked out, are left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, FloatField
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

from ml.recommenders import achieved
from recommendations import catalogue
from recommendations.models import (
    AlertBudget,
    Feedback,
    FollowUp,
    Interruption,
    Recommendation,
    Repeatability,
)
from recommendations.services import budget, equity
from recommendations.services.cells import Cell, share
from recommendations.services.equity import Given, Offer, PartRow

PERIOD = timedelta(days=365)
MISSES_FROM = timedelta(days=90)
Answer = Feedback.Answer


@dataclass(frozen=True)
class Moved:
    """Predicted and achieved change of one analyte after one item, in its unit."""

    analyte: str
    people: Cell
    predicted_low: float | None = None
    predicted_high: float | None = None
    naive: float | None = None
    adjusted: float | None = None
    low: float | None = None
    high: float | None = None
    remark: str = ""


@dataclass(frozen=True)
class ItemRow:
    """One item of the catalogue; people, not rows, are counted."""

    item: str
    name: str
    offered: Cell
    answered: Cell
    accepted: Cell
    declined: Cell
    override_share: float | None
    reasons: dict[str, Cell]
    moved: tuple[Moved, ...]


@dataclass(frozen=True)
class BudgetRow:
    """The alert budget of one role: today, and what it missed."""

    role: str
    capacity: int
    used_today: int
    held_back_today: Cell
    window_days: int
    threshold: float
    proposed_threshold: float | None  # None: not enough data
    held_back_90_days: Cell
    missed_90_days: Cell


@dataclass(frozen=True)
class Report:
    as_of: datetime
    since: datetime
    item: str
    items: tuple[ItemRow, ...]
    groups: tuple[PartRow, ...]
    budget: tuple[BudgetRow, ...]


def report(*, now: datetime, item: str = "") -> Report:
    """Everything of the last year; with `item` of that item alone."""
    since = now - PERIOD
    offers = _offers(since, item)
    answers = _answers(since, item)
    plans = _plans(since, item)
    return Report(
        as_of=now,
        since=since,
        item=item,
        items=tuple(_items(offers, answers, plans)),
        groups=tuple(equity.rows(equity.everybody(now), offers, answers, plans)),
        budget=tuple(_budget(role, now) for role in budget.ROLES),
    )


def _offers(since: datetime, item: str) -> list[Offer]:
    """One row a patient and item that was recommended, with the benefit predicted last."""
    rows = Recommendation.objects.filter(status=Recommendation.Status.RECOMMENDED, as_of__gte=since)
    rows = rows.filter(item=item) if item else rows
    first = KeyTransform("0", KeyTransform("benefits", "content"))
    arr = Cast(KeyTextTransform("arr", first), FloatField())
    rows = rows.order_by("patient", "item", "-as_of", "-pk").distinct("patient", "item")
    found = rows.annotate(arr=arr).values_list("patient", "item", "arr")
    return [Offer(*row) for row in found.iterator(chunk_size=5000)]


def _answers(since: datetime, item: str) -> list[Given]:
    rows = Feedback.objects.newest().filter(at__gte=since)
    rows = rows.filter(recommendation__item=item) if item else rows
    found = rows.values_list("recommendation__patient", "recommendation__item", "answer", "reason")
    return [Given(*row) for row in found]


def _plans(since: datetime, item: str) -> list[FollowUp]:
    rows = FollowUp.objects.standing().filter(scheduled_on__gte=since.date())
    rows = rows.filter(value_after__isnull=False)
    return list(rows.filter(item=item) if item else rows)


def _items(
    offers: Iterable[Offer], answers: Iterable[Given], plans: Iterable[FollowUp]
) -> list[ItemRow]:
    offered = Counter(offer.item for offer in offers)
    given = defaultdict(list)
    for each in answers:
        given[each.item].append(each)
    measured = defaultdict(list)
    for plan in plans:
        measured[plan.item].append(plan)
    known = {row.analyte: row for row in Repeatability.objects.all()}
    codes = sorted(offered.keys() | given.keys(), key=lambda code: (-offered[code], code))
    return [_item(code, offered[code], given[code], measured[code], known) for code in codes]


def _item(
    code: str, offered: int, given: list[Given], plans: list[FollowUp], known: dict
) -> ItemRow:
    entry = catalogue.load().by_id.get(code)
    declined = [each for each in given if each.answer == Answer.DECLINE]
    accepted = sum(each.answer in Feedback.FOLLOWED for each in given)
    reasons = Counter(each.reason for each in declined)
    return ItemRow(
        item=code,
        name=entry.name if entry else "No longer in the catalogue",
        offered=Cell.of(offered),
        answered=Cell.of(len(given)),
        accepted=Cell.of(accepted, len(given)),
        declined=Cell.of(len(declined), len(given)),
        override_share=share(len(declined), len(given)),
        reasons={reason: Cell.of(count, len(declined)) for reason, count in reasons.most_common()},
        moved=tuple(_moved(plans, known)),
    )


def _moved(plans: list[FollowUp], known: dict[str, Repeatability]) -> Iterable[Moved]:
    by_analyte = defaultdict(list)
    for plan in plans:
        by_analyte[plan.analyte].append(plan)
    for analyte, measured in sorted(by_analyte.items()):
        yield _change(analyte, measured, known.get(analyte))


def _change(analyte: str, plans: list[FollowUp], again: Repeatability | None) -> Moved:
    """Mean changes; nothing below ten people, nothing adjusted without what to adjust by."""
    people = Cell.of(len(plans))
    if people.count is None:
        return Moved(analyte, people, remark="not enough data")
    pairs = [(plan.value_before, plan.value_before + (plan.change or 0.0)) for plan in plans]
    before, after = [first for first, _ in pairs], [second for _, second in pairs]
    low = sum(plan.predicted_low for plan in plans) / len(plans)
    high = sum(plan.predicted_high for plan in plans) / len(plans)
    naive = sum(b - a for a, b in zip(before, after, strict=True)) / len(plans)
    if again is None:
        remark = "not enough data to take off what would have come of itself"
        return Moved(analyte, people, low, high, naive, remark=remark)
    found = achieved.change(before, after, again.again)
    return Moved(analyte, people, low, high, naive, found.adjusted, found.low, found.high)


def _budget(role: str, now: datetime) -> BudgetRow:
    site = AlertBudget.of(role)
    rows = Interruption.objects.filter(role=role)
    today = rows.filter(at__gte=budget.start_of_day(now))
    counts = dict(today.values_list("fate").annotate(count=Count("pk")))
    since = now - MISSES_FROM
    held = rows.held_back().since(since).count()
    missed = len(budget.misses(since=since, role=role))
    used = counts.get(Interruption.Fate.INTERRUPTS, 0)
    return BudgetRow(
        role=role,
        capacity=site.daily_capacity,
        used_today=used,
        held_back_today=Cell.of(sum(counts.values()) - used),
        window_days=site.window_days,
        threshold=site.threshold,
        proposed_threshold=budget.proposed_threshold(role=role, now=now),
        held_back_90_days=Cell.of(held),
        missed_90_days=Cell.of(missed, held),
    )
