"""Entries and drafts of the catalogue as their pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from healthcare.common import figures
from recommendations import cataloguefields
from recommendations.catalogue import load as load_files
from recommendations.catalogue import overlay
from recommendations.catalogue.entries import Entry
from recommendations.models import CatalogueEdit
from recommendations.services import catalogue, cataloguelist
from recommendations.services.cataloguelist import Listed
from recommendations.services.editing import Standing

State = CatalogueEdit.State


def row(listed: Listed) -> dict[str, Any]:
    """One line of the list."""
    return {
        "code": listed.code,
        "name": listed.name,
        "url_name": "catalogue-entry",
        "category": listed.category.capitalize(),
        "version": listed.version,
        "reviewed": figures.day(listed.reviewed_on),
        "states": states(listed),
        "draft": listed.draft,
        "is_new": listed.last_day is None and not listed.is_withdrawn,
    }


def states(listed: Listed) -> list[tuple[str, str]]:
    """Words for the state of an entry, with the look of each."""
    found = []
    if listed.is_withdrawn:
        found.append(("Withdrawn", "none"))
    elif listed.is_expired:
        found.append(("Expired", "warn"))
    elif listed.last_day is not None:
        found.append(("Active", "low"))
    if not listed.is_verified and not listed.is_withdrawn:
        found.append(("Not checked against source", "note"))
    if listed.is_own and not listed.is_withdrawn:
        found.append(("Edited by this site", "none"))
    if listed.draft is not None:
        found.append(("In draft", "note"))
    return found


def expired(listed: Listed, today: date) -> dict[str, Any]:
    """An entry whose review has run out, since when, and what to do."""
    last = listed.last_day or today
    effect = (
        "Recommended to nobody until it is reviewed."
        if listed.part == overlay.INTERVENTION
        else "Still checked: an old warning is still a warning."
    )
    if listed.draft is not None:
        todo = "A draft waits for a second person."
    else:
        todo = "Read its sources again. If it still holds, renew it; else edit or withdraw it."
    return row(listed) | {
        "since": figures.day(last),
        "days": (today - last).days,
        "effect": effect,
        "todo": todo,
    }


def waiting(draft: CatalogueEdit) -> dict[str, Any]:
    return {
        "pk": draft.pk,
        "code": draft.code,
        "name": cataloguelist.name(draft.entry or draft.base or {"name": draft.code}),
        "kind": draft.get_kind_display(),
        "author": draft.author.display_name,
        "when": figures.clock(draft.drafted_at),
        "reason": draft.reason,
    }


def entry(standing: Standing, edits: Iterable[CatalogueEdit], *, today: date) -> dict[str, Any]:
    """Context of the page of one entry."""
    edits = list(edits)
    listed = [each for each in cataloguelist.entries(today=today) if each.code == standing.code]
    in_file = catalogue.entries(load_files()).get(standing.code)
    own = standing.edit
    file_moved = own is not None and (in_file.digest if in_file else "") != own.file_digest
    return {
        "code": standing.code,
        "part": standing.part,
        "name": cataloguelist.name(standing.entry),
        "version": standing.version if standing.is_withdrawn else standing.entry["version"],
        "is_withdrawn": standing.is_withdrawn,
        "is_own": own is not None,
        "states": states(listed[0]) if listed else [],
        "lines": cataloguefields.lines(standing.part, standing.entry),
        "draft": next((waiting(each) for each in edits if each.is_open), None),
        "history": [version(each) for each in edits if not each.is_open],
        "file_differences": _file_differences(standing, in_file) if own else [],
        "file_moved": file_moved,
        "is_in_file": in_file is not None,
    }


def _file_differences(standing: Standing, in_file: Any) -> list[cataloguefields.Difference]:
    """From what the file says to what the site says."""
    if in_file is None or standing.is_withdrawn:
        return []
    return cataloguefields.differences(standing.part, in_file.entry, standing.entry)


def version(edit: CatalogueEdit) -> dict[str, Any]:
    """A decided draft: a line of the history."""
    return {
        "pk": edit.pk,
        "version": edit.version,
        "kind": edit.get_kind_display(),
        "state": edit.get_state_display(),
        "is_published": edit.state == State.PUBLISHED,
        "author": edit.author.display_name,
        "drafted": figures.clock(edit.drafted_at),
        "decided_by": edit.decided_by.display_name if edit.decided_by else "",
        "decided": figures.clock(edit.decided_at) if edit.decided_at else "",
        "reason": edit.reason,
        "decision": edit.decision,
    }


def edit(shown: CatalogueEdit) -> dict[str, Any]:
    """Context of the page of a draft or version."""
    entry_now: Entry | None = shown.entry
    if shown.kind == CatalogueEdit.Kind.FILE:
        in_file = catalogue.entries(load_files()).get(shown.code)
        entry_now = in_file.entry if in_file else None
    differences = []
    if entry_now is not None and shown.base is not None:
        differences = cataloguefields.differences(shown.part, shown.base, entry_now)
    lines = cataloguefields.lines(shown.part, entry_now or shown.base or {})
    return {
        "edit": version(shown),
        "code": shown.code,
        "name": cataloguelist.name(entry_now or shown.base or {"name": shown.code}),
        "is_open": shown.is_open,
        "is_withdrawal": shown.kind == CatalogueEdit.Kind.WITHDRAW,
        "is_new": shown.base is None,
        "differences": differences,
        "lines": lines,
        "tasks": [task.text for task in shown.tasks.all()],
    }
