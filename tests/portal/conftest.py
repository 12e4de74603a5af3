import datetime as dt

import pytest

from healthcare.accounts.models import User
from tests.factories import PatientFactory, UserFactory

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def third_of_march(monkeypatch):
    """The factories' day after next: ages of results do not depend on the day of the run."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def patient(team):
    return PatientFactory(care_team=team, family_name="Okafor", given_name="Ngozi", mrn="00481277")


@pytest.fixture
def signed_in_patient(client, patient):
    """The test client as the patient herself."""
    patient.user = UserFactory(role=User.Role.PATIENT)
    patient.save()
    client.force_login(patient.user)
    return client


@pytest.fixture
def page(signed_in, patient):
    """Open the page of `patient`, `query` added to its address."""

    def opened(query=""):
        response = signed_in.get(patient.get_absolute_url() + query)
        assert response.status_code == 200
        return response

    return opened
