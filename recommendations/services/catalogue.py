"""Make the rows of the catalogue match its reviewed files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from recommendations import catalogue
from recommendations.models import Interaction, Intervention


@dataclass(frozen=True)
class Difference:
    """What a load changed, by code."""

    added: list[str]
    changed: list[str]
    withdrawn: list[str]


@transaction.atomic
def load() -> tuple[Difference, Difference]:
    """Check the files, then add, change and withdraw rows; twice changes nothing."""
    checked = catalogue.load()
    interventions = [_intervention(entry) for entry in checked.interventions]
    interactions = [_interaction(entry) for entry in checked.interactions]
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
