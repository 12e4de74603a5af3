import datetime as dt

import pytest

from healthcare.demo import services
from patients.models import PatientIdentifier

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def installation(settings, tmp_path, broker):
    """An installation of its own, whose accounts are quick to make."""
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path


@pytest.fixture
def seed(analytes):
    """Seed the hospital as on 2 March 2026, with 20 people unless told otherwise."""

    def call(**changes):
        usual = {"patients": 20, "seed": 7, "as_of": NOW.date(), "now": NOW}
        return services.seed(**usual | changes)

    return call


@pytest.fixture
def hospital(seed):
    return seed()


@pytest.fixture
def patient(hospital):
    """Find a patient of the demo hospital by the number at the end of the MRN."""

    def find(number):
        return PatientIdentifier.objects.get(value=f"CL-{number:06d}").patient

    return find
