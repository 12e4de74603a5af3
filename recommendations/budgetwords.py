"""The alert budget of a role in words and tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from healthcare.accounts.models import User
from healthcare.common import figures
from healthcare.common.tables import numeric, table
from recommendations.models import AlertBudget, AlertBudgetChange, Interruption
from recommendations.services import budget, budgets, catalogue, nexttests
from recommendations.services.budgets import Option
from recommendations.services.cells import Cell

HIDDEN = "hidden"
Fate = Interruption.Fate


def page(role: str, *, now: datetime) -> dict[str, Any]:
    """Context of `recommendations/alert_budget.html` but for its form."""
    site = AlertBudget.of(role)
    proposed = budget.proposed_threshold(role=role, now=now)
    missed = budget.misses(since=now - budgets.LOGGED, role=role)
    options = budgets.options(role, now=now) if proposed is not None else []
    return {
        "role": str(User.Role(role).label).lower(),
        "now": _choice(site),
        "proposed": None if proposed is None else f"{figures.in_100(min(proposed, 1.0))} in 100",
        "options": _options(options, site) if options else None,
        "changes": _changes(budgets.changes(role)[:50]),
        "fates": _fates(budgets.fates(role, now=now), len(missed)),
        "log": _log(budgets.held_back(role, now=now)[: budgets.LOG_ROWS], missed),
    }


def _choice(site: AlertBudget) -> str:
    return (
        f"At most {site.daily_capacity} cards a day, from a risk of "
        f"{figures.in_100(site.threshold)} in 100, the same card not again within "
        f"{site.window_days} days."
    )


def _options(options: Iterable[Option], site: AlertBudget) -> dict:
    headers = ["From a risk of", numeric("Cards a day"), "Within the budget",
               numeric("Missed"), numeric("Net benefit")]  # fmt: skip
    return table(
        headers,
        [
            [
                f"{figures.in_100(each.threshold)} in 100"
                + (" (now)" if abs(each.threshold - site.threshold) < 1e-4 else ""),
                numeric(f"{each.cards_a_day:.1f}"),
                "yes" if each.fits else "no",
                numeric(_count(each.missed)),
                numeric(f"{each.net_benefit:+.4f}".replace("-", "−")),
            ]
            for each in options
        ],
    )


def _changes(rows: Iterable[AlertBudgetChange]) -> dict | None:
    headers = ["When", "Who", numeric("Cards a day"), numeric("From a risk of"),
               numeric("Days without a repeat"), "Why"]  # fmt: skip
    made = [
        [
            figures.clock(row.at),
            row.by.display_name,
            numeric(str(row.daily_capacity)),
            numeric(f"{figures.in_100(row.threshold)} in 100"),
            numeric(str(row.window_days)),
            row.reason,
        ]
        for row in rows
    ]
    return table(headers, made) if made else None


def _fates(counts: dict[str, int], missed: int) -> dict | None:
    if not counts:
        return None
    held = sum(count for fate, count in counts.items() if fate != Fate.INTERRUPTS)
    rows = [
        [str(Fate(fate).label), numeric(_count(Cell.of(count)))] for fate, count in counts.items()
    ]
    rows.append(["Of those held back: missed", numeric(_count(Cell.of(missed, held)))])
    return table(["What became of a card", numeric("Cards, 90 days")], rows)


def _log(rows: Iterable[Interruption], missed: Iterable[budget.Miss]) -> dict | None:
    """Newest first; no patient is named to people who treat none."""
    late = {(each.patient_id, each.item, each.at) for each in missed}
    names = catalogue.current().by_id
    headers = ["When", "Item", "Why it was held back", numeric("Risk"), "Missed"]
    made = [
        [
            figures.clock(row.at),
            _name(row.item, names),
            str(row.get_fate_display()).removeprefix("Held back: "),
            numeric(f"{figures.in_100(row.risk)} in 100"),
            "missed" if (row.patient_id, row.item, row.at) in late else "",
        ]
        for row in rows
    ]
    return table(headers, made) if made else None


def _name(item: str, names: dict) -> str:
    entry = names.get(item)
    return f"{item} {entry.name}" if entry else nexttests.name_of(item) or item


def _count(cell: Cell) -> str:
    return HIDDEN if cell.count is None else str(cell.count)
