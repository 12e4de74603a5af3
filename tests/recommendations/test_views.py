import datetime as dt

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from recommendations.models import Feedback
from tests.factories import FeedbackFactory, PatientFactory, RecommendationFactory, UserFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
ACCEPT = {"answer": "accept", "idempotency_key": "k1"}


@pytest.fixture
def recommendation(team):
    return RecommendationFactory(patient=PatientFactory(care_team=team))


@pytest.fixture
def answer(signed_in, recommendation):
    """Send an answer to `recommendation`."""

    def send(data, **more):
        return signed_in.post(
            reverse("recommendation-answer", args=[recommendation.pk]), data, **more
        )

    return send


def test_accepting_is_one_click(answer, clinician, recommendation):
    response = answer(ACCEPT)

    given = Feedback.objects.get()
    assert (given.answer, given.reason, given.by) == ("accept", "agreed", clinician)
    assert response.url == f"{recommendation.patient.get_absolute_url()}#advice"


@pytest.mark.parametrize(("reason", "days"), [("2w", 14), ("1m", 30), ("3m", 91)])
def test_not_now_says_when_again(answer, reason, days):
    answer({"answer": "later", "reason": reason, "idempotency_key": "k1"})

    given = Feedback.objects.get()
    assert (given.reason, given.snooze_until - given.at.date()) == ("later", dt.timedelta(days))


def test_declining_keeps_its_reason(answer):
    answer({"answer": "decline", "reason": "wrong_data", "idempotency_key": "k1"})

    given = Feedback.objects.get()
    assert (given.answer, given.reason, given.snooze_until) == ("decline", "wrong_data", None)


def test_a_second_click_stores_nothing_twice(answer):
    answer(ACCEPT)
    answer(ACCEPT)

    assert Feedback.objects.count() == 1
    assert AuditEvent.objects.filter(action="recommendation.answered").count() == 1


def test_a_changed_mind_is_a_new_row(answer):
    answer(ACCEPT)
    answer({"answer": "decline", "reason": "other", "idempotency_key": "k2"})

    assert [row.answer for row in Feedback.objects.order_by("pk")] == ["accept", "decline"]


def test_htmx_gets_the_answered_item_back_and_it_is_read_out(answer, recommendation):
    response = answer(ACCEPT, headers=HTMX)

    html = response.content.decode()
    assert html.strip().startswith(f'<li id="advice-{recommendation.item}" class="advice-done">')
    assert "Accepted by" in html
    assert "Accepted by" in response.headers["HX-Trigger"]


@pytest.mark.parametrize(
    "data",
    [
        {"idempotency_key": "k1"},
        {"answer": "perhaps", "idempotency_key": "k1"},
        {"answer": "decline", "idempotency_key": "k1"},
        {"answer": "later", "reason": "wrong_data", "idempotency_key": "k1"},
        {"answer": "accept"},
    ],
)
def test_an_answer_without_its_reason_is_refused_in_words(answer, data):
    response = answer(data, headers=HTMX)

    assert response.status_code == 422
    assert b"Choose an answer with one of its reasons." in response.content
    assert not Feedback.objects.exists()


def test_without_script_a_refusal_is_a_message_on_the_page(answer, signed_in):
    response = answer({"answer": "perhaps"}, follow=True)

    assert b"Choose an answer with one of its reasons." in response.content


def test_what_is_not_safe_cannot_be_accepted(answer, recommendation):
    recommendation.status = "blocked"
    recommendation.save()

    response = answer(ACCEPT, headers=HTMX)

    assert response.status_code == 422
    assert b"not safe for this patient" in response.content
    assert not Feedback.objects.exists()


def test_a_patient_of_another_team_cannot_be_answered_for(signed_in):
    other = RecommendationFactory(said={"name": "Hiddenname"})

    response = signed_in.post(reverse("recommendation-answer", args=[other.pk]), ACCEPT)

    assert response.status_code == 404
    assert b"Hiddenname" not in response.content


def test_roles_that_do_not_treat_may_not_answer(client, recommendation):
    user = UserFactory(role=User.Role.LAB_STAFF, care_teams=[recommendation.patient.care_team])
    client.force_login(user)

    response = client.post(reverse("recommendation-answer", args=[recommendation.pk]), ACCEPT)

    assert response.status_code == 403


def test_an_answer_is_never_given_by_a_link(signed_in, recommendation):
    url = reverse("recommendation-answer", args=[recommendation.pk])

    assert signed_in.get(url).status_code == 405


def test_a_resting_item_counts_no_more_as_open(recommendation):
    from recommendations import queries

    patient = recommendation.patient
    FeedbackFactory(recommendation=recommendation)

    counts = queries.open_counts([patient.pk], today=dt.date(2026, 3, 3))

    assert counts[patient.pk] == 0


def undo_form(signed_in, recommendation):
    page = signed_in.get(recommendation.patient.get_absolute_url())
    return page.context["advice"], page.content.decode()


def test_the_undo_survives_a_reload_for_ten_minutes(answer, signed_in, recommendation):
    answer(ACCEPT)
    given = Feedback.objects.get()

    advice, html = undo_form(signed_in, recommendation)
    assert reverse("recommendation-undo", args=[given.pk]) in html
    assert advice["may_undo"]

    Feedback.objects.update(at=given.at - dt.timedelta(minutes=11))
    advice, html = undo_form(signed_in, recommendation)
    assert reverse("recommendation-undo", args=[given.pk]) not in html
    assert not advice["may_undo"]


def test_taking_it_back_after_a_reload_opens_the_item_again(answer, signed_in, recommendation):
    answer(ACCEPT)
    url = reverse("recommendation-undo", args=[Feedback.objects.get().pk])

    for _ in range(2):
        response = signed_in.post(url, follow=True)
        assert b"The answer is taken back." in response.content

    advice, _ = undo_form(signed_in, recommendation)
    assert [item["key"] for item in advice["shown"]] == [recommendation.item]
    assert Feedback.objects.filter(answer="undo").count() == 1


def test_a_colleague_sees_the_answer_without_an_undo(answer, client, recommendation):
    answer(ACCEPT)
    client.force_login(
        UserFactory(role=User.Role.CLINICIAN, care_teams=[recommendation.patient.care_team])
    )

    advice, _ = undo_form(client, recommendation)

    assert advice["answered"]
    assert not advice["may_undo"]
