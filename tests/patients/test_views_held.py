"""The work list of rows that wait for a person."""

import datetime as dt

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from patients.models import HeldResult, LocalCode, Result
from tests.factories import HeldResultFactory, LabSourceFactory, PatientFactory, UserFactory
from tests.patients.labfiles import ADA, import_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
LIST = "/labs/held/"
HEADER = "mrn,code,value,unit,collected_at\n"
STRANGER = HEADER + "CL-900001,HBA1C,6.1,%,2026-03-01\nCL-900001,HBA1C,6.4,%,2026-02-01\n"


def held_file(content, source=None):
    """Import a file and return its first row that waits."""
    lab_import = import_file(content, lab_source=source)
    return lab_import.held.order_by("row").first()


def act(client, step, held, **fields):
    return client.post(reverse(f"patients:held-{step}", args=[held.pk]), fields, follow=True)


def find(client, held, **fields):
    return act(client, "find", held, **fields).context["found"]


def test_rows_that_ask_the_same_stand_together_oldest_first(signed_in_lab):
    old = HeldResultFactory(received_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    HeldResultFactory.create_batch(2, says={"mrn": "CL-2"})

    groups = signed_in_lab.get(LIST).context["groups"]

    assert [(group.subject, group.rows) for group in groups] == [("CL-000777", 1), ("CL-2", 2)]
    assert groups[0].first == old


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number(
    signed_in_lab, count, django_assert_num_queries
):
    for number in range(count):
        HeldResultFactory(says={"mrn": f"CL-{number}"})

    with django_assert_num_queries(7):  # session, user, count, page, counts, firsts, audit
        page = signed_in_lab.get(LIST)

    assert len(page.context["groups"]) == count


def test_the_list_is_narrowed_by_what_is_not_known(signed_in_lab):
    HeldResultFactory()
    HeldResultFactory(reason="unknown_code", key="|XQ7", says={"code": "XQ7"})

    page = signed_in_lab.get(LIST, {"reason": "unknown_code"})

    assert [group.subject for group in page.context["groups"]] == ["XQ7"]


def test_an_empty_list_says_so(signed_in_lab):
    assert b"No row waits" in signed_in_lab.get(LIST).content


def test_no_address_of_the_list_names_a_patient(signed_in_lab):
    HeldResultFactory()

    page = signed_in_lab.get(LIST).content.decode()

    assert "CL-000777" in page
    assert not [part for part in page.split('"') if "CL-000777" in part and "/" in part[:1]]


def test_looking_at_held_rows_is_recorded(signed_in_lab):
    held = HeldResultFactory()

    signed_in_lab.get(LIST)
    signed_in_lab.get(reverse("patients:held-group", args=[held.pk]))

    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["held_results.listed", "held_results.read"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"number": ADA}, ["Lovelace"]),
        ({"number": ADA[:-1]}, []),
        ({"family_name": "lovelace", "birth_date": "1960-05-17"}, ["Lovelace"]),
        ({"family_name": "Love", "birth_date": "1960-05-17"}, []),
        ({"number": ADA, "birth_date": "1961-05-17"}, []),
    ],
)
def test_patients_are_found_exactly_or_not_at_all(signed_in_lab, wanted, names):
    PatientFactory(family_name="Lovelace", mrn=ADA)

    found = find(signed_in_lab, HeldResultFactory(), **wanted)

    assert [patient.family_name for patient in found] == names


@pytest.mark.parametrize("wanted", [{}, {"family_name": "Lovelace"}, {"birth_date": "1960-05-17"}])
def test_nobody_browses_the_hospital(signed_in_lab, wanted):
    PatientFactory(family_name="Lovelace")

    page = act(signed_in_lab, "find", HeldResultFactory(), **wanted)

    assert page.context["found"] is None
    assert b"whole patient number" in page.content


def test_who_was_shown_is_recorded(signed_in_lab, ada):
    find(signed_in_lab, HeldResultFactory(), number=ADA)

    event = AuditEvent.objects.get(action="patients.identified")
    assert event.patient_ids == [ada.pk]


def test_matched_rows_are_stored_for_the_patient(signed_in_lab, ada):
    held = held_file(STRANGER)

    page = act(signed_in_lab, "match", held, patient=ada.public_id)

    assert sorted(Result.objects.values_list("patient", "value")) == [(ada.pk, 6.1), (ada.pk, 6.4)]
    assert b"2 rows settled" in page.content
    assert not HeldResult.objects.waiting().exists()


def test_matching_twice_stores_once(signed_in_lab, ada):
    held = held_file(STRANGER)

    for _time in range(2):
        act(signed_in_lab, "match", held, patient=ada.public_id)

    assert Result.objects.count() == 2


def test_a_remembered_number_needs_no_answer_again(signed_in_lab, ada):
    act(signed_in_lab, "match", held_file(STRANGER), patient=ada.public_id, remember="on")

    later = import_file(HEADER + "CL-900001,HBA1C,7.0,%,2026-03-02\n")

    assert (later.accepted_count, later.unmatched_count) == (1, 0)


def test_nothing_is_stored_for_a_patient_who_was_not_chosen(signed_in_lab):
    held = held_file(STRANGER)

    page = act(signed_in_lab, "match", held, patient="")

    assert b"Choose one of the patients" in page.content
    assert not Result.objects.exists()


def test_a_code_that_is_said_releases_its_rows_and_is_remembered(signed_in_lab, ada):
    held = held_file(f"{HEADER}{ADA},XQ7,99,mg/dL,2026-03-01\n", LabSourceFactory())

    act(signed_in_lab, "map-code", held, analyte="GLU")

    assert Result.objects.get().analyte.code == "GLU"
    assert LocalCode.objects.get().code == "XQ7"


def test_the_source_of_a_code_is_asked_for_where_nobody_named_it(signed_in_lab, ada):
    held = held_file(f"{HEADER}{ADA},XQ7,99,mg/dL,2026-03-01\n")

    unnamed = act(signed_in_lab, "map-code", held, analyte="GLU")
    act(signed_in_lab, "map-code", held, analyte="GLU", source="Central")

    assert "source" in unnamed.context["code"].errors
    assert Result.objects.get().analyte.code == "GLU"
    assert LocalCode.objects.get().lab_source.name == "Central"


def test_a_unit_in_which_the_test_cannot_be_read_is_not_taken(signed_in_lab, ada):
    held = held_file(f"{HEADER}{ADA},XQ7,99,,2026-03-01\n", LabSourceFactory())

    page = act(signed_in_lab, "map-code", held, analyte="GLU", unit="furlong")

    assert b"cannot be read in furlong" in page.content
    assert not LocalCode.objects.exists()


def test_a_unit_that_is_said_releases_its_rows(signed_in_lab, ada):
    held = held_file(f"{HEADER}{ADA},GLU,99,mg%x,2026-03-01\n", LabSourceFactory())

    act(signed_in_lab, "map-unit", held, unit="mg/dL")

    assert Result.objects.get().value == 99


def test_rejected_rows_wait_no_longer_and_keep_the_reason(signed_in_lab):
    held = held_file(STRANGER)

    page = act(signed_in_lab, "reject", held, comment="not our patient")

    rows = HeldResult.objects.values_list("status", "comment")
    assert set(rows) == {("rejected", "not our patient")}
    assert b"2 rows settled" in page.content


def test_rows_are_not_rejected_without_a_reason(signed_in_lab):
    held = HeldResultFactory()

    act(signed_in_lab, "reject", held, comment="")

    assert HeldResult.objects.waiting().count() == 1


def test_a_settled_question_says_what_became_of_it(signed_in_lab):
    held = HeldResultFactory(status="rejected", comment="not our patient")

    page = signed_in_lab.get(reverse("patients:held-group", args=[held.pk]))

    assert b"No row waits for this answer any more" in page.content
    assert b"not our patient" in page.content


@pytest.mark.parametrize("role", [User.Role.CLINICIAN, User.Role.API_CLIENT, User.Role.PATIENT])
def test_other_roles_may_not_resolve(client, role):
    client.force_login(UserFactory(role=role))
    held = HeldResultFactory()

    for step in ["group", "find", "match", "map-code", "map-unit", "reject"]:
        address = reverse(f"patients:held-{step}", args=[held.pk])
        response = client.get(address) if step == "group" else client.post(address)
        assert response.status_code == 403
        assert b"CL-000777" not in response.content
