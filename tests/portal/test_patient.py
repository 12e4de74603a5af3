import datetime as dt
import re

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients.models import Allergy, Condition, Medication
from tests.factories import (
    FeedbackFactory,
    PatientFactory,
    PredictionFactory,
    RecommendationFactory,
    ResultFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DAY = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def text(response):
    """What a person reads: no markup, single spaces."""
    plain = re.sub(r"<script.*?</script>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", plain)


@pytest.fixture
def page(signed_in, patient):
    """Open the page of `patient`, `query` added to its address."""

    def opened(query=""):
        response = signed_in.get(patient.get_absolute_url() + query)
        assert response.status_code == 200
        return response

    return opened


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_queries_whatever_is_in_it(
    page, patient, count, django_assert_num_queries
):
    for number in range(count):
        ResultFactory(patient=patient, collected_at=DAY - dt.timedelta(days=number))
        FeedbackFactory(recommendation__patient=patient)
        RecommendationFactory(patient=patient)
        PredictionFactory(patient=patient, task=["ckd", "death_10y", "undiagnosed_diabetes"][number])
        Condition.objects.create(
            patient=patient, code=f"c{number}", label="x", recorded_at=DAY, source="test"
        )

    with django_assert_num_queries(24):
        response = page()

    assert len(response.context["cards"]) == count


def test_an_empty_record_says_so_instead_of_failing(page):
    said = text(page())

    assert "Not scored yet" in said
    assert "No results yet" in said
    assert "Allergies not asked" in said


def test_the_banner_tells_who_this_is(page, patient):
    common = {"patient": patient, "recorded_at": DAY, "source": "test"}
    Allergy.objects.create(code="penicillin", label="Penicillin", reaction="rash", **common)
    Condition.objects.create(code="htn", label="Hypertension", **common)
    Condition.objects.create(
        code="old", label="Healed fracture", resolved_on=dt.date(2020, 1, 1), **common
    )

    banner = page().context["banner"]

    assert (banner["family"], banner["born"], banner["age"]) == ("Okafor", "17-May-1960", "65 y")
    assert (banner["mrn"], banner["allergies"]) == ("004 812 77", ["Penicillin: rash"])
    assert banner["diagnoses"] == ["Hypertension"]


def test_a_card_says_number_range_reasons_and_where_it_comes_from(page, patient):
    prediction = PredictionFactory(patient=patient)

    (card,) = page().context["cards"]

    assert (card["number"], card["range"], card["tier"]) == ("12", "8.0–18", "high")
    assert card["tier_word"] == "Consult a healthcare professional"
    assert [driver["label"] for driver in card["raised"]] == [
        "Age 65 years", "Waist circumference 104 cm",
    ]  # fmt: skip
    assert card["source"] == "undiagnosed_diabetes v1 · 02-Mar-2026 10:00"
    assert card["about_url"] == reverse("model", args=[prediction.version_id])


def test_missing_inputs_are_named_with_the_next_best_test(page, patient):
    PredictionFactory(patient=patient)

    (card,) = page().context["cards"]

    assert card["state"] == "inputs_missing"
    assert "Triglycerides" in card["message"]
    assert "Most useful next: Measure triglycerides." in card["message"]


def test_an_abstention_shows_its_reason_and_no_number(page, patient):
    PredictionFactory(patient=patient, reason="Diabetes is on the problem list.")

    (card,) = page().context["cards"]

    assert (card["state"], card["number"]) == ("abstained", "")
    assert card["message"] == (
        "No number: diabetes is on the problem list. Best next step: Measure triglycerides."
    )


def test_a_change_since_the_last_prediction_is_an_arrow_and_a_number(page, patient):
    PredictionFactory(patient=patient, risk=0.09, as_of=DAY, superseded_at=DAY)
    PredictionFactory(patient=patient)

    trend = page().context["cards"][0]["trend"]

    assert (trend["direction"], trend["text"]) == ("up", "from 9.0 on 01-Mar-2026")


def test_a_waiting_scoring_is_told(page, patient):
    PredictionFactory(patient=patient)
    Job.objects.create(
        kind="predictions.score", key="x", queue="inference",
        arguments={"patient_ids": [patient.pk + 7, patient.pk]},
    )  # fmt: skip

    assert page().context["cards"][0]["state"] == "recalculating"


def test_old_inputs_make_a_score_stale(page, patient):
    prediction = PredictionFactory(patient=patient)
    prediction.contributions[1]["collected"] = "2024-01-01"
    prediction.save()

    card = page().context["cards"][0]

    assert (card["state"], "26 months old" in card["message"]) == ("stale", True)


def test_contributions_add_up_to_the_risk_in_the_table(page, patient):
    PredictionFactory(patient=patient)

    (why,) = page().context["explanations"]

    points = [row[1]["text"] for row in why["rows"]]
    assert points == ["5.0", "+4.0", "+3.5", "−0.5", "12.0"]
    assert "never proof of a cause" in text(page())


def test_a_critical_result_stands_above_everything_else(page, patient):
    ResultFactory(patient=patient, code="POTASSIUM", value=6.8, flag="HH")

    said = text(page())

    assert "Critical result" in said
    assert "6.8 ↑↑ critically high mmol/L" in said
    assert said.index("Critical result") < said.index("Recommendations")


def test_a_critical_result_that_was_repeated_and_is_normal_raises_no_alarm(page, patient):
    ResultFactory(patient=patient, code="POTASSIUM", value=6.8, flag="HH")
    later = DAY + dt.timedelta(days=1)
    ResultFactory(patient=patient, code="POTASSIUM", value=4.4, flag="N", collected_at=later)

    assert page().context["criticals"] == []


def test_a_corrected_result_shows_what_was_believed_before(page, patient):
    old = ResultFactory(patient=patient, code="CREAT", value=1.9, superseded_at=DAY)
    ResultFactory(
        patient=patient, code="CREAT", value=1.1, status="corrected", thread=old.thread,
        issued_at=DAY + dt.timedelta(hours=3),
    )  # fmt: skip

    response = page()

    (change,) = response.context["corrections"]
    assert ([was["value"] for was in change["old"]], change["value"]) == (["1.9"], "1.1")
    assert "<del>1.9 mg/dL</del>" in response.content.decode()
    assert "Creatinine corrected: 1.9 → 1.1 mg/dL" in text(response)


def test_trends_put_the_abnormal_first_and_name_the_old(page, patient):
    ResultFactory(patient=patient, code="SODIUM", value=140, flag="N")
    ResultFactory(
        patient=patient, code="LDL", value=170, flag="H",
        collected_at=DAY - dt.timedelta(days=430),
    )  # fmt: skip

    trends = page().context["trends"]

    assert [row["label"] for row in trends] == ["LDL cholesterol", "Sodium"]
    assert trends[0]["stale"] == "14 months old"


def test_the_chart_is_of_the_analyte_that_was_asked_for(page, patient):
    ResultFactory(patient=patient, code="SODIUM", value=140)
    ResultFactory(patient=patient, code="LDL", value=170, flag="H")

    assert page("?analyte=SODIUM").context["chart"]["title"] == "Sodium"
    assert page("?analyte=nonsense").context["chart"]["title"] == "LDL cholesterol"


def test_three_recommendations_are_shown_and_an_urgent_one_is_never_folded(page, patient):
    RecommendationFactory.create_batch(4, patient=patient)
    RecommendationFactory(patient=patient, is_urgent=True)

    advice = page().context["advice"]

    assert (len(advice["shown"]), len(advice["folded"])) == (4, 1)


def test_a_recommendation_says_why_with_day_grade_source_and_doubt(page, patient):
    RecommendationFactory(patient=patient, said={"verified": False, "verification": "from memory"})

    said = text(page())

    assert "Because Body mass index 31 kg/m² (≥ 30), 01-Mar-2026" in said
    assert "Evidence USPSTF B" in said
    assert "Not signed off: from memory" in said


def test_blocked_items_say_why_and_cannot_be_answered(page, patient):
    block = {"reason": "Never with pregnancy", "rule": "M04.exclusion", "source": "ADA 2026",
             "facts": [], "verified": True}  # fmt: skip
    RecommendationFactory(
        patient=patient, status="blocked", said={"name": "ACE inhibitor", "blocked_by": [block]}
    )

    response = page()

    assert "ACE inhibitor Never with pregnancy ADA 2026" in text(response)
    assert b"/answer/" not in response.content
    assert not response.context["advice"]["check_failed"]


def test_a_safety_check_that_failed_is_said_on_top(page, patient):
    block = {"reason": "x", "rule": "check", "source": "Safety filter", "facts": [],
             "verified": True}  # fmt: skip
    RecommendationFactory(patient=patient, status="blocked", said={"blocked_by": [block]})

    assert "The safety check could not be completed" in text(page())


def test_an_answer_moves_the_item_and_can_be_changed(page, patient):
    FeedbackFactory(recommendation__patient=patient, by__first_name="Abena", by__last_name="Osei")

    response = page()

    assert response.context["advice"]["shown"] == []
    assert "Accepted by Abena Osei, 02-Mar-2026 11:00." in text(response)
    assert "Change answer" in text(response)


def test_the_timeline_can_be_narrowed(page, patient):
    ResultFactory(patient=patient)
    Medication.objects.create(
        patient=patient, drug_class="statin", name="Atorvastatin", dose="20 mg",
        started_on=dt.date(2025, 1, 1), recorded_at=DAY, source="test",
    )  # fmt: skip

    everything = page().context["timeline"]["events"]
    drugs = page("?show=lists").context["timeline"]["events"]

    assert [event["kind"] for event in everything] == ["Results", "Medication"]
    assert [event["title"] for event in drugs] == ["Atorvastatin 20 mg"]


def test_peers_turn_every_axis_so_that_further_out_is_worse(page, patient):
    for code, value in [("HDL", 30), ("SBP", 160), ("BMI", 38)]:
        ResultFactory(patient=patient, code=code, value=value)

    peers = page().context["peers"]

    assert peers["dots"]["axes"] == peers["radar"]["axes"]
    assert all(axis["percentile"] > 80 for axis in peers["dots"]["axes"])
    assert len(peers["rows"]) == 3


def test_who_looked_is_shown_to_those_who_look(page, patient):
    page()

    (row,) = page().context["looks"]["rows"][1:]

    assert [cell["text"] for cell in row][2:] == ["Clinician", "Opened the record"]
    assert AuditEvent.objects.filter(action="patient.read").count() == 2


def test_a_patient_of_another_team_is_not_there(signed_in):
    stranger = PatientFactory(family_name="Hiddenname")

    response = signed_in.get(stranger.get_absolute_url())

    assert response.status_code == 404
    assert b"Hiddenname" not in response.content
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("role", ["LAB_STAFF", "DATA_SCIENTIST", "ADMINISTRATOR", "PATIENT"])
def test_other_roles_may_not_open_a_record(client, patient, role):
    client.force_login(UserFactory(role=User.Role(role), care_teams=[patient.care_team]))

    assert client.get(patient.get_absolute_url()).status_code == 403


def test_a_stranger_is_asked_to_log_in(client, patient):
    response = client.get(patient.get_absolute_url())

    assert response.url.startswith(reverse("login"))
