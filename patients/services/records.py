"""Add, correct and remove facts of a record. Nothing is overwritten.

A correction ends the old row and adds a new one; a removal ends it. What stood there, until
when and why stays in the record. Sending a form twice changes nothing the second time: the
patient's row is held while a change is made, and a fact that says the same is found first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction

from healthcare.accounts.models import User
from healthcare.audit import services as audit
from patients.models import Patient
from patients.models.querysets import RecordFact
from patients.signals import record_changed

SOURCE = "entered by hand"
BOOKKEEPING = {"id", "patient", "recorded_at", "source", "external_id", "entered_by",
               "superseded_at", "change_reason"}  # fmt: skip
CODED = {"code", "drug_class", "label", "name"}
REVIEWABLE = {"conditions", "medications", "allergies", "family"}


class NotChanged(Exception):
    """A change that cannot be made; the message says why and what to do."""


class OnTheListAlready(NotChanged):
    def __init__(self) -> None:
        super().__init__("This is on the list already. Correct that entry instead.")


class AlreadyEnded(NotChanged):
    def __init__(self) -> None:
        super().__init__(
            "Somebody has corrected or removed this entry since. Look at the list as it is now."
        )


@transaction.atomic
def add(fact: RecordFact, *, by: User, now: datetime) -> RecordFact:
    """Store a new fact of `fact.patient`; return the row, an earlier one if it says the same.

    Raises OnTheListAlready when the list holds the same thing with other details.
    """
    hold(_patient_id(fact))
    if same := _same(fact):
        return same
    _store(fact, by=by, now=now)
    audit.record("fact.added", target=fact, by=by, patient_ids=[_patient_id(fact)])
    _tell(fact)
    return fact


@transaction.atomic
def add_all(facts: Sequence[RecordFact], *, by: User, now: datetime) -> list[RecordFact]:
    """Store all of these or none."""
    return [add(fact, by=by, now=now) for fact in facts]


@transaction.atomic
def correct(
    fact: RecordFact, changes: Mapping[str, Any], *, by: User, now: datetime, reason: str
) -> RecordFact:
    """End a fact and put another in its place; return the row that now stands.

    Raises AlreadyEnded when somebody else has ended it, OnTheListAlready when the list holds
    what it is corrected to.
    """
    hold(_patient_id(fact))
    fact.refresh_from_db()
    new = _changed(fact, changes)
    if fact.superseded_at is not None:
        if same := _same(new):
            return same
        raise AlreadyEnded
    if _content(new) == _content(fact):
        return fact
    _end(fact, now=now, reason=reason)
    _store(new, by=by, now=now)
    fields = sorted(name for name in changes if getattr(fact, name) != getattr(new, name))
    audit.record(
        "fact.corrected", target=new, by=by, patient_ids=[_patient_id(fact)],
        ended=fact.pk, fields=fields,
    )  # fmt: skip
    _tell(fact)
    return new


@transaction.atomic
def remove(fact: RecordFact, *, by: User, now: datetime, reason: str) -> None:
    """End a fact that should not stand; a fact that has ended stays as it is."""
    hold(_patient_id(fact))
    fact.refresh_from_db()
    if fact.superseded_at is not None:
        return
    _end(fact, now=now, reason=reason)
    audit.record("fact.removed", target=fact, by=by, patient_ids=[_patient_id(fact)])
    _tell(fact)


@transaction.atomic
def mark_reviewed(patient: Patient, which: str, *, by: User, on: date) -> None:
    """Note that a list was gone through with the patient on a day: an empty one is then "none".

    `which` is one of REVIEWABLE.
    """
    hold(patient.pk)
    column = f"{which}_reviewed_on"
    setattr(patient, column, on)
    patient.save(update_fields=[column, "updated_at"])
    audit.record("list.reviewed", target=patient, by=by, patient_ids=[patient.pk], list=which)
    record_changed.send(sender=Patient, patient_ids=[patient.pk])


def hold(patient_id: int) -> None:
    """Let one change of a record wait for the other.

    Raises PermissionDenied for a record that has been merged into another meanwhile: nobody
    would see what is added to it.
    """
    patient = Patient.objects.select_for_update(no_key=True).filter(pk=patient_id)
    if any(merged_into is not None for (merged_into,) in patient.values_list("merged_into")):
        raise PermissionDenied("This record was merged into another. Open that one and try again.")


def content_fields(model: type[RecordFact]) -> list[str]:
    """Names of what a fact says, without when, by whom and until when."""
    return [field.name for field in model._meta.concrete_fields if field.name not in BOOKKEEPING]


def _store(fact: RecordFact, *, by: User, now: datetime) -> None:
    fact.recorded_at, fact.source, fact.entered_by = now, SOURCE, by
    try:
        with transaction.atomic():
            fact.save(force_insert=True)
    except IntegrityError as refused:
        if "once" in str(refused):  # the name of each uniqueness ends so
            raise OnTheListAlready from None
        raise


def _end(fact: RecordFact, *, now: datetime, reason: str) -> None:
    fact.superseded_at, fact.change_reason = now, reason
    fact.save(update_fields=["superseded_at", "change_reason"])


def _changed(fact: RecordFact, changes: Mapping[str, Any]) -> RecordFact:
    """A new row that says what the old one did, but for the changes."""
    said = _content(fact) | dict(changes)
    if "coding" in said and any(said[name] != old for name, old in _meaning(fact).items()):
        said["coding"] = ""  # the code that was sent no longer says what this row says
    model: Any = type(fact)
    return model(patient_id=_patient_id(fact), external_id=fact.external_id, **said)


def _meaning(fact: RecordFact) -> dict[str, Any]:
    return {name: value for name, value in _content(fact).items() if name in CODED}


def _same(fact: RecordFact) -> RecordFact | None:
    """A current fact of the patient that says exactly this."""
    model: Any = type(fact)
    current = model.objects.current().filter(patient=_patient_id(fact))
    return current.filter(**_content(fact)).first()


def _content(fact: RecordFact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in content_fields(type(fact))}


def _patient_id(fact: models.Model) -> int:
    return fact.patient_id  # type: ignore[attr-defined]


def _tell(fact: RecordFact) -> None:
    record_changed.send(sender=type(fact), patient_ids=[_patient_id(fact)])
