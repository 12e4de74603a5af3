"""Rows that wait for a person, over the API."""

import uuid

import pytest

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from patients.models import HeldResult, LocalCode, Result
from tests.factories import HeldResultFactory, LabSourceFactory, UserFactory
from tests.patients.labfiles import ADA, import_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
HELD = "/api/v1/held-results/"
HEADER = "mrn,code,value,unit,collected_at\n"
STRANGER = HEADER + "CL-900001,HBA1C,6.1,%,2026-03-01\nCL-900001,HBA1C,6.4,%,2026-02-01\n"


@pytest.fixture
def api(client, lab_staff):
    client.force_login(lab_staff)
    return client


def held_file(content, source=None):
    return import_file(content, lab_source=source).held.order_by("row").first()


def answer(client, held, action, **said):
    return client.post(f"{HELD}{held.pk}/{action}/", said, "application/json")


def test_waiting_rows_are_listed_oldest_first_and_narrowed(api):
    HeldResultFactory(status="rejected")
    code = HeldResultFactory(reason="unknown_code", key="|XQ7", says={"code": "XQ7"})

    body = api.get(HELD, {"status": "waiting", "reason": "unknown_code"}).json()

    assert [(row["id"], row["cells"]["code"]) for row in body["results"]] == [(code.pk, "XQ7")]


def test_reading_held_rows_is_recorded(api):
    held = HeldResultFactory()

    api.get(HELD)
    api.get(f"{HELD}{held.pk}/")

    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["held_results.listed", "held_results.read"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number(api, count, django_assert_num_queries):
    HeldResultFactory.create_batch(count)

    with django_assert_num_queries(5):  # session, user, count, page, audit
        assert api.get(HELD).json()["count"] == count


def test_one_answer_settles_every_row_of_a_patient(api, ada):
    response = answer(api, held_file(STRANGER), "match", patient=str(ada.public_id))

    assert response.json() == {"settled": 2, "waiting": 0}
    assert Result.objects.filter(patient=ada).count() == 2


def test_an_answer_twice_is_one_answer(api, ada):
    held = held_file(STRANGER)

    answers = [answer(api, held, "match", patient=str(ada.public_id)) for _time in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert Result.objects.count() == 2


def test_a_patient_who_is_not_there_is_named(api):
    response = answer(api, HeldResultFactory(), "match", patient=str(uuid.uuid4()))

    assert response.status_code == 400
    assert "patient" in response.json()["errors"]


def test_a_code_is_said_by_its_loinc(api, ada):
    held = held_file(f"{HEADER}{ADA},XQ7,6.1,%,2026-03-01\n", LabSourceFactory())

    answer(api, held, "map-code", analyte="4548-4")

    assert Result.objects.get().analyte.code == "HBA1C"
    assert LocalCode.objects.get().code == "XQ7"


def test_a_test_that_nobody_knows_is_not_said(api):
    held = HeldResultFactory(reason="unknown_code", key="|XQ7", says={"code": "XQ7"})

    response = answer(api, held, "map-code", analyte="nothing", source="Central")

    assert response.status_code == 400
    assert not LocalCode.objects.exists()


def test_an_answer_to_another_question_is_refused_with_a_sentence(api):
    response = answer(api, HeldResultFactory(), "map-unit", unit="mg/dL")

    assert response.status_code == 400
    assert "patient not known" in str(response.json()["errors"])


def test_a_unit_is_said(api, ada):
    held = held_file(f"{HEADER}{ADA},GLU,99,mg%x,2026-03-01\n", LabSourceFactory())

    assert answer(api, held, "map-unit", unit="mg/dL").json() == {"settled": 1, "waiting": 0}
    assert Result.objects.get().value == 99


def test_rows_are_rejected_with_a_reason(api):
    held = HeldResultFactory()

    unsaid = answer(api, held, "reject", comment="")
    answer(api, held, "reject", comment="not our patient")

    assert unsaid.status_code == 400
    assert HeldResult.objects.get().status == "rejected"


@pytest.mark.parametrize("role", [User.Role.CLINICIAN, User.Role.API_CLIENT, User.Role.PATIENT])
def test_other_roles_neither_see_nor_answer(client, role):
    client.force_login(UserFactory(role=role))
    held = HeldResultFactory()

    for response in (client.get(HELD), client.get(f"{HELD}{held.pk}/"),
                     answer(client, held, "reject", comment="not our patient")):  # fmt: skip
        assert response.status_code == 403
        assert b"CL-000777" not in response.content
