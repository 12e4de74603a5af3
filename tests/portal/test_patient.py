import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.common import tables
from healthcare.jobs.models import Job
from healthcare.portal.presenters import risk
from patients.models import (
    Allergy,
    Condition,
)
from predictions.models import ModelVersion
from tests.factories import (
    FeedbackFactory,
    PatientFactory,
    PredictionFactory,
    RecommendationFactory,
    ResultFactory,
    UserFactory,
)
from tests.portal.reading import text

pytestmark = pytest.mark.django_db
DAY = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_queries_whatever_is_in_it(
    page, patient, count, django_assert_num_queries
):
    for number in range(count):
        ResultFactory(patient=patient, collected_at=DAY - dt.timedelta(days=number))
        FeedbackFactory(recommendation__patient=patient)
        RecommendationFactory(patient=patient)
        PredictionFactory(
            patient=patient, task=["ckd", "death_10y", "undiagnosed_diabetes"][number]
        )
        Condition.objects.create(
            patient=patient, code=f"c{number}", label="x", recorded_at=DAY, source="test"
        )

    with django_assert_num_queries(26):
        response = page()

    assert len(response.context["cards"]) == count


@pytest.mark.parametrize("count", [1, 3])
def test_answers_that_can_be_taken_back_cost_one_query(
    page, patient, clinician, count, django_assert_num_queries
):
    for _ in range(count):
        FeedbackFactory(recommendation__patient=patient, by=clinician, at=timezone.now())

    with django_assert_num_queries(27):
        response = page()

    answered = response.context["advice"]["answered"]
    assert [bool(each["undo_url"]) for each in answered] == [True] * count


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


@pytest.mark.parametrize(
    ("part", "collected", "said"),
    [
        (1, "2025-03-20", ""),  # waist: a year
        (1, "2025-01-01", "Waist circumference is 13 months old and holds for 12."),
        (2, "2022-01-01", ""),  # lipids: five years
        (2, "2020-01-01", "HDL cholesterol is 74 months old and holds for 60."),
    ],
)
def test_a_score_is_stale_once_a_measurement_has_outlived_its_validity(
    page, patient, part, collected, said
):
    prediction = PredictionFactory(patient=patient)
    prediction.contributions[part]["collected"] = collected
    prediction.save()

    card = page().context["cards"][0]

    assert (card["state"] == "stale") is bool(said)
    assert said in card["message"]


def test_contributions_add_up_to_the_risk_in_the_table(page, patient):
    PredictionFactory(patient=patient)

    (why,) = page().context["explanations"]

    points = [row[1]["text"] for row in why["rows"]]
    assert points == ["5.0", "+4.0", "+3.5", "−0.5", "12.0"]
    assert "never proof of a cause" in text(page())


def test_what_is_not_known_is_one_row_and_never_a_driver(page, patient):
    prediction = PredictionFactory(patient=patient)
    unknown = {"value": None, "unit": "", "points": 1.0, "code": "", "collected": None}
    prediction.contributions += [
        unknown | {"feature": name, "label": name.upper()} for name in ("ggt", "uacr")
    ]
    prediction.save()

    context = page().context

    (card,), (why,) = context["cards"], context["explanations"]
    named = [driver["label"] for driver in [*card["raised"], *card["lowered"]]]
    assert not any("GGT" in label or "UACR" in label for label in named)
    assert [row[1] for row in why["rows"] if row[0]["text"] == "What is not known, together"] == [
        tables.numeric("+2.0")
    ]
    assert {"label": "What is not known, together", "points": 2.0} in why["spec"]["items"]
    assert "the average of the people" in why["summary"]


def test_an_undecided_risk_has_a_tier_of_its_own(page, patient):
    PredictionFactory(patient=patient, tier="ND", advice="Best next step: measure HbA1c.")

    (card,) = page().context["cards"]

    assert (card["tier"], card["tier_word"]) == ("none", "Not decided: too little is known")
    assert "Best next step: measure HbA1c." in text(page())


def test_three_recommendations_are_shown_and_an_urgent_one_is_never_folded(page, patient):
    RecommendationFactory.create_batch(4, patient=patient)
    RecommendationFactory(patient=patient, is_urgent=True)

    advice = page().context["advice"]

    assert (len(advice["shown"]), len(advice["folded"])) == (4, 1)


def test_a_recommendation_says_why_with_day_grade_source_and_doubt(page, patient):
    RecommendationFactory(patient=patient, said={"verified": False, "verification": "from memory"})

    said = text(page())

    assert "Because Body mass index 31 kg/m² (≥ 30) , 01-Mar-2026 , clinic" in said
    assert "Evidence USPSTF B" in said
    assert "Not signed off: from memory" in said


def test_a_recommendation_of_an_earlier_release_says_why_without_its_source(page, patient):
    fact = {"text": "Body mass index 31 kg/m² (≥ 30)", "collected": "2026-03-01"}
    RecommendationFactory(patient=patient, said={"reasons": [fact]})

    assert "(≥ 30) , 01-Mar-2026 Evidence" in text(page())


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


def test_a_patient_of_another_team_is_not_shown(signed_in):
    stranger = PatientFactory(family_name="Hiddenname")

    response = signed_in.get(stranger.get_absolute_url())

    assert response.status_code in {403, 404}
    assert b"Hiddenname" not in response.content
    assert not AuditEvent.objects.filter(action="patient.read").exists()


@pytest.mark.parametrize("role", ["LAB_STAFF", "DATA_SCIENTIST", "ADMINISTRATOR", "PATIENT"])
def test_other_roles_may_not_open_a_record(client, patient, role):
    client.force_login(UserFactory(role=User.Role(role), care_teams=[patient.care_team]))

    assert client.get(patient.get_absolute_url()).status_code == 403


def test_a_stranger_is_asked_to_log_in(client, patient):
    response = client.get(patient.get_absolute_url())

    assert response.url.startswith(reverse("login"))


def test_warnings_stand_on_the_card_in_every_state(page, patient):
    PredictionFactory(patient=patient, warnings=["HbA1c is known: read it rather than this risk."])
    PredictionFactory(
        patient=patient, task="ckd", missing=[], warnings=["Ages over 80 count as 80."]
    )

    diabetes, ckd = page().context["cards"]

    assert diabetes["message"].endswith("HbA1c is known: read it rather than this risk.")
    assert (ckd["state"], ckd["message"]) == ("ok", "Ages over 80 count as 80.")


def test_a_score_of_a_version_that_serves_no_more_is_stale(page, patient):
    prediction = PredictionFactory(patient=patient)
    ModelVersion.objects.filter(pk=prediction.version_id).update(stage="RETIRED")

    assert page().context["cards"][0]["state"] == "stale"


def test_a_borderline_tier_is_said(page, patient):
    PredictionFactory(patient=patient, tier_flip=0.36)

    assert "Borderline: 36 of 100 refits of the model give another tier." in text(page())


def part(feature, value, unit=""):
    return {"feature": feature, "label": "Something", "value": value, "unit": unit}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (part("waist", 104.0, "cm"), "Something 104 cm"),
        (part("htn", 1.0), "Something"),
        (part("htn", 0.0), "Something: no"),
        (part("male", 0.0), "Sex: female"),
        (part("smoking", 2.0), "Smoking: current"),
        (part("self_rated_health", 5.0), "Own health rated poor"),
    ],
)
def test_an_input_is_named_with_the_value_that_was_used(given, words):
    assert risk.contribution_words(given) == words
