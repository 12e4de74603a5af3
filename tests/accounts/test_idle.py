"""Who is away is logged out, told so, and led back."""

import datetime as dt

import pytest
import time_machine
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


def test_a_form_that_is_sent_too_late_is_not_repeated_by_itself(logged_in, clock):
    clock.shift(31 * MINUTE)

    assert logged_in.post(reverse("patients:notices-read")).url == "/login/?idle=1"


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
