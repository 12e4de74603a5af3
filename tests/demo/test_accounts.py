import json
import stat

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test import RequestFactory

from healthcare.accounts.models import User
from healthcare.demo import accounts, services
from patients.models import Patient

pytestmark = pytest.mark.django_db
FILE = "demo-logins.json"


def test_before_the_hospital_is_seeded_there_are_no_logins():
    assert services.logins() == []


def test_there_are_six_logins_with_one_role_each(hospital):
    assert [(login.username, login.role) for login in services.logins()] == [
        ("dr.osei", "Clinician"),
        ("lab.kim", "Lab staff"),
        ("ada.admin", "Administrator"),
        ("ed.moreau", "Catalogue editor"),
        ("ed.tanaka", "Catalogue editor"),
        ("p.demo", "Patient"),
    ]


def test_every_login_works_and_is_long(hospital):
    for login in services.logins():
        user = authenticate(
            RequestFactory().post("/login/"), username=login.username, password=login.password
        )

        assert user == User.objects.get(username=login.username)
        assert len(login.password) >= 16


def test_passwords_are_in_no_table(hospital):
    with connection.cursor() as cursor:
        cursor.execute("SELECT json_agg(account)::text FROM accounts_user AS account")
        (table,) = cursor.fetchone()

    assert "dr.osei" in table
    assert not [login for login in services.logins() if login.password in table]


def test_only_the_owner_may_read_the_file(hospital, installation):
    assert stat.S_IMODE((installation / FILE).stat().st_mode) == 0o600
    assert [path.name for path in installation.iterdir()] == [FILE]


def test_two_installations_have_different_passwords(hospital, installation):
    before = {login.password for login in services.logins()}
    (installation / FILE).unlink()
    User.objects.all().delete()

    accounts.ensure()

    assert not before & {login.password for login in services.logins()}


def test_ensuring_again_keeps_passwords_and_hashes(hospital):
    before = services.logins(), list(User.objects.order_by("pk").values())

    accounts.ensure()

    assert (services.logins(), list(User.objects.order_by("pk").values())) == before


def test_a_lost_file_is_made_again_with_passwords_that_work(hospital, installation):
    (installation / FILE).unlink()

    accounts.ensure()

    login = services.logins()[0]
    assert User.objects.get(username=login.username).check_password(login.password)


def test_a_lost_database_gets_the_passwords_of_the_file(installation, db):
    accounts.ensure()
    passwords = json.loads((installation / FILE).read_text())
    User.objects.all().delete()

    accounts.ensure()

    assert json.loads((installation / FILE).read_text()) == passwords
    assert User.objects.get(username="p.demo").check_password(passwords["p.demo"])


def test_production_gets_no_demo_account(settings):
    settings.PRODUCTION = True

    with pytest.raises(accounts.DemoRefused):
        accounts.ensure()

    assert not User.objects.exists()


def test_the_clinician_belongs_to_two_teams_of_three(hospital):
    osei = User.objects.get(username=services.CLINICIAN)

    assert {team.name for team in osei.care_teams.all()} == {"North Clinic", "Cardiology"}


def test_the_patient_sees_their_own_record_and_no_other(patient):
    user = User.objects.get(username="p.demo")

    assert list(Patient.objects.visible_to(user)) == [patient(10)]
