"""How the advice fares: offered, answered, overridden, predicted and achieved; by item and group.

What the page shows and `manage.py recommendation_report` prints. Counts from one to nine, and
those from which such a count could be worked out, are left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from ml.recommenders import achieved
from recommendations.models import (
    AlertBudget,
    Feedback,
    FollowUp,
    Interruption,
    Repeatability,
)
from recommendations.services import budget, catalogue, equity, nexttests, reach
from recommendations.services.cells import Cell, share
from recommendations.services.equity import PartRow

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
    applied: Cell  # to whom its rule applied
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


def report(*, now: datetime, item: str = "", since: datetime | None = None) -> Report:
    """Everything since then, or of the last year; with `item` of that item alone."""
    since = since or now - PERIOD
    plans, today = _plans(since, item), timezone.localdate(now)
    reached = reach.reached(since=since, today=today, item=item)
    said = reach.said(since=since, today=today, item=item)
    return Report(
        as_of=now,
        since=since,
        item=item,
        items=tuple(_items(since, item, plans)),
        groups=tuple(equity.rows(reached, said, plans, now=now)),
        budget=tuple(_budget(role, now) for role in budget.ROLES),
    )


def from_plain(kept: Mapping[str, Any]) -> Report:
    """A report from its plain values, as an evaluation keeps them."""
    return Report(
        as_of=datetime.fromisoformat(kept["as_of"]),
        since=datetime.fromisoformat(kept["since"]),
        item=kept["item"],
        items=tuple(map(_item_from, kept["items"])),
        groups=tuple(
            PartRow(**_cells(row) | {"flagged": tuple(row["flagged"])}) for row in kept["groups"]
        ),
        budget=tuple(BudgetRow(**_cells(row)) for row in kept["budget"]),
    )


def _item_from(row: Mapping[str, Any]) -> ItemRow:
    moved = tuple(Moved(**_cells(each)) for each in row["moved"])
    return ItemRow(**_cells(row) | {"reasons": _cells(row["reasons"]), "moved": moved})


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a row, the counts among them as cells again."""
    return {
        name: Cell(**value) if isinstance(value, dict) and value.keys() == {"count"} else value
        for name, value in row.items()
    }


def _plans(since: datetime, item: str) -> list[FollowUp]:
    rows = FollowUp.objects.standing().filter(scheduled_on__gte=since.date())
    rows = rows.filter(value_after__isnull=False)
    rows = rows.filter(item=item) if item else rows
    once = ["patient", "item", "analyte"]  # one who accepted again counts once, the first time
    return list(rows.order_by(*once, "scheduled_on", "pk").distinct(*once))


def _items(since: datetime, item: str, plans: Iterable[FollowUp]) -> list[ItemRow]:
    reached = {row.item: row for row in reach.items_reached(since=since, item=item)}
    given = defaultdict(list)
    for each in reach.items_said(since=since, item=item):
        given[each.item].append(each)
    measured = defaultdict(list)
    for plan in plans:
        measured[plan.item].append(plan)
    known = {row.analyte: row for row in Repeatability.objects.all()}
    offered = {code: row.offered for code, row in reached.items() if row.offered}
    codes = sorted(offered.keys() | given.keys(), key=lambda code: (-offered.get(code, 0), code))
    never = reach.ItemReached("", 0, 0)
    return [_item(code, reached.get(code, never), given[code], measured[code], known)
            for code in codes]  # fmt: skip


def _item(
    code: str,
    reached: reach.ItemReached,
    given: list[reach.ItemSaid],
    plans: list[FollowUp],
    known: dict,
) -> ItemRow:
    entry = catalogue.current().by_id.get(code)
    answered = sum(each.people for each in given)
    accepted = sum(each.people for each in given if each.answer in Feedback.FOLLOWED)
    reasons = Counter({each.reason: each.people for each in given if each.answer == Answer.DECLINE})
    declined = reasons.total()
    return ItemRow(
        item=code,
        name=nexttests.name_of(code) or (entry.name if entry else "No longer in the catalogue"),
        applied=Cell.of(reached.people),
        offered=Cell.of(reached.offered, reached.people),
        answered=Cell.of(answered),
        accepted=Cell.of(accepted, answered),
        declined=Cell.of(declined, answered),
        override_share=share(declined, answered),
        reasons={reason: Cell.of(count, declined) for reason, count in reasons.most_common()},
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
