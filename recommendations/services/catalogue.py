"""Make the rows of the catalogue match its reviewed files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Model

from recommendations import catalogue
from recommendations.catalogue.loader import FOLDER
from recommendations.models import Interaction, Intervention


@dataclass(frozen=True)
class Difference:
    """What a load changed, by code."""

    added: list[str]
    changed: list[str]
    withdrawn: list[str]


@cache
def digest() -> str:
    """Digest of the catalogue that this process uses; stored with what it recommends."""
    total = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.yaml")):
        total.update(path.read_bytes())
    return total.hexdigest()


@transaction.atomic
def load() -> tuple[Difference, Difference]:
    """Check the files, then add, change and withdraw rows; twice changes nothing."""
    checked = catalogue.load()
    interventions = [_intervention(entry) for entry in checked.interventions]
    interactions = [_interaction(entry) for entry in checked.interactions]
    return _sync(Intervention, interventions), _sync(Interaction, interactions)


def _sync(model: type[Model], rows: Iterable[Any]) -> Difference:
    wanted = {row.code: row for row in rows}
    existing = {row.code: row for row in model._default_manager.all()}
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
    model._default_manager.bulk_create(
        [wanted[code] for code in added + changed],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=fields,
    )
    model._default_manager.filter(code__in=withdrawn).update(is_active=False)
    return Difference(added, changed, withdrawn)


def _intervention(entry: catalogue.Intervention) -> Intervention:
    raw = _raw_entries()[entry.id]
    return Intervention(
        code=entry.id,
        name=entry.name,
        category=entry.category,
        evidence_grade=entry.evidence.grade or "Not graded",
        source=entry.evidence.source,
        is_verified=entry.evidence.verified,
        reviewed_on=entry.review_date,
        version=entry.version,
        entry=raw,
        digest=_digest(raw),
    )


def _interaction(entry: catalogue.Interaction) -> Interaction:
    raw = _raw_entries()[entry.id]
    return Interaction(
        code=entry.id,
        drug_class=entry.drug_class,
        against=entry.against_text,
        severity=entry.severity,
        entry=raw,
        digest=_digest(raw),
    )


@cache
def _raw_entries() -> dict[str, dict]:
    """Every entry as its file has it, with days as text."""
    entries = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(rows, list):
            entries |= {row["id"]: row for row in rows if "id" in row}
    return json.loads(json.dumps(entries, default=str))


def _digest(entry: dict) -> str:
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()
