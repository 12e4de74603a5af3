import datetime as dt

import pytest
from django.urls import reverse

from healthcare.audit.models import AuditEvent
from patients.models import DuplicateCandidate, Patient, PatientMerge, Result
from patients.services import labstore
from tests.factories import (
    CareTeamFactory,
    DuplicateCandidateFactory,
    PatientFactory,
    ResultFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
BORN = dt.date(1971, 4, 9)


@pytest.fixture
def signed_in_administrator(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def pair(team):
    """Ada, seen twice; B holds a result."""
    first = PatientFactory(care_team=team, family_name="Quarrymead", given_name="Ada", mrn="A-1")
    second = PatientFactory(care_team=team, family_name="Quarymead", given_name="Ada", mrn="B-2")
    ResultFactory(patient=second)
    labstore.refresh_latest([second.pk])
    return DuplicateCandidateFactory(
        first=first, second=second,
        agreements={"family_name": "similar", "given_name": "same", "birth_date": "same"},
    )  # fmt: skip


def pair_url(pair, name="duplicate"):
    return reverse(f"patients:{name}", args=[pair.pk])


def merge(client, pair, **other):
    said = {"survivor": pair.first_id, "reason": "Same identity card"} | other
    return client.post(pair_url(pair), said, follow=True)


def test_two_records_stand_side_by_side_with_what_agrees(signed_in_administrator, pair):
    page = signed_in_administrator.get(pair_url(pair)).content.decode()

    assert "QUARRYMEAD, Ada" in page
    assert "A-1 (mrn)" in page
    assert "similar" in page
    assert AuditEvent.objects.filter(
        action="duplicates.read", patient_ids=[pair.first_id, pair.second_id]
    ).exists()


def test_joining_and_parting_from_the_pages(signed_in_administrator, pair):
    assert b"The records are one now" in merge(signed_in_administrator, pair).content
    assert Result.objects.get().patient == pair.first

    done = PatientMerge.objects.get()
    url = reverse("patients:unmerge", args=[done.pk])
    assert b"Part these records again?" in signed_in_administrator.get(url).content
    response = signed_in_administrator.post(url, follow=True)

    assert b"Both records are as they were." in response.content
    assert Result.objects.get().patient == pair.second


def test_the_record_that_stays_is_the_one_that_was_chosen(signed_in_administrator, pair):
    merge(signed_in_administrator, pair, survivor=pair.second_id)

    assert list(Patient.objects.in_use()) == [pair.second]


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"survivor": ""}, {"survivor": "999999"}])
def test_nothing_is_joined_without_a_choice_and_a_reason(signed_in_administrator, pair, wrong):
    response = merge(signed_in_administrator, pair, **wrong)

    assert response.status_code == 422
    assert not PatientMerge.objects.exists()


def test_two_people_leave_the_list(signed_in_administrator, pair):
    url = pair_url(pair, "two-people")
    signed_in_administrator.post(url)

    response = signed_in_administrator.post(url, follow=True)

    assert b"decided meanwhile" in response.content
    assert b"Nothing to decide" in response.content


def test_a_pair_that_was_decided_offers_nothing(signed_in_administrator, pair):
    DuplicateCandidate.objects.update(status="different")

    page = signed_in_administrator.get(pair_url(pair)).content

    assert b"This pair has been decided" in page
    assert b"Join the records" not in page


def test_a_pair_of_two_teams_says_who_will_not_see_it(signed_in_administrator, pair):
    Patient.objects.filter(pk=pair.second_id).update(care_team=CareTeamFactory(name="Ward Z"))

    assert b"B of Ward Z" in signed_in_administrator.get(pair_url(pair)).content


@pytest.mark.parametrize("pairs", [1, 3])
def test_the_list_asks_the_same_for_one_and_three(
    signed_in_administrator, pairs, django_assert_num_queries
):
    for _ in range(pairs):
        DuplicateCandidateFactory()

    with django_assert_num_queries(6):
        signed_in_administrator.get(reverse("patients:duplicates"))


@pytest.fixture
def swapped(team):
    """A result on the wrong one of two patients of a team."""
    right = PatientFactory(care_team=team, mrn="A-1", birth_date=BORN)
    return ResultFactory(patient=PatientFactory(care_team=team)), right


def test_a_clinician_moves_a_result_to_its_patient(signed_in, swapped):
    result, right = swapped
    said = {"number": "A-1", "birth_date": "1971-04-09", "reason": "Tubes were swapped"}

    response = signed_in.post(reverse("patients:result-move", args=[result.pk]), said)

    assert response.status_code == 302
    assert Result.objects.current().get().patient == right


def test_the_laboratory_moves_it_through_its_own_door(signed_in_lab, swapped):
    result, right = swapped
    said = {"number": "A-1", "birth_date": "1971-04-09", "reason": "Tubes were swapped"}
    signed_in_lab.post(reverse("patients:result-move-intake", args=[result.pk]), said)

    assert Result.objects.current().get().patient == right


def test_a_patient_who_is_not_found_is_said_so(signed_in, swapped):
    result, _right = swapped
    said = {"number": "A-1", "birth_date": "1971-04-10", "reason": "Tubes were swapped"}

    response = signed_in.post(reverse("patients:result-move", args=[result.pk]), said)

    assert response.status_code == 422
    assert b"Check both" in response.content


def test_a_clinician_of_another_team_finds_no_result_to_move(client, swapped):
    client.force_login(UserFactory(care_teams=[CareTeamFactory()]))

    assert client.get(reverse("patients:result-move", args=[swapped[0].pk])).status_code == 404
