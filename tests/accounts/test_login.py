import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from healthcare.accounts.models import LoginFailure, User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


@pytest.fixture
def osei():
    return User.objects.create_user("dr.osei", password=PASSWORD)


def log_in(client, password=PASSWORD, username="dr.osei", address="10.0.0.1"):
    return client.post(
        reverse("login"), {"username": username, "password": password}, REMOTE_ADDR=address
    )


def test_the_right_password_lets_in(client, osei):
    assert log_in(client).status_code == 302


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(client, osei):
    known = log_in(client, "wrong").context["form"].errors
    unknown = log_in(client, "wrong", username="nobody").context["form"].errors

    assert known == unknown


def test_five_failures_close_the_door_even_to_the_right_password(client, osei):
    for _ in range(5):
        log_in(client, "wrong")

    assert "Too many failed log-ins" in log_in(client).content.decode()


def test_the_door_opens_again_after_the_window(client, osei):
    with time_machine.travel(dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC), tick=False) as clock:
        for _ in range(5):
            log_in(client, "wrong")
        clock.shift(LoginFailure.WINDOW + dt.timedelta(seconds=1))

        assert log_in(client).status_code == 302


def test_a_stranger_elsewhere_cannot_lock_the_owner_out(client, osei):
    for _ in range(5):
        log_in(client, "wrong", address="203.0.113.9")

    assert log_in(client).status_code == 302


def test_one_address_may_not_try_many_names(client, osei):
    for number in range(30):
        log_in(client, "wrong", username=f"user-{number}")

    assert "Too many failed log-ins" in log_in(client).content.decode()


def test_what_was_typed_as_name_is_not_kept(client):
    log_in(client, "x", username=PASSWORD)

    assert PASSWORD not in str(list(LoginFailure.objects.values()))
