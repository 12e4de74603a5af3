import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients.models import PatientIdentifier
from patients.services import demographics
from tests.factories import (
    CareTeamFactory,
    EmergencyAccessFactory,
    PatientFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
FORM = {
    "family_name": "Okafor", "given_name": "Ngozi", "sex": "female", "birth_date": "1960-05-17",
    "birth_date_precision": "day", "is_breastfeeding": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def jobs(broker):
    """What was queued for the broker."""
    return broker


@pytest.fixture
def patient(team):
    return PatientFactory(care_team=team, family_name="Okafor", given_name="Ngozi", mrn="00481277")


def url(name, patient, *arguments):
    return reverse(f"patients:{name}", args=[patient.public_id, *arguments])


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_queries_for_any_number_of_numbers_and_colleagues(
    signed_in, patient, count, django_assert_num_queries
):
    for number in range(count):
        PatientIdentifier.objects.create(patient=patient, system="s", value=str(number))
        UserFactory(care_teams=[patient.care_team])

    with django_assert_num_queries(7):
        response = signed_in.get(url("person", patient))

    assert len(response.context["members"]) == count + 1


def test_a_corrected_name_is_stored_audited_by_field_and_scored_anew(signed_in, patient):
    signed_in.post(url("person-edit", patient), FORM | {"family_name": "Okafor-Bell"})

    patient.refresh_from_db()
    assert patient.family_name == "Okafor-Bell"
    assert AuditEvent.objects.get(action="patient.changed").details == {"fields": ["family_name"]}
    assert {"predictions.score"} < set(Job.objects.values_list("kind", flat=True))


def test_saving_what_stands_changes_nothing(signed_in, patient):
    signed_in.post(url("person-edit", patient), FORM)

    assert not AuditEvent.objects.filter(action="patient.changed").exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"birth_date": "2999-01-01"}, "still to come"),
        ({"died_on": "1950-01-01"}, "before the birth date"),
        ({"sex": "male", "pregnant_since": "2026-01-01"}, "sex at birth is male"),
        ({"family_name": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_true_is_refused(signed_in, patient, said, words):
    response = signed_in.post(url("person-edit", patient), FORM | said)

    assert response.status_code == 422
    assert words in response.content.decode()
    patient.refresh_from_db()
    assert patient.birth_date == dt.date(1960, 5, 17)


def test_a_refused_form_does_not_change_the_name_in_the_banner(signed_in, patient):
    response = signed_in.post(
        url("person-edit", patient), FORM | {"given_name": "Other", "died_on": "1950-01-01"}
    )

    assert response.context["banner"]["given"] == "Ngozi"


@pytest.mark.parametrize(("answer", "stored"), [("true", True), ("false", False), ("", None)])
def test_breastfeeding_is_yes_no_or_not_known(signed_in, patient, answer, stored):
    patient.is_breastfeeding = not stored
    patient.save()

    signed_in.post(url("person-edit", patient), FORM | {"is_breastfeeding": answer})

    patient.refresh_from_db()
    assert patient.is_breastfeeding is stored


def test_a_number_is_added_once(signed_in, patient):
    for _ in range(2):
        signed_in.post(url("number-add", patient), {"system": "urn:other", "value": " 77 "})

    assert patient.identifiers.filter(system="urn:other", value="77").count() == 1
    assert AuditEvent.objects.filter(action="identifier.added").count() == 1


def test_a_number_of_somebody_else_is_refused_with_what_to_do(signed_in, patient):
    PatientFactory(mrn="99")

    response = signed_in.post(url("number-add", patient), {"system": "mrn", "value": "99"})

    assert response.status_code == 422
    assert "This number is another patient" in response.content.decode()


def test_a_number_can_be_taken_off_and_a_second_press_finds_none(signed_in, patient):
    number = patient.identifiers.get()
    address = url("number-remove", patient, number.pk)

    answers = [signed_in.post(address).status_code for _ in range(2)]

    assert answers == [302, 404]
    assert not patient.identifiers.exists()


def test_a_transfer_gives_the_record_to_the_new_team_alone(signed_in, patient, clinician):
    team = CareTeamFactory(name="Cardiology")
    member = UserFactory(care_teams=[team])

    response = signed_in.post(url("transfer", patient), {"team": team.pk, "reason": "referred"})

    assert response.url == reverse("worklist")
    assert type(patient).objects.visible_to(member).get() == patient
    assert not type(patient).objects.visible_to(clinician).exists()


def test_a_transfer_is_audited_with_its_reason_once(patient, clinician):
    team = CareTeamFactory()

    moved = [demographics.transfer(patient, team, by=clinician, reason="moved") for _ in range(2)]

    assert moved == [True, False]
    event = AuditEvent.objects.get(action="patient.transferred")
    assert (event.details["reason"], event.details["to_team"]) == ("moved", team.pk)


def test_a_transfer_needs_another_team_and_a_reason(signed_in, patient):
    response = signed_in.post(
        url("transfer", patient), {"team": patient.care_team_id, "reason": ""}
    )

    assert response.status_code == 422


@pytest.mark.parametrize("role", ["LAB_STAFF", "DATA_SCIENTIST", "ADMINISTRATOR", "PATIENT"])
def test_other_roles_may_not_open_these_pages(client, patient, role):
    client.force_login(UserFactory(role=User.Role(role), care_teams=[patient.care_team]))

    for name in ("person", "person-edit", "number-add", "transfer"):
        assert client.get(url(name, patient)).status_code == 403


def test_a_system_may_read_but_not_change(client, patient, api_client_user):
    client.force_login(api_client_user)

    assert client.get(url("person", patient)).status_code == 200
    assert client.post(url("transfer", patient)).status_code == 403


def test_a_person_of_another_team_is_not_there(signed_in):
    stranger = PatientFactory()

    for name in ("person", "person-edit", "number-add", "transfer"):
        assert signed_in.get(url(name, stranger)).status_code in {403, 404}


def test_a_stranger_is_asked_to_log_in(client, patient):
    assert client.get(url("person", patient)).url.startswith(reverse("login"))


def test_emergency_access_for_an_hour_is_no_way_to_keep_the_patient(signed_in, clinician):
    stranger = PatientFactory(care_team=CareTeamFactory())
    now = timezone.now()
    EmergencyAccessFactory(
        user=clinician, patient=stranger, granted_at=now, expires_at=now + dt.timedelta(hours=1)
    )
    own = clinician.care_teams.get()

    response = signed_in.post(url("transfer", stranger), {"team": own.pk, "reason": "mistake"})

    assert response.status_code == 403
    stranger.refresh_from_db()
    assert stranger.care_team != own


def test_a_form_of_a_record_that_was_merged_meanwhile_adds_nothing(patient, clinician):
    kept = PatientFactory(care_team=patient.care_team)
    type(patient).objects.filter(pk=patient.pk).update(merged_into=kept)

    with pytest.raises(PermissionDenied, match="merged into another"):
        demographics.add_identifier(patient, system="mrn", value="N-1", by=clinician)

    assert not patient.identifiers.filter(value="N-1").exists()
