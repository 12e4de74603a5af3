"""Every table whose rows belong to a patient, of whatever app, found by its foreign key.

So a merge moves predictions and recommendations too, and whatever app comes later, without
this floor knowing any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Exists, ForeignKey, Model, OuterRef, Q, QuerySet, UniqueConstraint

from patients.models import (
    DuplicateCandidate,
    EmergencyAccess,
    LatestResult,
    Patient,
    PatientMerge,
    ResultMove,
)
from patients.models.querysets import PatientFact

# Speak of a record as such (who entered it, what was done to it), or can be made again.
ABOUT_THE_RECORD = {
    DuplicateCandidate, EmergencyAccess, LatestResult, Patient, PatientMerge, ResultMove,
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A model and its field that names the patient."""

    model: Any
    field: str

    @cached_property
    def name(self) -> str:
        return name_of(self.model)

    @cached_property
    def label(self) -> str:
        """What the rows are called, such as `results`."""
        plural = str(self.model._meta.verbose_name_plural)
        return f"{plural[:-2]}ies" if plural.endswith("ys") else plural

    @cached_property
    def is_conclusion(self) -> bool:
        """Drawn from the facts and replaced when they change: predictions, recommendations."""
        has_end = any(field.name == "superseded_at" for field in self.model._meta.fields)
        return has_end and not issubclass(self.model, PatientFact)

    @property
    def is_counted(self) -> bool:
        """Whether the number of rows says something about how much a record holds."""
        return issubclass(self.model, PatientFact)

    def rows(self, *patients: int) -> QuerySet:
        return self.model._base_manager.filter(**{f"{self.field}__in": patients})

    def clashing(self, source: int, target: int, among: QuerySet | None = None) -> list[int]:
        """Keys of rows of one record that the other cannot take: it has the same."""
        mine = self.rows(source) if among is None else among
        keys: set[int] = set()
        for fields, condition in self._unique():
            same = {field: OuterRef(field) for field in fields}
            theirs = self.rows(target).filter(condition, **same)
            keys |= set(mine.filter(condition).filter(Exists(theirs)).values_list("pk", flat=True))
        return sorted(keys)

    def followed(self, staying: dict[type, list[int]]) -> Iterator[tuple[str, list[int]]]:
        """Fields that point to rows which stay: their own rows stay with them."""
        for field in self.model._meta.fields:
            if isinstance(field, ForeignKey) and staying.get(field.related_model):
                yield field.name, staying[field.related_model]

    def _unique(self) -> Iterator[tuple[list[str], Q]]:
        """What else is unique with the patient, and of which rows."""
        field = self.model._meta.get_field(self.field)
        if field.unique:
            yield [], Q()
        for constraint in self.model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and self.field in constraint.fields:
                others = [name for name in constraint.fields if name != self.field]
                yield others, constraint.condition or Q()


def tables() -> list[Table]:
    """In a fixed order."""
    relations: list[Any] = Patient._meta.get_fields(include_hidden=True)
    found = [
        Table(relation.related_model, relation.field.name)
        for relation in relations
        if relation.auto_created and not relation.concrete and relation.related_model
        and relation.related_model not in ABOUT_THE_RECORD
        and (relation.one_to_many or relation.one_to_one)
    ]  # fmt: skip
    return sorted(found, key=lambda table: (table.name, table.field))


def name_of(model: type[Model]) -> str:
    return model._meta.label_lower


def counts(patient: Patient) -> dict[str, int]:
    """How much a record holds, by kind of fact."""
    return {table.label: table.rows(patient.pk).count() for table in tables() if table.is_counted}
