"""The pages and endpoints of result tasks and notices."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from patients.models import Notice, Result, ResultTask
from tests.factories import (
    NoticeFactory,
    PatientFactory,
    ResultFactory,
    ResultTaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
TASKS = "/tasks/"
API = "/api/v1/result-tasks/"
DAY = dt.timedelta(days=1)


@pytest.fixture
def patient(team):
    return PatientFactory(care_team=team, family_name="Lovelace", mrn="CL-000042")


@pytest.fixture
def task(patient):
    return ResultTaskFactory(result__patient=patient)


def body(response):
    return " ".join(response.content.decode().split())


def test_the_list_says_who_what_and_how_long(signed_in, task):
    ResultTask.objects.update(created_at=timezone.now() - dt.timedelta(minutes=200))

    shown = body(signed_in.get(TASKS))

    for part in ["LOVELACE, Given", "CL-000042", "Potassium", "6.9", "critically high"]:
        assert part in shown
    assert "open for 3 h 20 min" in shown


def test_critical_results_come_first_and_then_the_oldest(signed_in, patient):
    younger = ResultTaskFactory(result__patient=patient)
    change = ResultTaskFactory(
        result__patient=patient, kind="delta", created_at=younger.created_at - DAY
    )
    older = ResultTaskFactory(result__patient=patient, created_at=younger.created_at - DAY)

    lines = signed_in.get(TASKS).context["lines"]

    assert [line.task for line in lines] == [older, younger, change]


def test_an_escalated_task_says_so(signed_in, task):
    ResultTask.objects.update(level=2)

    assert "Escalated 2 times: administrators were told" in body(signed_in.get(TASKS))


def test_an_unlikely_change_shows_the_value_before(signed_in, task):
    the_day_before = task.result.collected_at - DAY
    ResultFactory(patient=task.patient, code="POTASSIUM", value=3.6, collected_at=the_day_before)
    ResultTask.objects.update(kind="delta")

    assert "Before: 3.6" in body(signed_in.get(TASKS))


def test_a_correction_shows_both_values(signed_in, task):
    Result.objects.update(superseded_at=task.created_at, flag="")
    ResultFactory(
        patient=task.patient, code="POTASSIUM", value=4.4, accession=task.result.accession,
        collected_at=task.result.collected_at, status="corrected",
    )  # fmt: skip
    ResultTask.objects.update(kind="corrected")

    shown = body(signed_in.get(TASKS))

    assert "you saw 6.9" in shown
    assert "Now reported as 4.4" in shown


def test_a_withdrawn_result_says_that_nothing_stands(signed_in, task):
    Result.objects.update(superseded_at=task.created_at)
    ResultTask.objects.update(kind="corrected")

    assert "No value stands in its place" in body(signed_in.get(TASKS))


def test_values_are_shown_in_the_units_of_the_reader(signed_in, clinician, patient):
    User.objects.filter(pk=clinician.pk).update(units="SI")
    ResultTaskFactory(result__patient=patient, result__code="GLU", result__value=540.0)

    assert "30.0" in body(signed_in.get(TASKS))
    assert "mmol/L" in body(signed_in.get(TASKS))


@pytest.mark.parametrize("end", ["acknowledged_at", "closed_at"])
def test_what_is_done_is_not_listed(signed_in, clinician, task, end):
    ResultTask.objects.update(**{end: task.created_at}, acknowledged_by=clinician)

    assert "Nothing waits for you" in body(signed_in.get(TASKS))


def test_the_list_can_be_narrowed_to_one_kind(signed_in, task):
    assert not signed_in.get(TASKS + "?kind=delta").context["lines"]
    assert len(signed_in.get(TASKS + "?kind=critical").context["lines"]) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(
    signed_in, team, count, django_assert_num_queries
):
    for _ in range(count):
        ResultTaskFactory(result__patient=PatientFactory(care_team=team))

    with django_assert_num_queries(8):
        signed_in.get(TASKS)


def test_reading_the_list_leaves_an_audit_event(signed_in, task):
    signed_in.get(TASKS)

    assert AuditEvent.objects.get(action="result_tasks.read").patient_ids == [task.patient_id]


def test_a_task_of_another_team_is_not_listed(client, task):
    client.force_login(UserFactory())

    assert "Lovelace".upper() not in body(client.get(TASKS))


def test_one_click_acknowledges_and_comes_back_to_the_list(signed_in, clinician, task):
    response = signed_in.post(f"{TASKS}{task.pk}/acknowledge/", {"comment": "ECG done"})

    assert response.url == TASKS
    task.refresh_from_db()
    assert (task.acknowledged_by, task.comment) == (clinician, "ECG done")


def test_with_htmx_only_the_line_comes_back(signed_in, task):
    response = signed_in.post(f"{TASKS}{task.pk}/acknowledge/", headers={"HX-Request": "true"})

    assert "acknowledged by" in body(response)
    assert "<html" not in body(response)


def test_a_task_that_was_closed_meanwhile_says_why(signed_in, task):
    ResultTask.objects.update(closed_at=task.created_at)

    response = signed_in.post(f"{TASKS}{task.pk}/acknowledge/", headers={"HX-Request": "true"})

    assert response.status_code == 422
    assert "corrected or withdrawn" in body(response)


def test_a_comment_that_is_too_long_is_refused(signed_in, task):
    response = signed_in.post(
        f"{TASKS}{task.pk}/acknowledge/", {"comment": "x" * 301}, headers={"HX-Request": "true"}
    )

    assert response.status_code == 422
    assert not ResultTask.objects.filter(acknowledged_at__isnull=False).exists()


def test_the_top_bar_counts_tasks_and_notices(signed_in, clinician, task):
    NoticeFactory(recipient=clinician)

    shown = body(signed_in.get(reverse("patients:attention")))

    assert '1<span class="visually-hidden"> open result task, 1 critical' in shown
    assert '1<span class="visually-hidden"> unread notice' in shown


def test_an_administrator_reads_notices_without_names(client, administrator, task):
    NoticeFactory(recipient=administrator, result=task.result)
    client.force_login(administrator)

    shown = body(client.get("/notices/"))

    assert task.patient.care_team.name in shown
    assert "LOVELACE" not in shown
    assert "Potassium" not in shown


def test_a_clinician_reads_whom_a_notice_is_about(signed_in, clinician, task):
    NoticeFactory(recipient=clinician, result=task.result)

    assert "LOVELACE" in body(signed_in.get("/notices/"))
    event = AuditEvent.objects.get(action="notices.read")
    assert event.patient_ids == [task.patient_id]


@pytest.mark.parametrize("count", [1, 3])
def test_the_notices_cost_the_same_for_one_and_for_three(
    signed_in, clinician, count, django_assert_num_queries
):
    for _ in range(count):
        NoticeFactory(recipient=clinician)

    with django_assert_num_queries(5):
        signed_in.get("/notices/")


def test_notices_are_marked_as_read_one_by_one_and_all_at_once(signed_in, clinician):
    first, *_ = [NoticeFactory(recipient=clinician) for _ in range(3)]

    signed_in.post(f"/notices/{first.pk}/read/")
    assert Notice.objects.unread().count() == 2

    signed_in.post("/notices/read/")
    assert not Notice.objects.unread().exists()


def test_the_notice_of_somebody_else_is_not_there(signed_in):
    assert signed_in.post(f"/notices/{NoticeFactory().pk}/read/").status_code == 404
    assert Notice.objects.unread().exists()


def test_the_api_lists_open_tasks(signed_in, task):
    (row,) = signed_in.get(API).json()["results"]

    assert (row["kind"], row["level"]) == ("critical", 0)
    assert row["patient"] == str(task.patient.public_id)
    assert (row["result"]["code"], row["result"]["value"]) == ("POTASSIUM", 6.9)


@pytest.mark.parametrize("count", [1, 3])
def test_the_api_costs_the_same_for_one_and_for_three(
    signed_in, team, count, django_assert_num_queries
):
    for _ in range(count):
        ResultTaskFactory(result__patient=PatientFactory(care_team=team))

    with django_assert_num_queries(6):
        signed_in.get(API)


def test_the_api_acknowledges_once(signed_in, clinician, task):
    address = f"{API}{task.pk}/acknowledge/"

    first = signed_in.post(address, {"comment": "Called"}, "application/json").json()
    second = signed_in.post(address, {"comment": "Again"}, "application/json").json()

    assert first == second
    assert first["comment"] == "Called"


def test_the_api_says_when_a_task_was_closed(signed_in, task):
    ResultTask.objects.update(closed_at=task.created_at)

    response = signed_in.post(f"{API}{task.pk}/acknowledge/")

    assert response.status_code == 409
    assert "corrected or withdrawn" in response.json()["detail"]
