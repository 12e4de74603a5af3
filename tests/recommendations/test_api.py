import pytest
from django.urls import reverse

from recommendations.models import Feedback
from tests.factories import PatientFactory, RecommendationFactory

pytestmark = pytest.mark.django_db
ACCEPT = {"answer": "accept", "reason": "agreed"}


@pytest.fixture
def row(team):
    return RecommendationFactory(patient=PatientFactory(care_team=team))


def answer(client, row, body=ACCEPT, key="k"):
    url = reverse("api-recommendation-feedback", kwargs={"pk": row.pk})
    return client.post(url, body, content_type="application/json", headers={"idempotency-key": key})


def test_an_answer_is_stored_with_who_and_when(signed_in, clinician, row):
    response = answer(signed_in, row)

    assert response.status_code == 201
    assert response.json()["by"] == clinician.username
    assert Feedback.objects.get().recommendation == row


def test_a_retry_with_the_same_key_stores_nothing_twice(signed_in, row):
    assert answer(signed_in, row).json() == answer(signed_in, row).json()
    assert Feedback.objects.count() == 1


def test_what_cannot_be_answered_like_that_is_a_conflict_with_a_sentence(signed_in, row):
    response = answer(signed_in, row, {"answer": "later", "reason": "later"})

    assert response.status_code == 409
    assert "needs a day" in response.json()["detail"]


def test_an_answer_with_a_reason_against_it_is_a_conflict_with_a_sentence(signed_in, row):
    response = answer(signed_in, row, {"answer": "accept", "reason": "patient_declined"})

    assert response.status_code == 409
    assert "“Accept: Patient declined” contradicts itself" in response.json()["detail"]
    assert not Feedback.objects.exists()


def test_an_unknown_answer_is_refused_by_field(signed_in, row):
    response = answer(signed_in, row, {"answer": "maybe", "reason": "agreed"})

    assert (response.status_code, list(response.json()["errors"])) == (400, ["answer"])


def test_the_list_costs_the_same_for_one_and_for_three(signed_in, row, django_assert_num_queries):
    url = reverse("api-patient-recommendations", kwargs={"patient_id": row.patient.public_id})
    for count in (1, 3):
        while row.patient.recommendations.count() < count:
            RecommendationFactory(patient=row.patient)
        with django_assert_num_queries(6):  # session, user, patient, audit, count, rows
            assert signed_in.get(url).json()["count"] == count
