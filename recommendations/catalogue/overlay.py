"""The site's published edits laid over the reviewed files."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from recommendations.catalogue import loader, schema
from recommendations.catalogue.entries import (
    Catalogue,
    Entry,
    Interaction,
    Intervention,
    digest,
)
from recommendations.catalogue.schema import Problem

SITE = "site"  # stands for the file in a sentence about an edit
INTERVENTION, INTERACTION = "intervention", "interaction"


@dataclass(frozen=True, slots=True)
class Edit:
    """What the site says of one entry; without an entry the site has withdrawn it."""

    code: str
    part: str
    entry: Entry | None


def faults(edit: Edit) -> tuple[Problem, ...]:
    """What the schema of the files says against an edit; nothing against a withdrawal."""
    if edit.entry is None:
        return ()
    check = schema.intervention_faults if edit.part == INTERVENTION else schema.interaction_faults
    found = list(check(SITE, loader.from_plain(edit.entry)))
    if edit.entry.get("id") != edit.code:
        found.append(Problem(SITE, edit.code, "id", "is not the code of the entry"))
    return tuple(found)


def lay(files: Catalogue, edits: Iterable[Edit]) -> Catalogue:
    """The catalogue with these edits, which must be without faults. New entries come last."""
    edits = tuple(edits)
    if not edits:
        return files
    interventions = _replaced(files.interventions, edits, INTERVENTION)
    interactions = _replaced(files.interactions, edits, INTERACTION)
    said = [[edit.code, edit.entry] for edit in sorted(edits, key=lambda edit: edit.code)]
    laid = replace(
        files,
        interventions=interventions,
        interactions=interactions,
        digest=digest([files.digest, said]),
    )
    withdrawn = frozenset(edit.code for edit in edits if edit.entry is None)
    return without(laid, withdrawn) if withdrawn else laid


def without(catalogue: Catalogue, gone: Collection[str]) -> Catalogue:
    """The catalogue without these entries, which also leave their groups of alternatives."""
    groups = (
        replace(group, members=tuple(member for member in group.members if member not in gone))
        for group in catalogue.groups
    )
    return replace(
        catalogue,
        interventions=tuple(item for item in catalogue.interventions if item.id not in gone),
        interactions=tuple(row for row in catalogue.interactions if row.id not in gone),
        groups=tuple(group for group in groups if group.members),
    )


def made(edit: Edit) -> Intervention | Interaction:
    """The entry of an edit as the engine reads it."""
    entry = loader.from_plain(edit.entry or {})
    return loader.intervention(entry) if edit.part == INTERVENTION else loader.interaction(entry)


def _replaced(entries: tuple[Any, ...], edits: tuple[Edit, ...], part: str) -> tuple[Any, ...]:
    ours = {edit.code: made(edit) for edit in edits if edit.entry is not None and edit.part == part}
    kept = tuple(ours.pop(entry.id, entry) for entry in entries)
    return (*kept, *ours.values())
