"""Who is away is logged out, told so, and led back."""

import datetime as dt

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.urls import reverse

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def logged_in(client, clock, clinician):
    client.force_login(clinician)
    return client


def test_after_half_an_hour_the_log_in_says_why_and_leads_back(logged_in, clock):
    clock.shift(31 * MINUTE)

    page = logged_in.get("/worklist/?sort=risk", follow=True)

    assert page.redirect_chain == [("/login/?idle=1&next=%2Fworklist%2F%3Fsort%3Drisk", 302)]
    assert "You were logged out" in page.content.decode()


def test_using_the_site_keeps_it_open(logged_in, clock):
    for _ in range(4):
        clock.shift(20 * MINUTE)
        assert logged_in.get(reverse("worklist")).status_code == 200


def test_what_a_page_asks_by_itself_does_not(logged_in, clock):
    for _ in range(2):
        clock.shift(20 * MINUTE)
        answer = logged_in.get(reverse("patients:attention"), headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == "/login/?idle=1"
    assert logged_in.get(reverse("worklist")).status_code == 302


def test_an_open_list_of_jobs_does_not_either(client, clock, administrator):
    client.force_login(administrator)
    for _ in range(2):
        clock.shift(20 * MINUTE)
        answer = client.get(reverse("jobs"), headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == "/login/?idle=1"


def test_looking_at_the_list_of_jobs_does(client, clock, administrator):
    client.force_login(administrator)
    for _ in range(3):
        clock.shift(20 * MINUTE)
        assert client.get(reverse("jobs")).status_code == 200


def test_a_program_with_a_key_gets_no_session(client, capsys):
    call_command("create_api_key")
    key = capsys.readouterr().out.strip()

    answer = client.get("/api/v1/models/", headers={"authorization": f"Api-Key {key}"})

    assert (answer.status_code, answer.cookies) == (200, {})
    assert not Session.objects.exists()


def test_a_form_that_is_sent_too_late_is_not_repeated_by_itself(logged_in, clock):
    clock.shift(31 * MINUTE)

    assert logged_in.post(reverse("patients:notices-read")).url == "/login/?idle=1&unsaved=1"


@pytest.mark.parametrize(
    ("header", "sent_from", "back"),
    [
        ("Referer", "http://testserver/worklist/?q=x", "&next=%2Fworklist%2F%3Fq%3Dx"),
        ("HX-Current-URL", "http://testserver/worklist/", "&next=%2Fworklist%2F"),
        ("Referer", "https://elsewhere.example/worklist/", ""),
    ],
)
def test_what_is_sent_too_late_is_said_not_to_be_saved_and_leads_back_to_its_page(
    logged_in, clock, header, sent_from, back
):
    clock.shift(31 * MINUTE)

    answer = logged_in.post(reverse("patients:notices-read"), headers={header: sent_from})

    assert answer.url == f"/login/?idle=1&unsaved=1{back}"
    assert "Not saved" in logged_in.get(answer.url).content.decode()


def test_who_chooses_to_stay_stays(logged_in, clock):
    for _ in range(3):
        clock.shift(28 * MINUTE)
        assert logged_in.post(reverse("stay")).status_code == 204


def test_a_page_knows_when_to_warn(logged_in, client, settings):
    assert b'data-idle="1800"' in logged_in.get(reverse("worklist")).content
    settings.SESSION_IDLE_MINUTES = 0
    assert b"data-idle" not in logged_in.get(reverse("worklist")).content


def test_the_api_says_in_its_own_way_that_nobody_is_logged_in(logged_in, clock):
    clock.shift(31 * MINUTE)

    answer = logged_in.get("/api/v1/patients/")

    assert answer.status_code in {401, 403}
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("minutes", "status"), [(0, 200), (60, 200), (5, 302)])
def test_how_long_is_a_setting(logged_in, clock, settings, minutes, status):
    settings.SESSION_IDLE_MINUTES = minutes
    clock.shift(31 * MINUTE)

    assert logged_in.get(reverse("worklist")).status_code == status


def test_a_log_in_without_idleness_says_nothing_of_it(client):
    assert "You were logged out" not in client.get(reverse("login")).content.decode()
