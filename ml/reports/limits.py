"""What must be known before use: too few people, and whatever was off as a whole or in a part."""

from collections.abc import Mapping
from typing import Any

from ml.evaluation.validation import Status
from ml.reports import audit
from ml.reports.study import Study

ENOUGH = ("D4.1", "E4.1")  # questions of the audit on the number of people


def cautions(study: Study) -> list[str]:
    """Too few to learn from or to judge by, then all that is off: here, later and elsewhere."""
    asked = (*audit.development(study), *audit.evaluation(study))
    few = [row.evidence for row in asked if row.code in ENOUGH and row.answer == "no"]
    return [
        *(f"Too few people: {told}" for told in few),
        *study.main.get("flags", ()),
        *_beyond(study),
    ]


def all_of(study: Study) -> list[str]:
    """The cautions, what gaps in the record change, and what the study says of its limits."""
    found = [*cautions(study), *_gaps(study), *study.main.get("notes", ())]
    found += getattr(study.problem, "notes", ()) or ()
    if study.status is not Status.VALIDATED:
        found.append(f"It is {study.status}: not shown at later times or other sites.")
    return found


def _beyond(study: Study) -> list[str]:
    """The same of other people, each sentence with who they are."""
    return [
        f"In {study.validations[name]}: {flag}"
        for name, found in study.beyond.items()
        if name != study.main_name
        for flag in found.get("flags", ())
    ]


def _gaps(study: Study) -> list[str]:
    """How far O:E moves when groups of inputs are not known."""
    rows = [row for row in study.record.get("scenarios", ()) if _ratio(row) is not None]
    if not rows:
        return []
    ends = (min(rows, key=_ratio), max(rows, key=_ratio))
    told = " to ".join(f"{_ratio(row):.2f} ({row['title'].lower()})" for row in ends)
    return [f"When less is known, O:E runs from {told}."]


def _ratio(row: Mapping[str, Any]) -> float | None:
    found = row["observed_expected"]
    return found["value"] if isinstance(found, Mapping) else found
