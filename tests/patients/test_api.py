import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from tests.factories import PatientFactory, ResultFactory, UserFactory
from tests.patients.labfiles import ADA, DAY, NOW, import_lines, line, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
PATIENTS = "/api/v1/patients/"
IMPORTS = "/api/v1/lab-imports/"


@pytest.fixture
def api(client, api_client_user):
    client.force_login(api_client_user)
    return client


def send(client, content=None):
    content = text(line("7.2")) if content is None else content
    return client.post(IMPORTS, {"file": SimpleUploadedFile("labs.csv", content.encode())})


def test_patients_are_found_by_identifier(api, ada, team):
    PatientFactory(mrn="CL-2", care_team=team)

    body = api.get(PATIENTS, {"identifier": f"mrn|{ADA}"}).json()

    assert [row["id"] for row in body["results"]] == [str(ada.public_id)]
    assert body["results"][0]["identifiers"] == [{"system": "mrn", "value": ADA}]


def test_patients_are_found_by_the_beginning_of_a_name(api, team):
    PatientFactory(family_name="Okafor", care_team=team)
    PatientFactory(family_name="Smith", care_team=team)

    body = api.get(PATIENTS, {"search": "oka"}).json()

    assert [row["family_name"] for row in body["results"]] == ["Okafor"]


@pytest.mark.parametrize("count", [1, 3])
def test_patients_cost_the_same_queries_for_any_number(api, team, count, django_assert_num_queries):
    for number in range(count):
        PatientFactory(mrn=f"CL-{number}", care_team=team)

    with django_assert_num_queries(6):  # session, user, count, page, identifiers, audit
        body = api.get(PATIENTS).json()

    assert body["count"] == count


def test_every_patient_read_is_recorded(api, ada):
    api.get(PATIENTS)
    api.get(f"{PATIENTS}{ada.public_id}/")
    api.get(f"{PATIENTS}{ada.public_id}/results/")

    events = AuditEvent.objects.order_by("pk").values_list("action", "patient_ids")
    assert list(events) == [
        ("patients.listed", [ada.pk]),
        ("patient.read", [ada.pk]),
        ("results.read", [ada.pk]),
    ]


@pytest.mark.parametrize("place", ["", "results/"])
def test_a_stranger_is_not_found_and_not_named(api, place):
    stranger = PatientFactory(family_name="Canary")

    response = api.get(f"{PATIENTS}{stranger.public_id}/{place}")

    assert response.status_code == 404
    assert b"Canary" not in response.content
    assert response["Content-Type"] == "application/problem+json"


def test_results_count_by_default_and_have_a_history(api, ada):
    import_lines(line("6"), uploaded_at=NOW)
    import_lines(line("7", "corrected"), uploaded_at=NOW + DAY)
    address = f"{PATIENTS}{ada.public_id}/results/"

    current, history = api.get(address).json(), api.get(address, {"history": "true"}).json()

    assert [row["value"] for row in current["results"]] == [7]
    assert sorted(row["value"] for row in history["results"]) == [6, 7]


@pytest.mark.parametrize(
    ("query", "values"),
    [({"code": "4548-4"}, [6.4]), ({"code": "hba1c"}, [6.4]), ({"code": "nothing"}, []),
     ({"since": "2026-03-01T09:00Z"}, [4.1])],
)  # fmt: skip
def test_results_are_narrowed(api, ada, query, values):
    ResultFactory(patient=ada)
    ResultFactory(patient=ada, code="POTASSIUM", value=4.1, collected_at=NOW)

    body = api.get(f"{PATIENTS}{ada.public_id}/results/", query).json()

    assert [row["value"] for row in body["results"]] == values


@pytest.mark.parametrize(
    ("role", "address", "status"),
    [(User.Role.CLINICIAN, IMPORTS, 403), (User.Role.LAB_STAFF, PATIENTS, 403),
     (User.Role.PATIENT, PATIENTS, 403), (User.Role.PATIENT, IMPORTS, 403),
     (User.Role.LAB_STAFF, IMPORTS, 200), (User.Role.CLINICIAN, PATIENTS, 200)],
)  # fmt: skip
def test_roles_reach_what_is_theirs(client, role, address, status):
    client.force_login(UserFactory(role=role))

    assert client.get(address).status_code == status


@pytest.mark.parametrize("address", [PATIENTS, IMPORTS])
def test_nobody_comes_in_without_signing_in(client, address):
    assert client.get(address).status_code in {401, 403}
