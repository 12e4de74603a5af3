"""One patient's record as a file, and back again."""

import dataclasses
import datetime as dt
import json
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from fhir.resources.R4B.bundle import Bundle

from healthcare.audit.models import AuditEvent
from ml.facts import Facts
from patients import queries
from patients.models import (
    Allergy,
    Condition,
    Consent,
    Encounter,
    FamilyHistory,
    FhirResource,
    HeldResult,
    LabImport,
    Medication,
    Patient,
    PreventiveCare,
    Result,
    SurveyAnswer,
    WearableDay,
)
from patients.services import exports, intake
from tests.factories import PatientFactory, ResultFactory
from tests.patients.fhirfiles import bundles, load

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
KNOWN = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
DAY = dt.date(2026, 1, 2)


def consent(patient, purpose, given, at=KNOWN):
    return Consent.objects.create(patient=patient, purpose=purpose, is_given=given, decided_at=at)


@pytest.fixture
def ada(team, analytes, broker):
    """A patient with one of everything."""
    patient = PatientFactory(
        care_team=team, mrn="4711", ethnicity="hispanic", allergies_reviewed_on=DAY
    )
    fact = {"patient": patient, "recorded_at": KNOWN, "source": "test"}
    Condition.objects.create(code="t2d", label="Type 2 diabetes", onset_on=DAY, **fact)
    Condition.objects.create(code="gout", label="Gout", resolved_on=DAY, **fact)
    Medication.objects.create(drug_class="metformin", name="Metformin", dose="1 g", **fact)
    Medication.objects.create(name="Snake oil", started_on=DAY, **fact)
    FamilyHistory.objects.create(code="diabetes", relation="mother", **fact)
    Encounter.objects.create(
        kind="INPATIENT", reason="Pain", ward="North", started_at=KNOWN, **fact
    )
    PreventiveCare.objects.create(item="colonoscopy", done_on=DAY, **fact)
    PreventiveCare.objects.create(item="flu_vaccine", done_on=DAY, **fact)
    answer = {"instrument": "lifestyle", "answered_on": DAY, **fact}
    SurveyAnswer.objects.create(item="smoking", text="former", **answer)
    SurveyAnswer.objects.create(item="pack_years", number=12.5, **answer)
    WearableDay.objects.create(day=DAY, steps=9000, **fact)
    row = {"mrn": "4711", "collected_at": "2026-03-01T08:00:00Z"}
    rows = [
        row | {"code": "HBA1C", "value": "6.4", "unit": "%", "accession": "T1"},
        row | {"code": "CREAT", "value": "<0.9", "unit": "mg/dL"},
    ]
    intake.take(rows, intake.Origin(received_at=KNOWN))
    return patient


def reread(patient, team):
    """The record after it went out as FHIR and came back to a site that knows nothing of it."""
    sent = exports.fhir_bytes(patient)
    patient.delete()
    for model in (HeldResult, FhirResource, LabImport):
        model.objects.all().delete()
    load(sent, team=team, uploaded_at=NOW)
    return Patient.objects.get()


def facts(patient) -> Facts:
    """What is known of the patient, but for since when it is known here and from whom."""
    known = queries.facts_known_at(NOW, [patient])[patient.pk]
    return dataclasses.replace(known, recorded={}, sources={})


def results(patient):
    rows = Result.objects.filter(patient=patient).order_by("analyte__code", "collected_at")
    return list(rows.values_list("analyte__code", "value", "comparator", "text", "status",
                                 "collected_at", "accession"))  # fmt: skip


def test_the_record_as_json_holds_every_table_that_points_to_a_patient(ada):
    record = json.loads(exports.as_json(ada))
    held = {
        relation.related_model._meta.label_lower
        for relation in Patient._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete
    }
    left_out = {model._meta.label_lower for model in exports.BOOKKEEPING}
    assert set(record["tables"]) | left_out == held
    assert record["tables"]["patients.condition"][0]["code"] == "t2d"
    assert record["tables"]["patients.wearableday"][0]["steps"] == 9000


def test_the_record_as_json_is_the_same_bytes_each_time(ada):
    first = exports.as_json(ada)
    ada.save()
    assert exports.as_json(Patient.objects.get()) == first


def test_the_record_of_one_patient_holds_nothing_of_another(ada, team):
    other = PatientFactory(care_team=team, family_name="Otherperson", mrn="9999")
    ResultFactory(patient=other, value=7.7)
    assert b"Otherperson" not in exports.as_json(ada)
    assert b"9999" not in exports.fhir_bytes(ada)


def test_the_bundle_is_valid_fhir(ada):
    checked = Bundle.model_validate_json(exports.fhir_bytes(ada))
    assert len(checked.entry) == len(exports.as_fhir(ada)["entry"]) == 13


def test_the_bundle_brings_back_the_same_facts(ada, team):
    WearableDay.objects.all().delete()  # FHIR has no record of a day
    known, measured = facts(ada), results(ada)
    again = reread(ada, team)
    assert facts(again) == known
    assert results(again) == measured
    assert again.allergies_reviewed_on == DAY


def test_the_bundle_brings_back_the_history_of_a_result(ada, team):
    first = Result.objects.get(analyte__code="HBA1C")
    later = KNOWN + dt.timedelta(days=1)
    ResultFactory(
        patient=ada, code="HBA1C", value=7.4, status="corrected", accession=first.accession,
        issued_at=later, recorded_at=later,
    )  # fmt: skip
    Result.objects.filter(pk=first.pk).update(superseded_at=later)
    again = reread(ada, team)
    assert Result.objects.filter(patient=again, analyte__code="HBA1C").count() == 2
    assert Result.objects.current().get(analyte__code="HBA1C").value == 7.4


def test_a_bundle_that_comes_home_adds_nothing(ada, team):
    before = json.loads(exports.as_json(ada))["tables"]
    load(exports.fhir_bytes(ada), team=team, uploaded_at=NOW, mrn_system="urn:carelens:mrn")
    after = json.loads(exports.as_json(ada))["tables"]
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"patients.fhirresource", "patients.patientidentifier"}
    assert Patient.objects.count() == 1


@bundles.needed
@pytest.mark.parametrize("number", [0, 30, 60])
def test_a_real_record_goes_out_and_comes_back(number, team, analytes, broker):
    load(bundles.paths()[number].read_bytes(), team=team, uploaded_at=NOW)
    patient = Patient.objects.get()
    Bundle.model_validate_json(exports.fhir_bytes(patient))
    known, measured = facts(patient), results(patient)
    again = reread(patient, team)
    assert facts(again) == known
    assert results(again) == measured


def test_numbers_go_out_as_they_came(ada):
    ResultFactory(patient=ada, code="GLU", value=95.1, value_as_sent="95.10")
    values = [
        entry["resource"]["valueQuantity"]["value"]
        for entry in exports.as_fhir(ada)["entry"]
        if "valueQuantity" in entry["resource"]
    ]
    assert "95.10" in {str(value) for value in values}
    assert all(isinstance(value, Decimal) for value in values)


def test_another_system_needs_the_patients_consent(ada, api_client_user):
    with pytest.raises(exports.NotShared, match="agreed to share"):
        exports.download(ada, form="fhir", by=api_client_user, now=NOW)
    consent(ada, "sharing", given=True)
    assert exports.download(ada, form="fhir", by=api_client_user, now=NOW)
    consent(ada, "sharing", given=False, at=NOW)
    with pytest.raises(exports.NotShared):
        exports.download(ada, form="json", by=api_client_user, now=NOW)


def test_treating_staff_may_download_and_it_is_written_down(ada, clinician):
    exports.download(ada, form="json", by=clinician, now=NOW)
    event = AuditEvent.objects.get(action="record.exported")
    assert (event.patient_ids, event.details) == ([ada.pk], {"form": "json"})


def test_lab_staff_may_not_download_a_record(ada, lab_staff):
    with pytest.raises(PermissionDenied):
        exports.download(ada, form="json", by=lab_staff, now=NOW)


def test_an_allergy_of_no_class_is_no_empty_list(ada):
    fact = {"patient": ada, "recorded_at": KNOWN, "source": "test"}
    Allergy.objects.create(code="", label="Bee venom", **fact)
    known = facts(ada)
    assert known.allergies == {"Bee venom"}
    assert known.medications == {"metformin", "Snake oil"}
    assert known.as_of == timezone.localdate(NOW)
