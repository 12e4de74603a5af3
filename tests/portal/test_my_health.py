import datetime as dt
import re

import pytest
from django.template.loader import get_template
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.portal.presenters import plain, plain_benefit
from ml.explanation import reading
from patients.models import SurveyAnswer
from recommendations import catalogue, wording
from tests.factories import (
    FeedbackFactory,
    PredictionFactory,
    RecommendationFactory,
    ResultFactory,
    UserFactory,
)
from tests.factories.predictions import SCORED_AT

pytestmark = pytest.mark.django_db
URL = "/my-health/"
GRADE = 8


def body(response):
    return re.search(r"<main.*</main>", response.content.decode(), re.DOTALL).group()


def text(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>|{[{%#].*?[}%#]}", " ", html)).strip()


def syllables(word):
    groups = re.findall(r"[aeiouy]+", word.lower().removesuffix("e"))
    return max(1, len(groups))


def reading_grade(prose):
    """Flesch-Kincaid: 0.39 words a sentence + 11.8 syllables a word − 15.59."""
    sentences = [part for part in re.split(r"[.!?:]+", prose) if re.search("[a-z]", part)]
    words = re.findall(r"[A-Za-z’']+", prose)
    return (
        0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    )


def test_the_fixed_words_of_the_page_are_easy_to_read():
    source = get_template("portal/my_health.html").template.source
    prose = " ".join(re.findall(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", source, re.DOTALL))
    sentences = [text(prose), *plain.HEART_WORDS, *(s for c in plain.CHECKS.values() for s in c)]

    assert reading_grade(". ".join(sentences)) <= GRADE


def test_a_chance_is_a_picture_of_a_hundred_people(signed_in_patient, patient):
    PredictionFactory(patient=patient)

    html = body(signed_in_patient.get(URL))

    assert "Out of 100 people like you, 12 would have a test that points to diabetes." in html
    assert (html.count("#person-fill"), html.count('class="icon hit"')) == (100, 12)


def test_risks_of_dying_are_never_shown_to_a_patient(signed_in_patient, patient):
    PredictionFactory(patient=patient, task="death_10y", risk=0.43, low=0.4, high=0.5)
    PredictionFactory(patient=patient, task="cvd_death_10y", risk=0.37, low=0.3, high=0.4)

    html = body(signed_in_patient.get(URL))

    assert not re.search(r"\b(43|37|die|death|dying|mortality)\b", text(html), re.IGNORECASE)


def test_no_model_name_and_no_tier_reaches_a_patient(signed_in_patient, patient):
    PredictionFactory(patient=patient)

    html = body(signed_in_patient.get(URL))

    assert "who should have a test" in html
    assert not re.search(r"\bT[0-3]\b|undiagnosed_diabetes v1|PREVENT|model", text(html))


def test_a_test_of_the_last_year_tells_more_than_a_chance(signed_in_patient, patient):
    PredictionFactory(patient=patient)
    ResultFactory(patient=patient, code="HBA1C", value=5.4)

    assert "#person-fill" not in body(signed_in_patient.get(URL))


def test_only_the_patients_own_wording_of_advice_is_shown(signed_in_patient, patient):
    RecommendationFactory(patient=patient)

    said = text(body(signed_in_patient.get(URL)))

    assert "Losing a little weight lowers your blood sugar." in said
    assert "Structured weight loss" not in said
    assert "Refer to a programme" not in said


@pytest.mark.parametrize(
    ("status", "said"),
    [("recommended", {"clinician_only": True}), ("check_first", {}), ("blocked", {})],
)
def test_what_is_for_clinicians_stays_with_them(signed_in_patient, patient, status, said):
    RecommendationFactory(
        patient=patient, status=status, said={"patient_text": "Hidden words.", **said}
    )

    assert "Hidden words" not in body(signed_in_patient.get(URL))


@pytest.mark.parametrize(("answer", "is_shown"), [("accept", True), ("decline", False)])
def test_declined_advice_is_not_put_to_the_patient(signed_in_patient, patient, answer, is_shown):
    FeedbackFactory(recommendation__patient=patient, answer=answer, reason="other")

    assert ("Losing a little weight" in body(signed_in_patient.get(URL))) is is_shown


def test_a_far_off_result_leads_the_page_with_a_call(signed_in_patient, patient):
    ResultFactory(patient=patient, code="POTASSIUM", value=6.8, flag="HH")
    RecommendationFactory(patient=patient)

    assert (
        signed_in_patient.get(URL).context["message"]["title"] == "Please call your care team today"
    )


def test_results_come_in_plain_words_with_the_usual_range(signed_in_patient, patient):
    ResultFactory(
        patient=patient, code="TC", value=250, flag="H", reference_low=None, reference_high=199
    )

    (result,) = signed_in_patient.get(URL).context["results"]

    assert (result["name"], result["value"], result["usual"], result["meaning"]) == (
        "Cholesterol, all kinds", "250", "up to 199", "higher than usual",
    )  # fmt: skip


def test_reading_the_own_page_is_written_down(signed_in_patient, patient):
    signed_in_patient.get(URL)

    event = AuditEvent.objects.get()
    assert (event.action, event.patient_ids) == ("my-health.read", [patient.pk])


def test_a_patient_sees_her_own_page_and_never_somebody_elses(client, patient):
    client.force_login(UserFactory(role=User.Role.PATIENT))

    assert client.get(URL).status_code == 404


@pytest.mark.parametrize("role", sorted(set(User.Role) - {User.Role.PATIENT}))
def test_staff_have_no_such_page(client, patient, role):
    client.force_login(UserFactory(role=role, care_teams=[patient.care_team]))

    assert client.get(reverse("my-health")).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_queries_whatever_is_in_it(
    signed_in_patient, patient, count, django_assert_num_queries
):
    for number in range(count):
        when = dt.datetime(2026, 2, 1 + number, tzinfo=dt.UTC)
        ResultFactory(patient=patient, code="SBP", value=130, collected_at=when)
        RecommendationFactory(patient=patient)

    with django_assert_num_queries(23):
        signed_in_patient.get(URL)


def test_a_likely_finding_leads_to_the_test_that_shows_it(signed_in_patient, patient):
    PredictionFactory(patient=patient, task="ckd")

    message = signed_in_patient.get(URL).context["message"]

    assert message["title"] == "Ask about a test for your kidneys"


def test_a_heart_chance_is_about_events_and_repeats_its_ten_years(signed_in_patient, patient):
    for code, value in [("SBP", 150), ("TC", 240), ("HDL", 40), ("CREAT", 1.0), ("BMI", 31)]:
        ResultFactory(patient=patient, code=code, value=value)
    SurveyAnswer.objects.create(
        patient=patient, instrument="lifestyle", item="smoking", text="current",
        answered_on=dt.date(2026, 3, 1), recorded_at=SCORED_AT, source="test",
    )  # fmt: skip
    patient.conditions_reviewed_on = patient.medications_reviewed_on = dt.date(2026, 3, 1)
    patient.save()

    (check,) = signed_in_patient.get(URL).context["checks"]

    assert (
        "may have a heart attack, a stroke or a weak heart in the next 10 years" in check["label"]
    )
    assert "in the next 10 years" in check["next"]
    assert f"{100 - check['count']} will not. The number is not exact" in check["label"]


HEART_BENEFIT = {
    "outcome": "ascvd_events", "name": "a heart attack or a stroke", "baseline": 0.11,
    "horizon_years": 10.0, "arr": 0.03, "low": 0.02, "high": 0.04, "verified": True,
}  # fmt: skip
COUNTS = [0.011, 0.03, 0.11, 0.47, 0.98]


def every_benefit():
    """What `plain_benefit` can say, over outcomes, sizes of risk and of effect."""
    for outcome in plain_benefit.EVENTS:
        for risk in COUNTS:
            for share in (0.001, 0.3, 0.99):
                yield HEART_BENEFIT | {
                    "outcome": outcome, "baseline": risk, "arr": risk * share,
                    "low": risk * share / 2, "high": min(risk * share * 1.5, risk),
                    "verified": False, "horizon_years": 1.0 if outcome == "stroke" else 10.0,
                }  # fmt: skip


def test_every_advice_of_the_catalogue_can_be_read_by_most_adults():
    hard = {
        item.id: text
        for item in catalogue.load().interventions
        if reading.grade(text := wording.patient_text(item.patient_text, item.needs_clinician))
        > GRADE
    }

    assert hard == {}


def test_every_sentence_on_benefit_can_be_read_by_most_adults():
    said = {plain_benefit.sentence({"benefits": [one]}) for one in every_benefit()}

    assert max(map(reading.grade, said)) <= GRADE


def test_every_chance_and_every_fixed_sentence_can_be_read_by_most_adults():
    source = get_template("portal/my_health.html").template.source
    fixed = [text(part) for part in re.findall(r"<p[^>]*>(.*?)</p>", source, re.DOTALL)]
    chances = [". ".join(words) for words in (plain.HEART_WORDS, *plain.CHECKS.values())]

    assert max(reading.grade(said) for said in [*fixed, *chances] if re.search("[a-z]", said)) <= 8


def test_no_drug_of_the_catalogue_is_put_as_an_order():
    drugs = [item for item in catalogue.load().interventions if item.is_drug]

    assert drugs
    assert all(item.needs_clinician for item in drugs)


def test_a_step_says_what_it_changes_in_people(signed_in_patient, patient):
    RecommendationFactory(patient=patient, said={"benefits": [HEART_BENEFIT]})

    assert (
        "Of 100 people like you, about 11 have a heart attack or a stroke in 10 years. "
        "If all of them do this, about 8 will (likely 7 to 9)."
    ) in text(body(signed_in_patient.get(URL)))


@pytest.mark.parametrize(
    "changed",
    [{"outcome": "mortality"}, {"low": -0.01}, {"baseline": 0.002, "arr": 0.001}],
    ids=["dying", "may help nobody", "too rare"],
)
def test_no_number_is_told_where_it_would_mislead(changed):
    assert plain_benefit.sentence({"benefits": [HEART_BENEFIT | changed]}) == ""


def test_a_step_that_may_leave_as_many_ill_says_so():
    said = plain_benefit.sentence(
        {"benefits": [HEART_BENEFIT | {"baseline": 0.02, "arr": 0.008, "low": 0.001, "high": 0.01}]}
    )

    assert "about 2 have a heart attack or a stroke in 10 years. " in said
    assert said.endswith("If all of them do this, about 1 will. It may also be no fewer.")


def test_a_chance_says_how_sure_it_is(signed_in_patient, patient):
    PredictionFactory(patient=patient, task="ckd", risk=0.08, low=0.03, high=0.19)

    (check,) = signed_in_patient.get(URL).context["checks"]

    assert check["label"].endswith(" We are not sure: it may be from 3 to 19.")


def test_the_chance_to_prevent_diabetes_says_in_how_long():
    programme = catalogue.load().by_id["L22"]

    assert "Over about three years this more than halves" in programme.patient_text


def test_a_gain_of_less_than_one_person_is_not_told_as_a_person():
    said = plain_benefit.sentence({"benefits": [HEART_BENEFIT | {"arr": 0.003, "low": 0.001}]})

    assert said.endswith("it is a bit less, by fewer than 1 of the 100.")


def test_an_effect_that_nobody_read_again_is_said_to_be_unsure():
    said = plain_benefit.sentence({"benefits": [HEART_BENEFIT | {"verified": False}]})

    assert said.endswith(plain_benefit.NOT_SURE)
