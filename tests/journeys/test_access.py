"""Every address of the site, for everyone who must not see it.

A new address fails `test_every_address_is_in_the_table` until somebody has said who may open it.
"""

import datetime as dt

import pytest
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from predictions.models import ModelVersion, Prediction
from recommendations.models import Recommendation
from tests.factories import (
    CareTeamFactory,
    LabImportFactory,
    PatientFactory,
    ResultFactory,
    UserFactory,
)
from tests.factories.recommendations import content

pytestmark = pytest.mark.django_db
Role = User.Role
EVERYONE = set(Role)
CARE = {Role.CLINICIAN, Role.API_CLIENT}
INTAKE = {Role.LAB_STAFF, Role.ADMINISTRATOR}
UPLOAD = INTAKE | {Role.API_CLIENT}
ANSWER = CARE
MODELS = {Role.CLINICIAN, Role.DATA_SCIENTIST, Role.ADMINISTRATOR, Role.API_CLIENT}
PROMOTE = {Role.DATA_SCIENTIST, Role.ADMINISTRATOR}
OPERATE = {Role.DATA_SCIENTIST, Role.ADMINISTRATOR}
PUBLIC = {"login", "livez", "readyz"}
CANARY = "Canaryname"
NUMBER = "CANARY-77"

# Who may open an address; the objects in it come from `world`.
TABLE = {
    "home": EVERYONE,
    "logout": EVERYONE,
    "api-schema": EVERYONE,
    "api-docs": EVERYONE,
    "gallery": EVERYONE,
    "tour": EVERYONE - {Role.PATIENT},
    "tour-demo-day": EVERYONE - {Role.PATIENT},
    "worklist": CARE,
    "patient": CARE,
    "my-health": {Role.PATIENT},
    "jobs": OPERATE,
    "job-retry": OPERATE,
    "models": MODELS,
    "model": MODELS,
    "model-promote": PROMOTE,
    "recommendation-answer": ANSWER,
    "patients:imports": UPLOAD,
    "patients:upload": UPLOAD,
    "patients:lab-template": UPLOAD,
    "patients:import": UPLOAD,
    "patients:import-status": UPLOAD,
    "patients:import-problems-csv": UPLOAD,
    "api-patient-list": CARE,
    "api-patient-detail": CARE,
    "api-patient-results": CARE,
    "api-patient-predictions": CARE,
    "api-patient-recommendations": CARE,
    "api-prediction-list": CARE,
    "api-recommendation-feedback": ANSWER,
    "api-model-list": MODELS,
    "api-model-detail": MODELS,
    "api-assess": MODELS,
    "api-lab-import-list": UPLOAD,
    "api-lab-import-detail": UPLOAD,
    "api-lab-import-problems": UPLOAD,
}
# Addresses of one object that belongs to a patient of another team.
OF_A_STRANGER = {
    "patient", "recommendation-answer", "api-patient-detail", "api-patient-results",
    "api-patient-predictions", "api-patient-recommendations", "api-recommendation-feedback",
}  # fmt: skip


def addresses(patterns=None, namespace=""):
    """Name and pattern of every address of the site."""
    for pattern in patterns or get_resolver().url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", pattern
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, inner)


ADDRESSES = {name: pattern for name, pattern in addresses() if name not in PUBLIC}


@pytest.fixture
def world(broker):
    """One patient of another team with one of everything; values of the arguments of URLs."""
    patient = PatientFactory(
        family_name=CANARY, care_team=CareTeamFactory(name="Elsewhere"), mrn=NUMBER
    )
    ResultFactory(patient=patient)
    version = ModelVersion.objects.create(
        task="ckd", title="CKD", number=1, folder="builtin/ckd", digest="0" * 64, manifest={}
    )
    at = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
    common = {"patient": patient, "as_of": at}
    Prediction.objects.create(version=version, task="ckd", reason=CANARY, checked_at=at, **common)
    advice = Recommendation.objects.create(
        item="L01", status="recommended", rank=1, content=content(name=CANARY), **common
    )
    job = Job.objects.create(kind="test", key="x", queue="imports")
    lab_import = LabImportFactory(file_name=f"{CANARY}.csv")
    return {
        "patient": {"public_id": patient.public_id},
        "api-patient-detail": {"public_id": patient.public_id},
        "recommendation-answer": {"pk": advice.pk},
        "api-recommendation-feedback": {"pk": advice.pk},
        "model": {"pk": version.pk},
        "model-promote": {"pk": version.pk},
        "api-model-detail": {"pk": version.pk},
        "job-retry": {"pk": job.pk},
        "public_id": lab_import.public_id,
        "patient_id": patient.public_id,
    }


def address(name, world):
    if name in world:
        return reverse(name, kwargs=world[name])
    wanted = ADDRESSES[name].pattern.converters or ADDRESSES[name].pattern.regex.groupindex
    return reverse(name, kwargs={key: world[key] for key in wanted})


def answers(client, url):
    """What the site says to reading and to writing."""
    return [client.get(url), client.post(url, {}), client.delete(url)]


def leaks(response):
    body = b"".join(response) if response.streaming else response.content
    return CANARY.encode() in body or NUMBER.encode() in body


def member(role):
    return UserFactory(role=role, care_teams=[CareTeamFactory()])


def test_every_address_is_in_the_table():
    assert set(ADDRESSES) == set(TABLE)


@pytest.mark.parametrize("name", ADDRESSES)
def test_anonymous_people_see_nothing(client, world, name):
    for response in answers(client, address(name, world)):
        assert response.status_code in {302, 401, 403}
        assert response.status_code != 302 or response.url.startswith("/login/")
        assert not leaks(response)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ADDRESSES)
def test_the_wrong_role_sees_nothing(client, world, name, role):
    if role in TABLE.get(name, ()):
        return
    client.force_login(member(role))

    for response in answers(client, address(name, world)):
        assert response.status_code in {403, 404, 405}
        assert not leaks(response)


@pytest.mark.parametrize("role", sorted(CARE))
@pytest.mark.parametrize("name", sorted(OF_A_STRANGER))
def test_a_patient_of_another_team_is_not_there(client, world, name, role):
    client.force_login(member(role))

    for response in answers(client, address(name, world)):
        assert response.status_code in {404, 405}
        assert not leaks(response)


@pytest.mark.parametrize("role", sorted(CARE))
@pytest.mark.parametrize("query", ["", f"?q={CANARY}", f"?identifier=mrn|{NUMBER}", "?ordering=x"])
@pytest.mark.parametrize("name", ["worklist", "api-patient-list", "api-prediction-list"])
def test_lists_and_searches_do_not_tell_of_other_teams(client, world, name, query, role):
    client.force_login(member(role))

    response = client.get(reverse(name) + query)

    rows = response.json()["count"] if name.startswith("api") else 0
    assert (response.status_code, rows) == (200, 0)
    # The page says what was searched for; nothing but that may hold the name.
    assert CANARY.encode() not in response.content.replace(query.encode()[3:], b"") or not query


@pytest.mark.parametrize(
    "name", sorted(OF_A_STRANGER - {"recommendation-answer", "api-recommendation-feedback"})
)
def test_every_read_of_a_patient_leaves_an_audit_event(client, world, name):
    from patients.models import Patient

    patient = Patient.objects.get()
    client.force_login(UserFactory(role=Role.CLINICIAN, care_teams=[patient.care_team]))

    response = client.get(address(name, world))

    assert response.status_code == 200
    assert AuditEvent.objects.filter(patient_ids__contains=[patient.pk]).exists()


def test_an_import_of_somebody_else_is_not_there_for_a_system(client, world):
    client.force_login(member(Role.API_CLIENT))

    for name in ("patients:import", "api-lab-import-detail", "api-lab-import-problems"):
        response = client.get(address(name, world))
        assert response.status_code == 404
        assert not leaks(response)


def test_a_disabled_user_is_nobody(client, world):
    user = member(Role.CLINICIAN)
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert client.get(reverse("worklist")).status_code == 302
