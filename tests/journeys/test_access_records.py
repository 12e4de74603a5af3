"""Records, tasks and files of others: what there is no way to, and what every look leaves."""

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from tests.factories import UserFactory
from tests.journeys.test_access import (
    CANARY,
    CARE,
    NUMBER,
    OF_A_RECORD,
    OF_A_STRANGER,
    READ_OF_A_RECORD,
    WITH_A_WAY_IN,
    address,
    answers,
    leaks,
    member,
    world,
)

pytestmark = pytest.mark.django_db
Role = User.Role
__all__ = ["world"]  # the fixture


@pytest.mark.parametrize("role", sorted(CARE))
@pytest.mark.parametrize("name", sorted(OF_A_STRANGER))
def test_a_patient_of_another_team_is_not_there(client, world, name, role):
    client.force_login(member(role))
    has_a_way_in = name in WITH_A_WAY_IN and role == Role.CLINICIAN

    for response in answers(client, address(name, world)):
        assert response.status_code in {403 if has_a_way_in else 404, 405}
        assert not leaks(response)


@pytest.mark.parametrize("name", sorted(WITH_A_WAY_IN - {"patient"}))
def test_pages_of_another_teams_record_offer_a_way_in_and_nothing_else(client, world, name):
    client.force_login(member(Role.CLINICIAN))

    for response in answers(client, address(name, world)):
        assert response.status_code in {403, 405}
        assert not leaks(response)


def test_a_clinician_moves_no_result_of_another_team(client, world):
    client.force_login(member(Role.CLINICIAN))

    for response in answers(client, address("patients:result-move", world)):
        assert response.status_code in {404, 405}
        assert not leaks(response)


@pytest.mark.parametrize("name", ["patients:emergency", "patients:emergency-to"])
def test_the_way_in_tells_nothing_before_it_is_open(client, world, name):
    client.force_login(member(Role.CLINICIAN))

    assert not any(leaks(response) for response in answers(client, address(name, world)))


@pytest.mark.parametrize("name", ["patients:task-acknowledge", "api-result-task-acknowledge"])
def test_a_task_of_another_team_is_not_there(client, world, name):
    client.force_login(member(Role.CLINICIAN))

    for response in answers(client, address(name, world)):
        assert response.status_code in {404, 405}
        assert not leaks(response)


@pytest.mark.parametrize("role", sorted(CARE))
@pytest.mark.parametrize("query", ["", f"?q={CANARY}", f"?identifier=mrn|{NUMBER}", "?ordering=x"])
@pytest.mark.parametrize(
    "name", ["worklist", "api-patient-list", "api-prediction-list", "api-result-task-list"]
)
def test_lists_and_searches_do_not_tell_of_other_teams(client, world, name, query, role):
    client.force_login(member(role))

    response = client.get(reverse(name) + query)

    rows = response.json()["count"] if name.startswith("api") else 0
    assert (response.status_code, rows) == (200, 0)
    # The page says what was searched for; nothing but that may hold the name.
    assert CANARY.encode() not in response.content.replace(query.encode()[3:], b"") or not query


@pytest.mark.parametrize("role", sorted(CARE))
@pytest.mark.parametrize("name", sorted(OF_A_RECORD))
def test_no_page_of_another_teams_record_opens(client, world, name, role):
    client.force_login(member(role))

    for response in answers(client, address(name, world)):
        assert response.status_code in {403, 404, 405}
        assert not leaks(response)


@pytest.mark.parametrize(
    "name",
    sorted(
        READ_OF_A_RECORD | OF_A_STRANGER
        - {"recommendation-answer", "api-recommendation-feedback", "recommendation-undo",
           "api-feedback-undo"}
    ),
)  # fmt: skip
def test_every_read_of_a_patient_leaves_an_audit_event(client, world, name):
    from patients.models import Patient

    patient = Patient.objects.get(public_id=world["patient"]["public_id"])
    client.force_login(UserFactory(role=Role.CLINICIAN, care_teams=[patient.care_team]))

    response = client.get(address(name, world))

    assert response.status_code == 200
    assert AuditEvent.objects.filter(patient_ids__contains=[patient.pk]).exists()


def test_an_import_of_somebody_else_is_not_there_for_a_system(client, world):
    client.force_login(member(Role.API_CLIENT))

    for name in ("patients:import", "api-lab-import-detail", "api-lab-import-problems"):
        response = client.get(address(name, world))
        assert response.status_code == 404
        assert not leaks(response)


def test_a_disabled_user_is_nobody(client, world):
    user = member(Role.CLINICIAN)
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert client.get(reverse("worklist")).status_code == 302
