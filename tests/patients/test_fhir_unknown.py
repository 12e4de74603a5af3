"""A person says whose the waiting resources of a bundle are."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients.models import (
    Condition,
    FhirResource,
    HeldResult,
    Medication,
    PatientIdentifier,
    Result,
)
from patients.services import fhirheld, fhirunknown, held, labs
from tests.factories import PatientFactory, PatientIdentifierFactory
from tests.patients.fhirfiles import bundle, condition, counts, glucose, load, of_ada, patient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
SYSTEM = "https://example.org/mrn"
OTHER = {"subject": {"identifier": {"system": SYSTEM, "value": "9999"}, "display": "Bob Babbage"}}


def ended(*resources, **options):
    lab_import = load(bundle(*resources), **options)
    lab_import.job.end(Job.Status.DONE, at=lab_import.uploaded_at)
    return lab_import


@pytest.fixture
def waiting():
    """Ada, whom nobody knows here, with a problem and a value; a problem of somebody else."""
    return ended(patient(), condition(), glucose(), condition("other", **OTHER))


@pytest.fixture
def ada(team):
    return PatientFactory(
        care_team=team, mrn="CL-000001", family_name="Lovelace", given_name="Ada",
        birth_date="1965-12-10",
    )  # fmt: skip


def people(lab_import):
    return fhirunknown.unknown_people(lab_import, now=timezone.now())


def tell(lab_import, who, *, by, remember=False, first=None):
    first = first or people(lab_import)[0].first
    return fhirunknown.match(
        lab_import, first, who, reason="Asked the ward", remember=remember, by=by,
        now=timezone.now(),
    )  # fmt: skip


def address(name, lab_import, *more):
    return reverse(f"patients:unknown-{name}", args=[lab_import.public_id, *more])


def test_what_waits_is_told_by_person_with_what_the_file_says_of_them(waiting):
    first, second = people(waiting)

    assert (first.said.family_name, first.number_texts) == ("Lovelace", ["4711"])
    assert first.kinds == {"Patient": 1, "Condition": 1, "Observation": 1}
    assert {(one.kind, one.what) for one in first.examples} == {
        ("Condition", "Hypertension"), ("Observation", "2339-0"),
    }  # fmt: skip
    assert (second.called, second.number_texts, second.resources) == ("Bob Babbage", ["9999"], 1)


def test_names_and_numbers_that_lead_to_one_another_are_one_person():
    by_both = {"reference": "Patient/ada", "identifier": {"system": SYSTEM, "value": "4711"}}
    by_number = {"identifier": {"system": SYSTEM, "value": "4711"}}
    lab_import = ended(
        condition("a"), condition("b", subject=by_number), condition("c", subject=by_both)
    )

    assert [one.resources for one in people(lab_import)] == [3]


def test_contained_people_without_a_number_are_never_taken_for_one():
    person = {"resourceType": "Patient", "id": "p"}
    inside = {"subject": {"reference": "#p"}, "contained": [person]}
    lab_import = ended(condition("a", **inside), condition("b", **inside))

    assert [one.resources for one in people(lab_import)] == [1, 1]


def test_the_answer_stores_what_waited_as_known_from_now(waiting, ada, lab_staff):
    before = timezone.now()

    assert tell(waiting, ada, by=lab_staff) == 3

    result = Result.objects.get()
    assert (Condition.objects.get().patient, result.patient) == (ada, ada)
    assert result.recorded_at > before
    assert HeldResult.objects.get().status == HeldResult.Status.RELEASED
    waiting.refresh_from_db()
    assert counts(waiting) == {"accepted": 3, "unmatched": 1}
    event = AuditEvent.objects.get(action="fhir.matched")
    assert (event.patient_ids, event.details["reason"]) == ([ada.pk], "Asked the ward")


def test_the_same_answer_twice_is_one(waiting, ada, lab_staff):
    first = people(waiting)[0].first

    assert tell(waiting, ada, by=lab_staff, first=first) == 3
    assert tell(waiting, ada, by=lab_staff, first=first) == 0

    assert Condition.objects.count() == Result.objects.count() == 1
    waiting.refresh_from_db()
    assert counts(waiting) == {"accepted": 3, "unmatched": 1}


def test_numbers_are_remembered_only_when_that_is_said(waiting, ada, lab_staff):
    tell(waiting, ada, by=lab_staff)
    assert not PatientIdentifier.objects.filter(value="4711").exists()

    other = PatientFactory(care_team=ada.care_team)
    tell(waiting, other, by=lab_staff, remember=True)
    later = load(bundle(condition("later", **OTHER)))

    assert counts(later) == {"accepted": 1}


def test_drugs_and_reports_of_the_file_are_still_known(ada, lab_staff):
    """What other resources of the file say of those that waited."""
    drug = {"resourceType": "Medication", "id": "met", "code": {"text": "Metformin 500 mg"}}
    request = of_ada(
        "MedicationRequest", status="active", intent="order",
        medicationReference={"reference": "Medication/met"},
    )  # fmt: skip
    value = glucose()
    del value["subject"], value["effectiveDateTime"]
    report = of_ada(
        "DiagnosticReport", "rep", status="final", effectiveDateTime="2026-02-01T08:00:00Z",
        code={"text": "Panel"}, result=[{"reference": "Observation/glu"}],
    )  # fmt: skip
    lab_import = ended(drug, request, report, value)

    tell(lab_import, ada, by=lab_staff)

    assert Medication.objects.get().name == "Metformin 500 mg"
    assert Result.objects.get().collected_at.isoformat() == "2026-02-01T08:00:00+00:00"


def test_withdrawing_the_file_takes_the_answer_back(waiting, ada, lab_staff):
    tell(waiting, ada, by=lab_staff)

    labs.withdraw(waiting, by=lab_staff, now=timezone.now(), reason="Wrong person")

    assert not Condition.objects.current().exists()
    assert not Result.objects.filter(withdrawn_at=None).exists()
    assert not FhirResource.objects.filter(patient=ada, resource_type="Patient").exists()
    again = ended(patient(), condition(), glucose())
    assert counts(again) == {"unmatched": 3}


def test_nobody_of_a_withdrawn_file_can_be_told_any_more(waiting, ada, lab_staff):
    """The answer would hold for later files, and could not be taken back."""
    first = people(waiting)[0].first
    labs.withdraw(waiting, by=lab_staff, now=timezone.now(), reason="Wrong hospital")

    assert people(waiting) == []
    assert tell(waiting, ada, by=lab_staff, first=first) == 0
    assert not fhirheld.has_unknown_people(waiting)
    assert counts(load(bundle(condition("later")))) == {"unmatched": 1}


def test_who_waited_in_a_withdrawn_file_waits_again_when_it_is_sent_again(waiting, lab_staff):
    labs.withdraw(waiting, by=lab_staff, now=timezone.now(), reason="Wrong hospital")

    (again,) = people(ended(patient(), condition(), glucose()))

    assert (again.resources, again.said.family_name) == (3, "Lovelace")


def test_a_number_of_another_patient_is_refused(waiting, ada, lab_staff, team):
    PatientIdentifierFactory(patient=PatientFactory(care_team=team), system=SYSTEM, value="4711")

    with pytest.raises(held.CannotMatch, match="4711 of the file is on another"):
        tell(waiting, ada, by=lab_staff)
    assert not Condition.objects.exists()


def test_another_name_and_birth_date_are_refused(waiting, lab_staff, team):
    stranger = PatientFactory(care_team=team, family_name="Hopper", birth_date="1950-01-02")

    with pytest.raises(held.CannotMatch, match="another family name"):
        tell(waiting, stranger, by=lab_staff)


def test_values_that_were_given_to_somebody_else_are_in_the_way(waiting, ada, lab_staff, team):
    somebody = PatientFactory(care_team=team, mrn="CL-000002")
    row = HeldResult.objects.get()
    held.match([row.pk], somebody, by=lab_staff, now=timezone.now())

    with pytest.raises(held.CannotMatch, match="given to another patient"):
        tell(waiting, ada, by=lab_staff)


def test_it_is_for_those_who_settle_what_waits(waiting, ada, clinician):
    with pytest.raises(PermissionDenied):
        tell(waiting, ada, by=clinician)


def test_the_page_goes_from_the_report_to_the_stored_resources(signed_in_lab, waiting, ada):
    report = reverse("patients:import", args=[waiting.public_id])
    assert address("people", waiting) in signed_in_lab.get(report).content.decode()
    assert "Bob Babbage" in signed_in_lab.get(address("people", waiting)).content.decode()
    first = people(waiting)[0].first
    assert "Hypertension" in signed_in_lab.get(address("person", waiting, first)).content.decode()
    wanted = {"family_name": "Lovelace", "birth_date": "1965-12-10"}
    found = signed_in_lab.post(address("find", waiting, first), wanted)
    assert found.context["found"] == [ada]

    said = {"patient": ada.public_id, "reason": "Asked the ward"}
    page = signed_in_lab.post(address("tell", waiting, first), said, follow=True)

    assert "3 resources are the patient&#x27;s now." in page.content.decode()
    assert Condition.objects.get().patient == ada


def test_whatever_shows_what_the_file_says_of_somebody_is_written_down(signed_in_lab, waiting, ada):
    first = people(waiting)[0].first
    read = AuditEvent.objects.filter(action="lab_import.unknown_people_read")
    signed_in_lab.get(address("person", waiting, first))
    signed_in_lab.post(address("find", waiting, first), {"number": "1"})
    signed_in_lab.post(address("tell", waiting, first), {"patient": ada.public_id})

    assert read.count() == 3


def test_the_page_asks_for_the_reason_and_keeps_the_choice(signed_in_lab, waiting, ada):
    first = people(waiting)[0].first

    page = signed_in_lab.post(address("tell", waiting, first), {"patient": ada.public_id})

    assert page.context["found"] == [ada]
    assert page.context["tell"].errors["reason"]
    assert not Condition.objects.exists()


@pytest.mark.parametrize("patient_id", ["", "not-one", "00000000-0000-4000-8000-000000000000"])
def test_without_a_patient_nothing_is_stored(signed_in_lab, waiting, patient_id):
    said = {"patient": patient_id, "reason": "Asked the ward"}

    page = signed_in_lab.post(address("tell", waiting, people(waiting)[0].first), said, follow=True)

    assert "Choose one of the patients found" in page.content.decode()


def test_a_settled_person_leads_back_to_the_others(signed_in_lab, waiting, ada, lab_staff):
    first = people(waiting)[0].first
    tell(waiting, ada, by=lab_staff)

    page = signed_in_lab.get(address("person", waiting, first), follow=True)

    assert "waits any more" in page.content.decode()
    assert page.redirect_chain[-1][0] == address("people", waiting)


def test_a_patient_named_alike_by_another_sender_is_somebody_else(team):
    """Two senders without a name, each with its own Patient/ada."""
    mine, theirs = patient(), patient(identifier=[{"system": SYSTEM, "value": "1"}])
    problem = condition()
    load({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": mine}]}, team=team)
    entries = [{"resource": theirs}, {"resource": problem}]

    second = load({"resourceType": "Bundle", "type": "collection", "entry": entries})

    assert counts(second) == {"unmatched": 2}
    assert not Condition.objects.exists()
