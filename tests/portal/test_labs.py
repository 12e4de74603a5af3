import datetime as dt

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from patients.models import Condition, ResultReview, ResultTask
from tests.factories import PatientFactory, ResultFactory, UserFactory
from tests.portal.reading import text

pytestmark = pytest.mark.django_db
DAY = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
CODES = ["SODIUM", "POTASSIUM", "LDL"]


def days_ago(count):
    return DAY - dt.timedelta(days=count)


@pytest.fixture
def labs(signed_in, patient):
    """Open the lab page of `patient`, `query` added to its address."""

    def opened(query=""):
        response = signed_in.get(reverse("labs", args=[patient.public_id]) + query)
        assert response.status_code == 200
        return response

    return opened


def cells(response):
    """Values by test and day as the grid shows them."""
    grid = response.context["grid"]
    days = [day["iso"] for day in grid["days"]]
    return {
        test["name"]: {
            day: [one["value"] for one in cell]
            for day, cell in zip(days, test["cells"], strict=True)
            if cell
        }
        for group in grid["groups"]
        for test in group["tests"]
    }


@pytest.mark.parametrize("count", [1, 3])
def test_the_grid_costs_the_same_queries_whatever_is_in_it(
    labs, patient, clinician, count, django_assert_num_queries
):
    for number in range(count):
        result = ResultFactory(patient=patient, code=CODES[number], collected_at=days_ago(number))
        ResultReview.objects.create(patient=patient, result=result, by=clinician, at=DAY)
        ResultTask.objects.create(patient=patient, result=result, kind="critical", created_at=DAY)
        Condition.objects.create(
            patient=patient, code=f"c{number}", label="x", recorded_at=DAY, source="test"
        )

    with django_assert_num_queries(11):
        response = labs()

    assert len(cells(response)) == count


def test_tests_stand_in_rows_by_group_and_days_in_columns_newest_first(labs, patient):
    ResultFactory(patient=patient, code="SODIUM", value=140, collected_at=days_ago(2))
    ResultFactory(patient=patient, code="SODIUM", value=138)
    ResultFactory(patient=patient, code="LDL", value=170)

    response = labs()

    assert cells(response) == {
        "Sodium": {"2026-03-01": ["138"], "2026-02-27": ["140"]},
        "LDL cholesterol": {"2026-03-01": ["170"]},
    }
    assert [g["title"] for g in response.context["grid"]["groups"]] == ["Electrolytes", "Lipids"]


def test_tests_repeated_on_one_day_stand_below_each_other_with_their_times(labs, patient):
    ResultFactory(patient=patient, code="SODIUM", value=128)
    later = DAY + dt.timedelta(hours=4)
    ResultFactory(patient=patient, code="SODIUM", value=133, collected_at=later)

    response = labs()

    assert cells(response) == {"Sodium": {"2026-03-01": ["128", "133"]}}
    assert "08:00 128" in text(response)


def test_a_flag_is_an_arrow_and_a_word(labs, patient):
    ResultFactory(patient=patient, code="POTASSIUM", value=6.8, flag="HH")

    assert "6.8 ↑↑ critically high" in text(labs())


def test_a_text_result_a_comparator_and_a_remark_are_shown_as_sent(labs, patient):
    ResultFactory(patient=patient, code="CRP", value=0.5, comparator="<")
    ResultFactory(
        patient=patient, code="UACR", value=None, value_as_sent="neg", text="negative",
        note="Sample was haemolysed",
    )  # fmt: skip

    response = labs()

    assert [list(days.values()) for days in cells(response).values()] == [
        [["<0.5"]], [["negative"]],
    ]  # fmt: skip
    assert "Sample was haemolysed" in text(response)


def test_a_corrected_value_is_marked_and_the_old_one_is_gone(labs, patient):
    old = ResultFactory(patient=patient, code="CREAT", value=1.9, superseded_at=DAY)
    ResultFactory(
        patient=patient, code="CREAT", value=1.1, status="corrected", accession=old.accession
    )

    response = labs()

    assert cells(response) == {"Creatinine": {"2026-03-01": ["1.1"]}}
    assert '<abbr title="corrected">c</abbr>' in response.content.decode()


def test_as_known_on_a_day_shows_what_was_believed_then(labs, patient):
    corrected_at = days_ago(1)
    old = ResultFactory(
        patient=patient, code="CREAT", value=1.9, collected_at=days_ago(5),
        superseded_at=corrected_at,
    )  # fmt: skip
    ResultFactory(
        patient=patient, code="CREAT", value=1.1, status="corrected", accession=old.accession,
        collected_at=days_ago(5), recorded_at=corrected_at,
    )  # fmt: skip

    assert cells(labs("?known=2026-02-27")) == {"Creatinine": {"2026-02-24": ["1.9"]}}
    assert cells(labs("?known=2026-02-28")) == {"Creatinine": {"2026-02-24": ["1.1"]}}
    assert "As known on 27-Feb-2026" in text(labs("?known=2026-02-27"))


def test_open_tasks_of_today_are_not_shown_among_what_was_known_then(labs, patient):
    result = ResultFactory(patient=patient, code="POTASSIUM", value=6.8, flag="HH")
    ResultTask.objects.create(patient=patient, result=result, kind="critical", created_at=DAY)

    assert "Open result task" in text(labs())
    assert "Open result task" not in text(labs("?known=2026-02-27"))


@pytest.mark.parametrize(("kind", "words"), [("corrected", "Potassium, seen as 6.8"),
                                             ("critical", "Potassium 6.8")])  # fmt: skip
def test_a_task_of_a_correction_says_that_its_value_is_the_old_one(labs, patient, kind, words):
    result = ResultFactory(patient=patient, code="POTASSIUM", value=6.8, flag="HH")
    ResultTask.objects.create(patient=patient, result=result, kind=kind, created_at=DAY)

    assert words in text(labs())


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?group=lipids", {"LDL cholesterol"}),
        ("?abnormal=on", {"LDL cholesterol"}),
        ("?since=2026-03-01", {"Sodium"}),
        ("?until=2026-02-27", {"LDL cholesterol"}),
        ("?since=nonsense", {"Sodium", "LDL cholesterol"}),
        ("?group=nonsense", set()),
    ],
)
def test_the_grid_can_be_narrowed(labs, patient, query, shown):
    ResultFactory(patient=patient, code="SODIUM", value=140, flag="N")
    ResultFactory(patient=patient, code="LDL", value=170, flag="H", collected_at=days_ago(3))

    assert set(cells(labs(query))) == shown


def test_what_was_reviewed_leaves_the_list_of_what_was_not(labs, patient, clinician):
    result = ResultFactory(patient=patient, code="SODIUM")
    ResultFactory(patient=patient, code="LDL", value=170)
    ResultReview.objects.create(patient=patient, result=result, by=clinician, at=DAY)

    assert set(cells(labs("?unreviewed=on"))) == {"LDL cholesterol"}
    assert labs().context["grid"]["unreviewed_count"] == 1


def test_days_turn_over_pages_over_the_years(labs, patient):
    for number in range(10):
        ResultFactory(patient=patient, code="SODIUM", collected_at=days_ago(400 * number))

    newest, oldest = labs().context["grid"], labs("?page=2").context["grid"]

    assert [len(newest["days"]), len(oldest["days"])] == [8, 2]
    assert oldest["days"][-1]["iso"] == "2016-04-22"


def test_filters_turned_round_say_so(labs, patient):
    ResultFactory(patient=patient)

    assert "This day comes before the first one" in text(labs("?since=2026-03-02&until=2026-03-01"))


def test_an_empty_record_says_so(labs):
    assert "No results yet" in text(labs())


def test_htmx_gets_the_grid_alone(signed_in, patient):
    ResultFactory(patient=patient)

    response = signed_in.get(
        reverse("labs", args=[patient.public_id]), headers={"HX-Request": "true"}
    )

    assert b"<html" not in response.content
    assert b"lab-grid" in response.content


def test_one_press_marks_one_result_as_reviewed_and_a_second_changes_nothing(
    signed_in, patient, clinician
):
    result, other = ResultFactory.create_batch(2, patient=patient)
    url = reverse("lab-review", args=[patient.public_id])

    for _ in range(2):
        response = signed_in.post(url, {"result": result.pk, "shown": f"{result.pk},{other.pk}"})

    assert response.url == reverse("labs", args=[patient.public_id])
    assert ResultReview.objects.get().result == result


def test_all_shown_results_are_reviewed_at_once(signed_in, labs, patient):
    ResultFactory.create_batch(3, patient=patient)
    shown = labs().context["grid"]["shown"]

    signed_in.post(reverse("lab-review", args=[patient.public_id]), {"all": "1", "shown": shown})

    assert labs().context["grid"]["unreviewed_count"] == 0
    assert ResultReview.objects.count() == 3


def test_a_result_of_somebody_else_cannot_be_reviewed_through_this_record(signed_in, patient):
    stranger = ResultFactory()

    signed_in.post(reverse("lab-review", args=[patient.public_id]), {"result": stranger.pk})

    assert not ResultReview.objects.exists()


@pytest.mark.parametrize("name", ["labs", "lab-test"])
def test_reading_results_leaves_an_audit_event(signed_in, patient, name):
    ResultFactory(patient=patient, code="CREAT")
    arguments = [patient.public_id, *(["CREAT"] if name == "lab-test" else [])]

    signed_in.get(reverse(name, args=arguments))

    assert AuditEvent.objects.get().patient_ids == [patient.pk]


def test_results_of_another_team_are_not_there(signed_in):
    stranger = ResultFactory(code="CREAT").patient

    for address in (
        reverse("labs", args=[stranger.public_id]),
        reverse("lab-test", args=[stranger.public_id, "CREAT"]),
    ):
        assert signed_in.get(address).status_code in {403, 404}
    assert not AuditEvent.objects.filter(action__startswith="labs.").exists()


@pytest.mark.parametrize("role", ["LAB_STAFF", "DATA_SCIENTIST", "ADMINISTRATOR", "PATIENT"])
def test_other_roles_may_not_read_or_review_results(client, patient, role):
    client.force_login(UserFactory(role=User.Role(role), care_teams=[patient.care_team]))

    assert client.get(reverse("labs", args=[patient.public_id])).status_code == 403
    assert client.post(reverse("lab-review", args=[patient.public_id])).status_code == 403


def test_nobody_sees_results_without_logging_in(client):
    patient = PatientFactory()

    response = client.get(reverse("labs", args=[patient.public_id]))

    assert response.url.startswith(reverse("login"))


def test_the_choice_of_units_is_kept_and_leads_back(signed_in, clinician, patient):
    there = reverse("labs", args=[patient.public_id]) + "?abnormal=on"

    response = signed_in.post(reverse("units"), {"units": "SI", "next": there})

    clinician.refresh_from_db()
    assert (clinician.units, response.url) == ("SI", there)


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example"])
def test_the_choice_of_units_never_leads_to_another_site(signed_in, elsewhere):
    response = signed_in.post(reverse("units"), {"units": "SI", "next": elsewhere})

    assert response.url == reverse("worklist")


def test_a_system_of_units_that_nobody_knows_changes_nothing(signed_in, clinician):
    signed_in.post(reverse("units"), {"units": "ELLS"})

    clinician.refresh_from_db()
    assert clinician.units == "US"
