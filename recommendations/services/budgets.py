"""Setting a role's alert budget, and what the site can read of it: changes, log, misses."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, QuerySet

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from ml.evaluation.clinical import net_benefit
from recommendations.models import AlertBudget, AlertBudgetChange, Interruption
from recommendations.services import budget
from recommendations.services.cells import Cell

LOGGED = timedelta(days=90)
LOG_ROWS = 200  # the newest; the counts above them are of all
MOST_CARDS = 500  # a day; own choice: more is no limit
LONGEST_WINDOW = 365
STEPS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)


class NotSet(Exception):
    """The budget cannot be set like that; the message says why."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a site decides for one role."""

    daily_capacity: int
    window_days: int
    threshold: float


@dataclass(frozen=True, slots=True)
class Option:
    """What a threshold would have done with the cards of the last year, without other limits."""

    threshold: float
    cards_a_day: float
    missed: Cell
    net_benefit: float  # at the exchange rate of the threshold that holds
    fits: bool


@transaction.atomic
def change(role: str, choice: Choice, *, reason: str, by: User, now: datetime) -> AlertBudget:
    """Set a role's budget and keep who, when and why. Saying the same again changes nothing."""
    permissions.check(by, Permission.ALERT_BUDGET_EDIT)
    _check(role, choice, reason)
    AlertBudget.objects.get_or_create(role=role)
    row = AlertBudget.objects.select_for_update().get(role=role)
    before = Choice(row.daily_capacity, row.window_days, row.threshold)
    if before == choice and AlertBudgetChange.objects.filter(role=role).exists():
        return row
    row.daily_capacity, row.window_days = choice.daily_capacity, choice.window_days
    row.threshold = choice.threshold
    row.save()
    AlertBudgetChange.objects.create(
        role=role, **asdict(choice), reason=reason.strip(), by=by, at=now
    )
    audit.record(
        "alert_budget.changed", target=row, by=by, role=role, before=asdict(before),
        after=asdict(choice),
    )  # fmt: skip
    return row


def _check(role: str, choice: Choice, reason: str) -> None:
    if role not in budget.ROLES:
        raise NotSet("Only a role with a worklist has an alert budget.")
    if not 0 <= choice.daily_capacity <= MOST_CARDS:
        raise NotSet(f"Choose 0 to {MOST_CARDS} cards a day.")
    if not 1 <= choice.window_days <= LONGEST_WINDOW:
        raise NotSet(f"Choose 1 to {LONGEST_WINDOW} days without a repeat.")
    if not 0 <= choice.threshold <= 1:
        raise NotSet("The risk lies between 0 and 100 in 100.")
    if not reason.strip():
        raise NotSet("Say in a few words why.")


def changes(role: str) -> QuerySet[AlertBudgetChange]:
    return AlertBudgetChange.objects.filter(role=role).select_related("by").order_by("-at", "-pk")


def held_back(role: str, *, now: datetime) -> QuerySet[Interruption]:
    """What was held back in the last 90 days, newest first."""
    since = Interruption.objects.held_back().since(now - LOGGED)
    return since.filter(role=role).order_by("-at", "-pk")


def fates(role: str, *, now: datetime) -> dict[str, int]:
    """Cards of the last 90 days by what became of them."""
    rows = Interruption.objects.since(now - LOGGED).filter(role=role)
    return dict(rows.values_list("fate").annotate(count=Count("pk")).order_by("fate"))


def options(role: str, *, now: datetime) -> list[Option]:
    """What thresholds would have done; empty where the proposal has too few data as well."""
    past = budget.past_year(role=role, now=now)
    if past is None:
        return []
    site = AlertBudget.of(role)
    cuts = sorted({*STEPS, round(site.threshold, 4)})
    return [_option(cut, past, site) for cut in cuts]


def _option(cut: float, past: budget.PastYear, site: AlertBudget) -> Option:
    sent = past.risks >= cut
    missed = int(past.events[~sent].sum())
    a_day = float(sent.sum()) / past.days
    worth = net_benefit(past.events, sent.astype(float), max(site.threshold, 0.001))
    return Option(
        cut, a_day, Cell.of(missed, int(past.events.sum())), float(worth),
        a_day <= site.daily_capacity,
    )  # fmt: skip
