"""The quality of the advice in cells of tables, and review tasks in words."""

from __future__ import annotations

from typing import Any

from healthcare.accounts.models import User
from healthcare.common import figures
from healthcare.common.tables import numeric, table
from ml import analytes, rules
from recommendations.followupwords import expected, signed
from recommendations.models import Feedback, ReviewTask
from recommendations.services import catalogue
from recommendations.services.cells import Cell
from recommendations.services.equity import PartRow
from recommendations.services.quality import BudgetRow, ItemRow, Moved, Report

HIDDEN = "hidden"
FLAGS = {"offer": "offered", "acceptance": "accepted", "benefit": "predicted benefit"}
ITEMS = ["Item", "Applied to", "Offered", "Answered", "Accepted", "Declined", "Overridden",
         "Reasons against it", "Predicted and achieved change"]  # fmt: skip
PARTS = ["Patients", "People", "With an offer", "Offered of what applied", "Accepted", "Overridden",
         "Predicted benefit", "Reached what was predicted", "Outside 0.8 to 1.25"]  # fmt: skip
BUDGETS = ["Role", "Interrupted today", "Held back today", "Same card again after",
           "From a risk of", "By net benefit", "Held back, 90 days", "Missed, 90 days"]  # fmt: skip
NUMBERS_FROM = 1  # the first column of each is a name


def page(report: Report) -> dict[str, Any]:
    """Context of `recommendations/quality.html` but for its tasks."""
    items = [_item(row) for row in report.items if row.offered.count]
    rare = [_item(row) for row in report.items if not row.offered.count]
    parts = [_part(row) for row in report.groups]
    budgets = [_budget(row) for row in report.budget]
    return {
        "item": report.item,
        "counted": figures.clock(report.as_of),
        "since": figures.day(report.since),
        "items": table(_headers(ITEMS, 7), items) if items else None,
        "rare": table(_headers(ITEMS, 7), rare) if rare else None,
        "groups": table(_headers(PARTS, 8), parts) if parts else None,
        "budgets": table(_headers(BUDGETS, 8), budgets),
        "flags": [flag for row in report.groups for flag in _flags(row)],
    }


def task(row: ReviewTask) -> dict[str, Any]:
    """One open task; the patient's name only where the caller has loaded the patient."""
    entry = catalogue.current().by_id.get(row.item)
    return {
        "pk": row.pk,
        "kind": row.get_kind_display(),
        "item": f"{row.item} {entry.name}" if entry else row.item,
        "text": row.text,
        "opened": figures.clock(row.opened_at),
        "patient": row.patient,
    }


def _headers(names: list[str], numbers_to: int) -> list[Any]:
    return [
        numeric(name) if NUMBERS_FROM <= place < numbers_to else name
        for place, name in enumerate(names)
    ]


def _item(row: ItemRow) -> list[Any]:
    reasons = [
        f"{Feedback.Reason(reason).label} {_count(cell)}" for reason, cell in row.reasons.items()
    ]
    link = {"text": f"{row.item} {row.name}", "num": False, "url": f"?item={row.item}"}
    return [
        link,
        numeric(_count(row.applied)),
        numeric(_count(row.offered)),
        numeric(_count(row.answered)),
        numeric(_count(row.accepted)),
        numeric(_count(row.declined)),
        numeric(_percent(row.override_share)),
        "; ".join(reasons),
        "; ".join(_moved(each) for each in row.moved),
    ]


def _moved(row: Moved) -> str:
    name, unit = rules.readable(row.analyte), figures.unit(analytes.get(row.analyte).unit)
    if row.naive is None or row.predicted_low is None or row.predicted_high is None:
        return f"{name}: {row.remark} ({_count(row.people)} people)"
    hoped = expected(row.predicted_low, row.predicted_high)
    text = f"{name}: predicted {hoped} {unit}, measured {signed(row.naive)}"
    if row.adjusted is None or row.low is None or row.high is None:
        return f"{text}; {row.remark}"
    return (
        f"{text}, beyond what comes of itself {signed(row.adjusted)} "
        f"({expected(row.low, row.high)}), {_count(row.people)} people"
    )


def _part(row: PartRow) -> list[Any]:
    benefit = row.predicted_benefit
    return [
        f"{row.group.capitalize()}: {row.part.replace('_', ' ')}",
        numeric(_count(row.people)),
        numeric(_count(row.offered)),
        numeric(_percent(row.offer_share)),
        numeric(_percent(row.acceptance)),
        numeric(_percent(row.override_share)),
        numeric("–" if benefit is None else f"{100 * benefit:.1f} in 100"),
        numeric(_percent(row.achieved_share)),
        "compared with this" if row.is_reference else "; ".join(_ratios(row)),
    ]


def _ratios(row: PartRow) -> list[str]:
    return [f"{FLAGS[name]} {row.ratios[name]:.2f}" for name in row.flagged]


def _flags(row: PartRow) -> list[str]:
    part = f"{row.group.capitalize()} {row.part.replace('_', ' ')}"
    return [
        f"{part}: {FLAGS[name]} {row.ratios[name]:.2f} times as in the largest part. "
        "Look whether need explains it, or the rules do."
        for name in row.flagged
    ]


def _budget(row: BudgetRow) -> list[Any]:
    return [
        str(User.Role(row.role).label),
        numeric(f"{row.used_today} of {row.capacity}"),
        numeric(_count(row.held_back_today)),
        numeric(f"{row.window_days} days"),
        numeric(f"{figures.in_100(row.threshold)} in 100"),
        numeric(_proposed(row.proposed_threshold)),
        numeric(_count(row.held_back_90_days)),
        numeric(_count(row.missed_90_days)),
    ]


def _proposed(threshold: float | None) -> str:
    if threshold is None:
        return "not enough data"
    return f"{figures.in_100(min(threshold, 1.0))} in 100"


def _count(cell: Cell) -> str:
    return HIDDEN if cell.count is None else str(cell.count)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
