"""Items of the catalogue as `assess` answers them: all that the engine says, and a short form."""

from __future__ import annotations

from typing import Any

from ml.types import TIER_LABELS
from recommendations.outcome import Item, as_dict


def item(made: Item) -> dict[str, Any]:
    """The item whole, with tier, grade, why, benefit and warnings in brief."""
    return as_dict(made) | {
        "tier": tier(made),
        "tier_label": TIER_LABELS[tier(made)],
        "grade": made.evidence_grade,
        "why": [reason.text for reason in made.reasons],
        "benefit": as_dict(made.benefit) if made.benefit else None,
        "warnings": warnings(made),
    }


def blocked(made: Item) -> dict[str, Any]:
    """The same with the reason why it is not offered and the rule that says so.

    `because` is "gives_way" where it is safe in itself and a better item takes its place.
    """
    reasons = "; ".join(block.reason for block in made.blocked_by)
    gives_way = all(block.better for block in made.blocked_by)
    return item(made) | {
        "reason": reasons,
        "rule": made.blocked_by[0].rule,
        "because": "gives_way" if gives_way else "contraindicated",
    }


def to_check(made: Item) -> dict[str, Any]:
    """The same with what has to be known first."""
    needed = "; ".join(check.text for check in made.check_first)
    return item(made) | {"reason": needed, "rule": made.check_first[0].rule}


def tier(made: Item) -> str:
    """Who has to act: at once (T3), a clinician (T2), or the person (T1)."""
    if made.urgency == "urgent":
        return "T3"
    return "T2" if made.needs_clinician else "T1"


def warnings(made: Item) -> list[str]:
    """Interactions and general cautions, and what nobody has re-read in its source."""
    found = [f"{caution.text}. {caution.action}".rstrip(". ") + "." for caution in made.cautions]
    if made.cautions_text:
        found.append(made.cautions_text)
    if not made.verified:
        found.append(f"Not re-read in its source: {made.verification}")
    return found
