"""One patient's whole record as a file: for the patient, another hospital, or another system."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.db.models.fields.files import FieldFile

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients.fhir import outgoing, strict
from patients.models import (
    Allergy,
    Analyte,
    Condition,
    Consent,
    DuplicateCandidate,
    Encounter,
    FamilyHistory,
    Medication,
    Notice,
    Patient,
    PatientMerge,
    PreventiveCare,
    Result,
    ResultMove,
    SurveyAnswer,
)
from patients.services import labrepeats

# Not of the record: the work of those who keep records apart, and the staff's own inboxes.
BOOKKEEPING = {DuplicateCandidate, Notice, PatientMerge, ResultMove}
# Of the patient's own row: moves with every touch and says nothing of the person.
TOUCHED = {"updated_at"}
FORMAT = "carelens-record"
LISTS = ("conditions", "allergies", "medications", "family")


class _Encoder(DjangoJSONEncoder):
    """Files by their names."""

    def default(self, o: Any) -> Any:
        return o.name if isinstance(o, FieldFile) else super().default(o)


class NotShared(PermissionDenied):
    """The patient has not agreed that their record goes to other systems."""

    def __init__(self) -> None:
        super().__init__(
            "The patient has not agreed to share their record with other systems. "
            "Record their consent to sharing first."
        )


def download(patient: Patient, *, form: str, by: User, now: datetime) -> bytes:
    """The record of a patient that `by` may see, `form` being json or fhir; audited.

    Raises PermissionDenied for a role that may not, NotShared for another system without the
    patient's consent: people of the hospital answer for what they download.
    """
    permissions.check(by, Permission.RECORD_EXPORT)
    if by.role == User.Role.API_CLIENT:
        decided = sharing_of(patient, now)
        if not (decided.is_given if decided else Consent.UNASKED[Consent.Purpose.SHARING]):
            raise NotShared
    audit.read("record.exported", patient_ids=[patient.pk], by=by, form=form)
    return fhir_bytes(patient) if form == "fhir" else as_json(patient)


def as_json(patient: Patient) -> bytes:
    """Every row that belongs to the patient, in every table of every app, the same bytes for
    the same record."""
    codes = dict(Analyte.objects.values_list("pk", "code"))
    tables = {
        model._meta.label_lower: [_plain(row, codes) for row in rows]
        for model, rows in _tables(patient)
    }
    record = {
        "format": FORMAT,
        "version": 1,
        "patient": _plain(patient, codes),
        "tables": tables,
    }
    text = json.dumps(record, cls=_Encoder, sort_keys=True, indent=1, ensure_ascii=False)
    return text.encode()


def as_fhir(patient: Patient) -> dict[str, Any]:
    """The record as a FHIR R4 Bundle (collection). Numbers are Decimal: see `fhir_bytes`."""
    return outgoing.bundle(_resources(patient))


def fhir_bytes(patient: Patient) -> bytes:
    return strict.dumps(as_fhir(patient)).encode()


def sharing_of(patient: Patient, now: datetime) -> Consent | None:
    """What the patient last decided on sharing with other systems; None when nobody asked."""
    decided = Consent.objects.filter(
        patient=patient, purpose=Consent.Purpose.SHARING, decided_at__lte=now
    )
    return decided.newest().first()


def _tables(patient: Patient) -> Iterator[tuple[type[Model], QuerySet]]:
    """Every table with a foreign key to patients, so that a new one is not forgotten."""
    found: dict[type[Model], QuerySet] = {}
    relations: list[Any] = Patient._meta.get_fields(include_hidden=True)
    for relation in relations:
        model: Any = relation.related_model
        is_reverse = relation.auto_created and not relation.concrete
        if (
            is_reverse
            and (relation.one_to_many or relation.one_to_one)
            and model not in BOOKKEEPING
        ):
            rows = _of(patient, model).filter(**{relation.field.name: patient})
            found[model] = found[model] | rows if model in found else rows
    for model in sorted(found, key=lambda model: model._meta.label_lower):
        yield model, found[model].order_by("pk")


def _of(patient: Patient, model: Any) -> QuerySet:
    """Its rows, without results that stood here and were another person's."""
    if model is not Result:
        return model._base_manager.all()
    withdrawn = Result._base_manager.filter(patient=patient, withdrawn_at__isnull=False)
    moved_to = labrepeats.moved_to(withdrawn.values_list("pk", flat=True))
    return Result._base_manager.exclude(pk__in=list(moved_to))


def _plain(row: Model, codes: dict[int, str]) -> dict[str, Any]:
    """A row as JSON has it: tests by their short name, all other rows by their key."""
    values = {}
    for field in row._meta.concrete_fields:
        if field.name not in TOUCHED:
            value = field.value_from_object(row)
            values[field.name] = codes[value] if field.related_model is Analyte else value
    return values


def _resources(patient: Patient) -> Iterator[tuple[str, dict[str, Any]]]:
    identifiers = patient.identifiers.order_by("pk")
    yield f"urn:uuid:{patient.public_id}", outgoing.patient(patient, identifiers)
    lists = {
        "conditions": [outgoing.condition(row, patient) for row in _facts(Condition, patient)],
        "allergies": [outgoing.allergy(row, patient) for row in _facts(Allergy, patient)],
        "medications": [outgoing.medication(row, patient) for row in _facts(Medication, patient)],
        "family": [outgoing.family(row, patient) for row in _facts(FamilyHistory, patient)],
    }
    for which in LISTS:
        reviewed_on = getattr(patient, f"{which}_reviewed_on")
        if reviewed_on and not lists[which]:
            yield outgoing.nothing_known(which, patient, reviewed_on)
        yield from lists[which]
    for visit in _facts(Encounter, patient):
        yield outgoing.encounter(visit, patient)
    for done in _facts(PreventiveCare, patient):
        yield outgoing.preventive_care(done, patient)
    yield from _answers(patient)
    yield from _results(patient)


def _facts(model: Any, patient: Patient) -> QuerySet:
    return model.objects.current().filter(patient=patient).order_by("pk")


def _answers(patient: Patient) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = _facts(SurveyAnswer, patient).order_by("instrument", "answered_on", "pk")
    for (instrument, day), those in groupby(
        rows, key=lambda row: (row.instrument, row.answered_on)
    ):
        yield outgoing.answers(instrument, day, list(those), patient)


def _results(patient: Patient) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every version that was ever believed of the patient, oldest first."""
    rows = (
        Result.objects.filter(patient=patient, withdrawn_at=None)
        .select_related("analyte")
        .order_by("collected_at", "analyte_id", "accession", "recorded_at", "issued_at", "pk")
    )
    threads = groupby(rows, key=lambda row: (row.collected_at, row.analyte_id, row.accession))
    for _, versions in threads:
        for version, row in enumerate(versions, start=1):
            yield outgoing.result(row, row.analyte, patient, version)
