"""Every answer as a file, for whoever reviews the quality of the advice."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from recommendations.models import Feedback

COLUMNS = ["id", "at", "user", "role", "place", "item", "answer", "reason", "comment",
           "snooze_until", "undoes", "offered_at", "catalogue_digest"]  # fmt: skip


def feedback_json(*, by: User, now: datetime) -> bytes:
    """All answers as JSON; see `feedback_rows`."""
    rows = list(_allowed_rows(by, form="json"))
    content = {"format": "carelens-feedback", "version": 1, "as_of": now.isoformat(), "rows": rows}
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def feedback_csv(*, by: User) -> bytes:
    """All answers as CSV with a heading; texts that a spreadsheet would run are made harmless."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in _allowed_rows(by, form="csv"):
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return out.getvalue().encode()


def feedback_rows() -> Iterator[dict[str, Any]]:
    """One row an answer, undone ones too, oldest first. Patients are not in it."""
    rows = Feedback.objects.select_related("recommendation", "by").order_by("at", "pk")
    for row in rows.defer("recommendation__content").iterator(chunk_size=2000):
        yield {
            "id": row.pk,
            "at": row.at.isoformat(),
            "user": row.by.get_username(),
            "role": row.by.role,
            "place": row.place,
            "item": row.recommendation.item,
            "answer": row.answer,
            "reason": row.reason,
            "comment": row.comment,
            "snooze_until": _iso(row.snooze_until),
            "undoes": row.undoes_id,
            "offered_at": _iso(row.recommendation.offered_at),
            "catalogue_digest": row.recommendation.catalogue_digest,
        }


def _allowed_rows(by: User, *, form: str) -> Iterator[dict[str, Any]]:
    """Raises PermissionDenied. A comment may speak of a patient: the export is audited."""
    permissions.check(by, Permission.FEEDBACK_EXPORT)
    audit.record("feedback.exported", target=by, by=by, form=form)
    return feedback_rows()


def _iso(moment: date | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _harmless(value: Any) -> Any:
    """A leading sign that starts a formula is shown as text."""
    starts_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if starts_formula else value
