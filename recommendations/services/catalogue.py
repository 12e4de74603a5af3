"""The catalogue as this site reads it: the reviewed files under the site's published edits.

The engine reads `current()`. The rows of Intervention and Interaction mirror it for those who
look with SQL.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from asgiref.local import Local
from django.core.signals import request_finished, request_started
from django.db import transaction
from django.dispatch import receiver

from recommendations import catalogue
from recommendations.catalogue import Catalogue, overlay
from recommendations.catalogue.overlay import Edit
from recommendations.models import CatalogueEdit, Interaction, Intervention

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """What a load changed, by code."""

    added: list[str]
    changed: list[str]
    withdrawn: list[str]


@dataclass(frozen=True)
class OwnEdit:
    """A standing edit of the site beside what the files say now."""

    edit: CatalogueEdit
    file_changed: bool  # since the edit was drafted
    is_as_file: bool  # the files now say the same, but for version
    fault: str  # why it can no longer be read; "" when it can


def current() -> Catalogue:
    """The files under the standing edits. One query, and one a request of the site.

    Published rows never change and numbers of rows never come back, so the numbers of those that
    stand name the state, with their times: a publication that failed may be made again with
    another text. What one process publishes, all others read at their next question.
    """
    if (known := getattr(_request, "catalogue", None)) is not None:
        return known
    standing = CatalogueEdit.objects.standing().order_by("pk").values_list("pk", "decided_at")
    whole = _built(tuple(standing))
    if getattr(_request, "is_running", False):
        _request.catalogue = whole
    return whole


_request = Local()


@receiver(request_started)
def _begin(sender: Any, **kwargs: Any) -> None:
    _request.is_running, _request.catalogue = True, None


@receiver(request_finished)
def _end(sender: Any, **kwargs: Any) -> None:
    _request.is_running, _request.catalogue = False, None


@lru_cache(maxsize=4)
def _built(standing: tuple[tuple[int, datetime | None], ...]) -> Catalogue:
    if not standing:
        return catalogue.load()
    rows = CatalogueEdit.objects.filter(pk__in=[pk for pk, _ in standing]).order_by("pk")
    edits = map(as_edit, rows)
    return overlay.lay(catalogue.load(), filter(None, map(_readable, edits)))


def as_edit(row: CatalogueEdit) -> Edit:
    return Edit(row.code, row.part, row.entry)


def _readable(edit: Edit) -> Edit | None:
    """An edit that a later schema refuses: its item is offered to nobody, its warning is the
    files'."""
    if not (found := overlay.faults(edit)):
        return edit
    log.error("The site's edit of %s cannot be read: %s", edit.code, found[0])
    return Edit(edit.code, edit.part, None) if edit.part == overlay.INTERVENTION else None


def own_edits() -> list[OwnEdit]:
    """Every standing edit, with whether the files have moved on; by code."""
    files = entries(catalogue.load())
    rows = CatalogueEdit.objects.standing().select_related("author", "decided_by")
    return [_own(row, files.get(row.code)) for row in rows.order_by("code")]


def _own(row: CatalogueEdit, in_file: Any) -> OwnEdit:
    found = overlay.faults(as_edit(row))
    return OwnEdit(
        edit=row,
        file_changed=(in_file.digest if in_file else "") != row.file_digest,
        is_as_file=in_file is not None and _but_version(in_file.entry) == _but_version(row.entry),
        fault=f"{found[0].field}: {found[0].fault}" if found else "",
    )


def _but_version(entry: Any) -> dict[str, Any]:
    return {name: value for name, value in (entry or {}).items() if name != "version"}


def entries(whole: Catalogue) -> dict[str, Any]:
    """Interventions and interactions by code."""
    every: tuple[Any, ...] = (*whole.interventions, *whole.interactions)
    return {entry.id: entry for entry in every}


@transaction.atomic
def load() -> tuple[Difference, Difference]:
    """Check the files, then add, change and withdraw rows; twice changes nothing.

    Where the site has published an edit of its own, the row says what the edit says: a load
    never overwrites it. `own_edits` tells which they are.
    """
    catalogue.load()  # a faulty file stops here, also one under an edit
    return mirror()


def mirror() -> tuple[Difference, Difference]:
    """Make the rows say what the engine reads, also where this request has just changed it."""
    _request.catalogue = None
    whole = current()
    interventions = [_intervention(entry) for entry in whole.interventions]
    interactions = [_interaction(entry) for entry in whole.interactions]
    return _sync(Intervention, interventions), _sync(Interaction, interactions)


def _sync(model: Any, rows: Iterable[Any]) -> Difference:
    wanted = {row.code: row for row in rows}
    existing = {row.code: row for row in model.objects.all()}
    added = [code for code in wanted if code not in existing]
    changed = [
        code
        for code, row in wanted.items()
        if code in existing
        and (existing[code].digest, existing[code].is_active) != (row.digest, True)
    ]
    withdrawn = [code for code, row in existing.items() if code not in wanted and row.is_active]
    fields = [
        field.name for field in model._meta.concrete_fields if field.name not in {"id", "code"}
    ]
    model.objects.bulk_create(
        [wanted[code] for code in added + changed],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=fields,
    )
    model.objects.filter(code__in=withdrawn).update(is_active=False)
    return Difference(added, changed, withdrawn)


def _intervention(entry: catalogue.Intervention) -> Intervention:
    return Intervention(
        code=entry.id,
        name=entry.name,
        category=entry.category,
        evidence_grade=entry.evidence.grade or "Not graded",
        source=entry.evidence.source,
        is_verified=entry.evidence.verified,
        reviewed_on=entry.review_date,
        version=entry.version,
        entry=entry.entry,
        digest=entry.digest,
    )


def _interaction(entry: catalogue.Interaction) -> Interaction:
    return Interaction(
        code=entry.id,
        drug_class=entry.drug_class,
        against=entry.against_text,
        severity=entry.severity,
        entry=entry.entry,
        digest=entry.digest,
    )
