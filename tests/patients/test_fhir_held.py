"""What waits or was refused of a bundle: listed with its file, and read again by a person."""

import csv

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients import signals
from patients.models import Condition, FhirResource, Result
from patients.services import fhirheld, fhirwaiting
from tests.factories import PatientFactory, PatientIdentifierFactory
from tests.patients.fhirfiles import bundle, condition, counts, glucose, load, patient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
SYSTEM = "https://example.org/mrn"
BY_NUMBER = {"subject": {"identifier": {"system": SYSTEM, "value": "4711"}}}


@pytest.fixture
def waiting():
    """A file of a problem and a value of nobody known here, and of a value that is none."""
    lab_import = load(
        bundle(condition(**BY_NUMBER), glucose(**BY_NUMBER), glucose("bad", status="done"))
    )
    lab_import.job.end(Job.Status.DONE, at=lab_import.uploaded_at)
    return lab_import


@pytest.fixture
def ada(team):
    """The patient, whose number at the sender is known."""
    return PatientIdentifierFactory(
        patient=PatientFactory(care_team=team), system=SYSTEM, value="4711"
    ).patient


def again(client, lab_import):
    return client.post(
        reverse("patients:import-resources-again", args=[lab_import.public_id]), follow=True
    ).content.decode()


def test_what_is_not_in_the_record_is_told_by_type_and_reason(waiting):
    told = {(row["resource_type"], row["outcome"]): row for row in fhirheld.causes(waiting)}

    assert set(told) == {
        ("Condition", "held"), ("Observation", "held"), ("Observation", "refused"),
    }  # fmt: skip
    assert told["Condition", "held"]["reason"] == "Its patient is not known here."
    assert told["Condition", "held"]["todo"].startswith("Say whose it is")
    assert "send it again" in told["Observation", "refused"]["todo"]


def test_the_report_of_a_bundle_names_them_and_has_the_button(signed_in_lab, waiting):
    page = signed_in_lab.get(reverse("patients:import", args=[waiting.public_id]))

    said = page.content.decode()
    assert "Resources that are not in the record" in said
    assert "Look for the patients of 2 waiting resources again" in said


def test_the_report_of_a_bundle_that_is_stored_whole_has_no_such_part(signed_in_lab, team):
    done = load(bundle(patient(), condition()), team=team)
    done.job.end(Job.Status.DONE, at=done.uploaded_at)

    page = signed_in_lab.get(reverse("patients:import", args=[done.public_id]))

    assert b"not in the record" not in page.content


def test_the_list_can_be_downloaded_and_that_is_audited(signed_in_lab, waiting):
    answer = signed_in_lab.get(reverse("patients:import-resources-csv", args=[waiting.public_id]))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, *rows = csv.reader(text.splitlines())
    assert header[:2] + header[-2:] == ["type", "name", "number system", "number"]
    assert [(row[0], *row[-2:]) for row in rows] == [
        ("Condition", SYSTEM, "4711"), ("Observation", SYSTEM, "4711"),
        ("Observation", "fhir", "Patient/ada"),
    ]  # fmt: skip
    assert AuditEvent.objects.filter(action="lab_import.held_resources_read").exists()


def test_when_the_number_is_known_the_button_stores_what_waited(signed_in_lab, waiting, ada):
    assert "2 resources have found the patient." in again(signed_in_lab, waiting)

    assert (Condition.objects.get().patient, Result.objects.get().patient) == (ada, ada)
    waiting.refresh_from_db()
    assert counts(waiting) == {"accepted": 2, "refused": 1}
    assert AuditEvent.objects.get(action="fhir.read_again").patient_ids == [ada.pk]


def test_the_button_says_so_when_nobody_is_known_yet(signed_in_lab, waiting):
    assert "None of their patients is known yet" in again(signed_in_lab, waiting)

    waiting.refresh_from_db()
    assert counts(waiting) == {"refused": 1, "unmatched": 2}


def test_reading_again_twice_is_reading_again_once(lab_staff, waiting, ada):
    assert fhirheld.read_again(waiting, by=lab_staff, now=timezone.now()) == 2
    assert fhirheld.read_again(waiting, by=lab_staff, now=timezone.now()) == 0

    waiting.refresh_from_db()
    assert counts(waiting) == {"accepted": 2, "refused": 1}


def test_what_two_found_waiting_at_once_is_counted_once(waiting, ada):
    """As when two files bring the same patient at the same time."""
    keys = [row.pk for row in fhirwaiting.waiting()]
    fhirwaiting.settle_some(keys, fhirwaiting.context_of(waiting, timezone.now()))
    fhirwaiting.settle_some(keys, fhirwaiting.context_of(waiting, timezone.now()))

    waiting.refresh_from_db()
    assert counts(waiting) == {"accepted": 2, "refused": 1}


def test_what_belongs_to_two_patients_waits_on(lab_staff, ada, team):
    both = [{"system": SYSTEM, "value": "4711"}, {"system": "urn:oid:1.2.3", "value": "9"}]
    person = {"resourceType": "Patient", "id": "p", "identifier": both}
    lab_import = load(bundle(condition(subject={"reference": "#p"}, contained=[person])))
    assert counts(lab_import) == {"accepted": 1}

    PatientIdentifierFactory(patient=PatientFactory(care_team=team), **both[1])
    held = load(bundle(condition("two", subject={"reference": "#p"}, contained=[person])))
    assert fhirheld.read_again(held, by=lab_staff, now=timezone.now()) == 0

    held.refresh_from_db()
    assert counts(held) == {"unmatched": 1}


def test_a_withdrawn_file_is_not_read_again(lab_staff, waiting, ada):
    FhirResource.objects.update(outcome=FhirResource.Outcome.KEPT)

    assert fhirheld.read_again(waiting, by=lab_staff, now=timezone.now()) == 0
    assert not Result.objects.exists()


def test_the_floors_above_hear_of_it(lab_staff, waiting, ada):
    heard = []

    def hear(patient_ids, **_):
        heard.extend(patient_ids)

    signals.record_changed.connect(hear)
    try:
        fhirheld.read_again(waiting, by=lab_staff, now=timezone.now())
    finally:
        signals.record_changed.disconnect(hear)
    assert heard == [ada.pk]


def test_it_is_for_those_who_settle_what_waits(clinician, waiting):
    with pytest.raises(PermissionDenied):
        fhirheld.read_again(waiting, by=clinician, now=timezone.now())
