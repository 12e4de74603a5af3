import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from healthcare.accounts.models import ApiKey, CareTeam, User

pytestmark = pytest.mark.django_db


def make_key(capsys, *arguments):
    call_command("create_api_key", *arguments)
    return capsys.readouterr().out.strip()


def get(client, key, keyword="Api-Key"):
    return client.get("/api/v1/models/", headers={"authorization": f"{keyword} {key}"})


def test_a_key_signs_in(client, capsys):
    assert get(client, make_key(capsys)).status_code == 200


def test_bearer_is_understood_too(client, capsys):
    assert get(client, make_key(capsys), "Bearer").status_code == 200


def test_the_key_itself_is_not_stored(capsys):
    key = make_key(capsys)

    assert key not in str(list(ApiKey.objects.values()))


@pytest.mark.parametrize("key", ["ck_wrong", "", "two words"])
def test_any_other_key_gets_one_answer(client, capsys, key):
    make_key(capsys)

    response = get(client, key)

    assert response.status_code == 401
    assert response.json()["detail"] == "The API key is not valid."


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
        {"expires_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
    ],
    ids=["revoked", "expired"],
)
def test_a_key_that_has_ended_does_not_sign_in(client, capsys, change):
    key = make_key(capsys)
    ApiKey.objects.update(**change)

    assert get(client, key).status_code == 401


def test_a_key_expires_later_is_good_until_then(client, capsys):
    key = make_key(capsys)
    ApiKey.objects.update(expires_at=timezone.now() + dt.timedelta(days=1))

    assert get(client, key).status_code == 200


def test_a_disabled_user_takes_the_key_along(client, capsys):
    key = make_key(capsys)
    User.objects.update(is_active=False)

    assert get(client, key).status_code == 401


def test_a_key_sees_the_teams_it_was_made_for(capsys):
    north, _ = CareTeam.objects.create(name="North"), CareTeam.objects.create(name="South")

    make_key(capsys, "ehr", "--care-team", "North")

    assert list(ApiKey.objects.get().user.care_teams.all()) == [north]


def test_an_unknown_team_and_a_taken_name_are_refused_by_name(capsys):
    make_key(capsys, "ehr")

    with pytest.raises(CommandError, match="West"):
        call_command("create_api_key", "other", "--care-team", "West")
    with pytest.raises(CommandError, match="'ehr'"):
        call_command("create_api_key", "ehr")
