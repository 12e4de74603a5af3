import datetime as dt

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from patients.models import Condition, Encounter, Medication, PreventiveCare, SurveyAnswer
from tests.factories import (
    FeedbackFactory,
    LabImportFactory,
    PatientFactory,
    PredictionFactory,
    ResultFactory,
    UserFactory,
)
from tests.portal.reading import text

pytestmark = pytest.mark.django_db
DAY = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


@pytest.fixture
def timeline(signed_in, patient):
    """Open the timeline of `patient`, `query` added to its address."""

    def opened(query=""):
        response = signed_in.get(reverse("timeline", args=[patient.public_id]) + query)
        assert response.status_code == 200
        return response

    return opened


def events(response):
    return [event for year in response.context["timeline"]["years"] for event in year["events"]]


def medicine(patient, **said):
    common = {"drug_class": "statin", "name": "Atorvastatin", "dose": "20 mg",
              "started_on": dt.date(2025, 1, 1), "recorded_at": DAY, "source": "test"}  # fmt: skip
    return Medication.objects.create(patient=patient, **(common | said))


@pytest.mark.parametrize("count", [1, 3])
def test_the_timeline_costs_the_same_queries_whatever_happened(
    timeline, patient, count, django_assert_num_queries
):
    for number in range(count):
        at = DAY - dt.timedelta(days=number)
        ResultFactory(patient=patient, collected_at=at, flag="H", lab_import=LabImportFactory())
        FeedbackFactory(recommendation__patient=patient)
        PredictionFactory(patient=patient, task=["ckd", "death_10y", "cvd_death_10y"][number])
        Condition.objects.create(
            patient=patient, code=f"c{number}", label="x", onset_on=at, recorded_at=DAY, source="x"
        )

    with django_assert_num_queries(14):
        response = timeline("?show=lists")

    assert len(events(response)) == count


def test_visits_results_and_scores_are_told_in_words(timeline, patient):
    Encounter.objects.create(
        patient=patient, kind="INPATIENT", reason="Pneumonia", ward="4B", started_at=DAY,
        ended_at=DAY + dt.timedelta(days=1), recorded_at=DAY, source="registry",
    )  # fmt: skip
    ResultFactory(patient=patient, code="LDL", value=170, flag="H")
    PredictionFactory(patient=patient, risk=0.09, as_of=DAY, superseded_at=DAY)
    PredictionFactory(patient=patient)

    told = {event["kind"]: f"{event['title']} · {event['text']}" for event in events(timeline())}

    assert told["Visit"] == "Hospital stay: Pneumonia · 4B · to 02-Mar-2026 · registry"
    assert told["Results"] == "LDL cholesterol, 1 abnormal · LDL cholesterol 170 mg/dL ↑ · test"
    assert told["Score"] == "Diabetes not yet known 9.0 → 12 in 100 · undiagnosed_diabetes v1"


def test_what_was_collected_together_is_one_event_that_leads_to_its_results(timeline, patient):
    ResultFactory(patient=patient, code="LDL", value=170, flag="H")
    ResultFactory(patient=patient, code="SODIUM", value=140, flag="N")

    (event,) = events(timeline())

    assert event["title"] == "2 results, 1 abnormal"
    assert event["url"].endswith("/labs/?since=2026-03-01&until=2026-03-01")


def test_a_correction_is_an_event_of_the_day_it_was_known(timeline, patient):
    old = ResultFactory(patient=patient, code="CREAT", value=1.9, superseded_at=DAY)
    known = DAY + dt.timedelta(hours=3)
    ResultFactory(
        patient=patient, code="CREAT", value=1.1, status="corrected", accession=old.accession,
        issued_at=known,
    )  # fmt: skip

    (event,) = events(timeline("?show=corrections"))

    assert event["title"] == "Creatinine corrected: 1.9 → 1.1 mg/dL"


def test_an_upload_is_an_event_with_the_number_of_its_results(timeline, patient):
    lab_import = LabImportFactory()
    ResultFactory.create_batch(2, patient=patient, lab_import=lab_import)

    (event,) = events(timeline("?show=uploads"))

    assert event["title"] == f"Upload {lab_import.pk} brought 2 results"


def test_a_medicine_that_was_stopped_has_two_events(timeline, patient):
    medicine(patient, stopped_on=dt.date(2026, 2, 1))

    assert [event["title"] for event in events(timeline())] == [
        "Medicine stopped: Atorvastatin 20 mg", "Atorvastatin 20 mg",
    ]  # fmt: skip


def test_what_was_corrected_or_removed_from_the_record_did_not_happen(timeline, patient):
    medicine(patient, superseded_at=DAY)

    assert "Nothing has happened yet" in text(timeline())


def test_answers_of_one_day_are_one_event(timeline, patient):
    for item in ("smoking", "pack_years"):
        SurveyAnswer.objects.create(
            patient=patient, instrument="lifestyle", item=item, text="x", answered_on=DAY.date(),
            recorded_at=DAY, source="test",
        )  # fmt: skip

    assert [event["title"] for event in events(timeline())] == ["2 questions answered"]


def test_the_timeline_can_be_narrowed_to_a_kind_and_begun_at_a_day(timeline, patient):
    ResultFactory(patient=patient)
    medicine(patient)

    assert [event["kind"] for event in events(timeline())] == ["Results", "Medicine"]
    assert [event["kind"] for event in events(timeline("?show=lists"))] == ["Medicine"]
    assert [event["kind"] for event in events(timeline("?until=2025-12-31"))] == ["Medicine"]
    assert len(events(timeline("?until=2025-99-99"))) == 2


def test_many_events_turn_over_pages_and_stand_under_their_year(timeline, patient):
    for number in range(61):
        PreventiveCare.objects.create(
            patient=patient, item="flu_vaccine", done_on=dt.date(2026 - number, 1, 15),
            recorded_at=DAY, source="test",
        )  # fmt: skip

    years = [year["year"] for year in timeline("?page=2").context["timeline"]["years"]]

    assert years == [1966]


def test_reading_the_timeline_leaves_an_audit_event(timeline, patient):
    timeline()

    assert AuditEvent.objects.get().action == "timeline.read"


def test_the_timeline_of_another_team_is_not_there(signed_in):
    stranger = PatientFactory()

    response = signed_in.get(reverse("timeline", args=[stranger.public_id]))

    assert response.status_code in {403, 404}


@pytest.mark.parametrize("role", ["LAB_STAFF", "DATA_SCIENTIST", "ADMINISTRATOR", "PATIENT"])
def test_other_roles_may_not_read_a_timeline(client, patient, role):
    client.force_login(UserFactory(role=User.Role(role), care_teams=[patient.care_team]))

    assert client.get(reverse("timeline", args=[patient.public_id])).status_code == 403


def test_a_stranger_is_asked_to_log_in(client, patient):
    response = client.get(reverse("timeline", args=[patient.public_id]))

    assert response.url.startswith(reverse("login"))
