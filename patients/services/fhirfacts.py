"""Facts of FHIR resources into the record. A changed resource ends its fact and adds another.

A resource owns the facts that carry its name (`external_id`). What another one, or a person,
has said already is not said twice; when that ends, the resource that said the same speaks up.

What a person has corrected or removed stays so. A sender who only says again what was corrected
brings no news; one who says something new is not followed silently either: it is a `Conflict`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from patients.fhir.meaning import Fact
from patients.models import (
    Allergy,
    Condition,
    Encounter,
    FamilyHistory,
    Medication,
    PreventiveCare,
    SurveyAnswer,
)
from patients.models.querysets import RecordFact
from patients.services.records import SOURCE as BY_HAND
from patients.services.records import content_fields

SOURCE = "FHIR"
SAID_ALREADY = "The record says this already."
CORRECTED = "Corrected by its sender"
TAKEN_BACK = "Taken back by its sender"
SAID_ANEW = "Said anew for the same day"
BY_SENDERS = (CORRECTED, TAKEN_BACK, SAID_ANEW)
MODELS: dict[str, Any] = {
    model.__name__: model
    for model in (
        Allergy, Condition, Encounter, FamilyHistory, Medication, PreventiveCare, SurveyAnswer
    )
}  # fmt: skip
TABLE_OF = {
    "AllergyIntolerance": "Allergy",
    "Condition": "Condition",
    "DiagnosticReport": "SurveyAnswer",
    "Encounter": "Encounter",
    "FamilyMemberHistory": "FamilyHistory",
    "Immunization": "PreventiveCare",
    "MedicationRequest": "Medication",
    "MedicationStatement": "Medication",
    "Observation": "SurveyAnswer",
    "Procedure": "PreventiveCare",
    "QuestionnaireResponse": "SurveyAnswer",
}
# What only one current row of a patient may say: the constraints of the tables.
UNIQUE = {
    "Allergy": ("code", "label"),
    "FamilyHistory": ("code", "relation"),
    "PreventiveCare": ("item", "done_on"),
    "SurveyAnswer": ("instrument", "item", "answered_on"),
}


@dataclass
class Said:
    """What one resource says of one patient; `is_repeated` when the record said it before."""

    patient_id: int
    resource_type: str
    external_id: str
    facts: list[Fact]
    is_repeated: bool = False


class Conflict(NamedTuple):
    """A sender says something new of a fact that a person has corrected, which stands."""

    patient_id: int
    external_id: str
    corrected_by_id: int | None


@dataclass
class Changes:
    """What became of a stretch."""

    changed: set[int] = field(default_factory=set)
    # (patient, type of resource) of which a fact has ended that others may have said, too.
    freed: set[tuple[int, str]] = field(default_factory=set)
    conflicts: list[Conflict] = field(default_factory=list)


def store(said: list[Said], *, source: str, now: datetime) -> Changes:
    """Bring the record to what these resources say, in their order; twice is once."""
    changes = Changes()
    by_table: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        by_table[TABLE_OF[one.resource_type]].append(one)
    for table, those in by_table.items():
        _Table(table, those, source, now, changes).store()
    return changes


def end(external_ids: Iterable[str], *, reason: str, now: datetime) -> set[int]:
    """End all current facts of these resources; return their patients."""
    names, patients = set(external_ids), set()
    for model in MODELS.values():
        rows = model.objects.current().filter(source=SOURCE, external_id__in=names)
        patients |= set(rows.values_list("patient_id", flat=True))
        rows.update(superseded_at=now, change_reason=reason)
    return patients


class _Table:
    """The current rows of one table for the patients of a stretch, and how they change."""

    def __init__(self, table: str, said: list[Said], source: str, now: datetime, changes: Changes):
        self.table, self.model, self.said = table, MODELS[table], said
        self.source, self.now, self.changes = source, now, changes
        self.fields = content_fields(self.model)
        self.owned: dict[tuple[int, str], list[RecordFact]] = defaultdict(list)
        self.unique: dict[tuple, RecordFact] = {}
        self.by_hand: dict[tuple, RecordFact] = {}
        self.new: list[RecordFact] = []
        self.ended: list[RecordFact] = []
        people = {one.patient_id for one in said}
        for row in self.model.objects.current().filter(patient__in=people):
            self._remember(row)
        self.by_people = self._ended_by_people(people)

    def store(self) -> None:
        for one in self.said:
            self._settle(one)
        ended = [row for row in self.ended if row.pk]
        self.model.objects.bulk_update(ended, ["superseded_at", "change_reason"], batch_size=500)
        self.model.objects.bulk_create(self.new, batch_size=500)

    def _settle(self, one: Said) -> None:
        wanted = [fact.values for fact in one.facts]
        owned = self.owned[one.patient_id, one.external_id]
        wanted = self._without_overruled(one, wanted)
        stale = [row for row in owned
                 if not _is_by_hand(row) and self._content(row) not in wanted]  # fmt: skip
        for row in list(stale):
            self._end(row, CORRECTED if wanted else TAKEN_BACK)
        if stale:
            self.changes.freed.add((one.patient_id, one.resource_type))
        standing = [self._content(row) for row in owned]
        added = [self._add(one, values) for values in wanted if values not in standing]
        if stale or any(added):
            self.changes.changed.add(one.patient_id)
        one.is_repeated = bool(wanted) and not owned

    def _without_overruled(self, one: Said, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What the resource says, less what a person has put right; news of it is a conflict."""
        by_people = self.by_people[one.patient_id, one.external_id]
        by_hand = [row for row in self.owned[one.patient_id, one.external_id] if _is_by_hand(row)]
        wanted = [values for values in wanted if values not in by_people]
        standing = [self._content(row) for row in by_hand]
        news = [values for values in wanted if values not in standing]
        for row in by_hand:
            others = [values for values in news if self._is_of_another(one, values, row)]
            if len(others) < len(news):
                self.changes.conflicts.append(
                    Conflict(one.patient_id, one.external_id, row.entered_by_id)
                )
            wanted = [values for values in wanted if values in others or values not in news]
        return wanted

    def _ended_by_people(self, people: set[int]) -> dict[tuple[int, str], list[dict[str, Any]]]:
        """What each resource had said before a person corrected or removed it."""
        names = {one.external_id for one in self.said} - {""}
        ended = self.model.objects.filter(
            patient__in=people, external_id__in=names, superseded_at__isnull=False
        )
        contents = defaultdict(list)
        for row in ended.exclude(change_reason__in=BY_SENDERS):
            contents[row.patient_id, row.external_id].append(self._content(row))
        return contents

    def _is_of_another(self, one: Said, values: dict[str, Any], row: RecordFact) -> bool:
        """Whether it answers another question of the same questionnaire."""
        said = self.model(patient_id=one.patient_id, **values)
        return self.table == "SurveyAnswer" and self._key(said) != self._key(row)

    def _add(self, one: Said, values: dict[str, Any]) -> bool:
        row = self.model(
            patient_id=one.patient_id, external_id=one.external_id, source=self.source,
            recorded_at=self.now, **values,
        )  # fmt: skip
        other = self.unique.get(self._key(row)) or self.by_hand.get(self._whole(row))
        if other is not None and self.table == "Condition":
            # Two concepts that a rule reads alike are two problems for people.
            if other.coding == row.coding or not row.coding:  # type: ignore[attr-defined]
                return False
            row.code = own_code(row.coding)
            other = self.unique.get(self._key(row))
        if other is not None and self.table == "SurveyAnswer" and not self._says(other, row):
            self._end(other, SAID_ANEW)
            other = None
        if other is not None:
            return False
        self.new.append(row)
        self._remember(row)
        return True

    def _says(self, other: RecordFact, row: RecordFact) -> bool:
        return self._content(other) == self._content(row)

    def _end(self, row: RecordFact, reason: str) -> None:
        row.superseded_at, row.change_reason = self.now, reason
        self.ended.append(row)
        self.owned[row.patient_id, row.external_id].remove(row)  # type: ignore[attr-defined]
        if self.unique.get(self._key(row)) is row:
            del self.unique[self._key(row)]
        if self.by_hand.get(self._whole(row)) is row:
            del self.by_hand[self._whole(row)]

    def _remember(self, row: RecordFact) -> None:
        self.owned[row.patient_id, row.external_id].append(row)  # type: ignore[attr-defined]
        if key := self._key(row):
            self.unique[key] = row
        if not row.external_id:
            self.by_hand[self._whole(row)] = row

    def _content(self, row: RecordFact) -> dict[str, Any]:
        return {name: getattr(row, name) for name in self.fields}

    def _whole(self, row: RecordFact) -> tuple:
        return (row.patient_id, *self._content(row).values())  # type: ignore[attr-defined]

    def _key(self, row: RecordFact) -> tuple:
        patient = row.patient_id  # type: ignore[attr-defined]
        if self.table == "Condition":
            return () if row.resolved_on else (patient, row.code)  # type: ignore[attr-defined]
        fields = UNIQUE.get(self.table, ())
        return (patient, *(getattr(row, name) for name in fields)) if fields else ()


def _is_by_hand(row: RecordFact) -> bool:
    return row.source == BY_HAND and bool(row.external_id)


def own_code(coding: str) -> str:
    """The code of a second problem that a rule reads like the first: `…sct|302870006`."""
    system, _, code = coding.rpartition("|")
    prefix = "snomed" if "snomed" in system else "icd10" if "icd-10" in system else "code"
    return f"{prefix}:{code}"[:60]
