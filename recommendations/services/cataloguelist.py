"""The entries of the catalogue with their state, for those who look after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from recommendations.catalogue import expiry, loader, overlay
from recommendations.catalogue.entries import Catalogue, Entry, Intervention
from recommendations.models import CatalogueEdit
from recommendations.services import catalogue


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry in brief."""

    code: str
    part: str
    name: str
    category: str
    version: int
    reviewed_on: date | None
    last_day: date | None  # on which the review holds
    is_verified: bool
    is_expired: bool
    is_withdrawn: bool
    is_own: bool
    draft: CatalogueEdit | None
    text: str  # everything that a search looks at, small

    def is_in(self, state: str) -> bool:
        return {
            "": True,
            "active": self.last_day is not None and not self.is_expired,
            "unverified": not self.is_verified and not self.is_withdrawn,
            "expired": self.is_expired,
            "withdrawn": self.is_withdrawn,
            "draft": self.draft is not None,
            "own": self.is_own,
        }[state]


def entries(*, today: date, q: str = "", state: str = "", category: str = "") -> list[Listed]:
    """Entries that fit a search, by code; three queries."""
    words = q.casefold().split()
    return [
        listed
        for listed in _all(today)
        if listed.is_in(state)
        and category in ("", listed.category)
        and all(word in listed.text for word in words)
    ]


def expired(*, today: date) -> list[Listed]:
    """Entries whose review has run out, the oldest first."""
    found = entries(today=today, state="expired")
    return sorted(found, key=lambda each: (each.last_day or today, each.code))


def _all(today: date) -> list[Listed]:
    whole = catalogue.current()
    drafts = {row.code: row for row in CatalogueEdit.objects.open().select_related("author")}
    own = {row.code: row for row in CatalogueEdit.objects.standing()}
    held = [
        _of_entry(entry, whole, today, drafts, own) for entry in catalogue.entries(whole).values()
    ]
    gone = [_withdrawn(row, drafts) for row in own.values() if row.entry is None]
    new = [_new(row) for row in drafts.values() if row.base is None and row.entry]
    return sorted([*held, *gone, *new], key=lambda each: each.code)


def _of_entry(
    entry: Any, whole: Catalogue, today: date, drafts: dict[str, CatalogueEdit], own: dict
) -> Listed:
    last = expiry.last_day(entry, whole)
    is_item = isinstance(entry, Intervention)
    return Listed(
        code=entry.id,
        part=overlay.INTERVENTION if is_item else overlay.INTERACTION,
        name=name(entry.entry),
        category=entry.category if is_item else "interaction",
        version=entry.version,
        reviewed_on=entry.review_date,
        last_day=last,
        is_verified=entry.evidence.verified and (not is_item or entry.effect_verified),
        is_expired=last < today,
        is_withdrawn=False,
        is_own=entry.id in own,
        draft=drafts.get(entry.id),
        text=_text(entry.entry),
    )


def _withdrawn(row: CatalogueEdit, drafts: dict[str, CatalogueEdit]) -> Listed:
    return _bare(row, row.base or {}, is_withdrawn=True, draft=drafts.get(row.code))


def _new(row: CatalogueEdit) -> Listed:
    return _bare(row, row.entry or {}, is_withdrawn=False, draft=row)


def _bare(
    row: CatalogueEdit, entry: Entry, *, is_withdrawn: bool, draft: CatalogueEdit | None
) -> Listed:
    return Listed(
        code=row.code,
        part=row.part,
        name=name(entry),
        category=entry.get("category", "interaction"),
        version=row.version,
        reviewed_on=loader.from_plain(entry)["review_date"],
        last_day=None,
        is_verified=bool(entry.get("evidence", {}).get("verified")),
        is_expired=False,
        is_withdrawn=is_withdrawn,
        is_own=is_withdrawn,
        draft=draft,
        text=_text(entry),
    )


def name(entry: Entry) -> str:
    """What an entry is called: an interaction by its two sides."""
    if "name" in entry:
        return str(entry["name"])
    return f"{entry['drug_class'].replace('_', ' ')} with {entry['against']['text']}"


def _text(entry: Entry) -> str:
    return " ".join(_texts(entry)).casefold()


def _texts(held: Any) -> Iterable[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, dict):
        for value in held.values():
            yield from _texts(value)
    elif isinstance(held, list):
        for value in held:
            yield from _texts(value)


HEADER = """\
# Published edits of one site, in the form of recommendations/catalogue/*.yaml.
# Each file holds whole entries that take the place of those with the same id.
"""


def export() -> str:
    """The site's standing edits as YAML, to be offered to those who keep the files."""
    files: dict[str, list[dict[str, Any]]] = {}
    withdrawn = []
    for own in catalogue.own_edits():
        said = _said(own.edit)
        if own.edit.entry is None:
            withdrawn.append(said)
        else:
            entry = loader.from_plain(own.edit.entry)
            files.setdefault(_file(own.edit), []).append(said | {"entry": entry})
    content = {"edits": files, "withdrawn": withdrawn}
    return HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _said(edit: CatalogueEdit) -> dict[str, Any]:
    return {
        "id": edit.code,
        "version": edit.version,
        "why": edit.reason,
        "drafted_by": edit.author.display_name,
        "published_by": edit.decided_by.display_name if edit.decided_by else "",
        "published_on": edit.decided_at.date() if edit.decided_at else None,
    }


def _file(edit: CatalogueEdit) -> str:
    if edit.part == overlay.INTERACTION:
        return loader.INTERACTIONS
    return f"{(edit.entry or {})['category']}.yaml"
