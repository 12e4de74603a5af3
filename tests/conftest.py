from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import settings as hypothesis_settings

from healthcare.accounts.models import User
from patients.services import reference
from tests.factories import CareTeamFactory, UserFactory

hypothesis_settings.register_profile("ci", deadline=None)
hypothesis_settings.load_profile("ci")
Role = User.Role


@pytest.fixture(autouse=True, scope="session")
def static_folder():
    """Where collected files would lie; WhiteNoise warns when there is no such folder."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tests with real transactions are cleaned up by TRUNCATE, which the audit trail refuses."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table, trigger in [("auditevent", "event"), ("auditseal", "seal")]:
            cursor.execute(
                f"ALTER TABLE audit_{table} DISABLE TRIGGER audit_{trigger}_is_not_emptied"
            )


@pytest.fixture(autouse=True)
def media_in_tmp(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def broker(monkeypatch):
    """What was sent to the broker, which is not there: numbers of jobs."""
    sent = []
    monkeypatch.setattr(
        "healthcare.jobs.tasks.run_job.apply_async",
        lambda *, kwargs, **options: sent.append(kwargs["job_id"]),
    )
    return sent


@pytest.fixture
def analytes(db):
    """The tables of analytes and reference ranges, as `manage.py load_reference` fills them."""
    return reference.load()


@pytest.fixture
def team(db):
    return CareTeamFactory()


@pytest.fixture
def clinician(team):
    return UserFactory(role=Role.CLINICIAN, care_teams=[team])


@pytest.fixture
def lab_staff(db):
    return UserFactory(role=Role.LAB_STAFF)


@pytest.fixture
def data_scientist(db):
    return UserFactory(role=Role.DATA_SCIENTIST)


@pytest.fixture
def administrator(db):
    return UserFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def api_client_user(team):
    return UserFactory(role=Role.API_CLIENT, care_teams=[team])


@pytest.fixture
def signed_in(client, clinician):
    """The test client as a clinician of `team`."""
    client.force_login(clinician)
    return client


@pytest.fixture
def signed_in_lab(client, lab_staff):
    """The test client as lab staff."""
    client.force_login(lab_staff)
    return client
