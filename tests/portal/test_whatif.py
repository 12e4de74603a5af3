import datetime as dt

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.portal import whatif
from healthcare.portal.presenters import whatif as words
from ml import units
from patients import queries
from patients.models import SurveyAnswer
from predictions.models import Prediction
from predictions.services import registry
from recommendations.models import Recommendation
from tests.factories import RecommendationFactory, ResultFactory, UserFactory
from tests.factories.predictions import SCORED_AT
from tests.portal.conftest import NOW
from tests.portal.reading import text

pytestmark = pytest.mark.django_db
KNOWN = {"SBP": 158, "DBP": 92, "LDL": 160, "HDL": 42, "TC": 240, "WEIGHT": 96, "HEIGHT": 172}
WARNING = "Sensitivity of the model, not a treatment effect."


def benefit(rr=0.75, outcome="ascvd_events", *, verified=True, reckoned_from=""):
    arr = 0.20 * (1 - rr)
    ends = {"arr": arr, "low": arr * 0.8, "high": arr * 1.2}
    return {
        "outcome": outcome, "name": "a heart attack or a stroke", "risk": "PREVENT_ASCVD_10Y",
        "baseline": 0.20, "horizon_years": 10.0, **ends, "nnt": 1 / arr, "nnt_low": 1 / arr,
        "nnt_high": 1 / arr, "reckoned_from": reckoned_from, "rr": rr,
        "rr_low": rr - 0.05, "rr_high": rr + 0.05,
        "source": "A trial 2020", "verified": verified, "place": 1,
        "by_years": {"10": {"years": 10.0, "risk": 0.20, **ends}},
    }  # fmt: skip


def advised(patient, name="Statin", *, code="M01", rr=0.75, **effect):
    said = {"id": code, "name": name, "benefits": [benefit(rr, **effect)]}
    return RecommendationFactory(patient=patient, item=code, said=said)


def rows(response):
    return [row for group in response.context["trials"]["groups"] for row in group["rows"]]


@pytest.fixture
def known(patient):
    """What the models read of a person who smokes and has high pressure and lipids."""
    for code, value in KNOWN.items():
        ResultFactory(patient=patient, code=code, value=value)
    SurveyAnswer.objects.create(
        patient=patient, instrument="lifestyle", item="smoking", text="current",
        answered_on=dt.date(2026, 3, 1), recorded_at=SCORED_AT, source="test",
    )  # fmt: skip
    patient.conditions_reviewed_on = patient.medications_reviewed_on = dt.date(2026, 3, 1)
    patient.save()
    return patient


@pytest.fixture
def models(db):
    return registry.install_builtin()


@pytest.fixture
def address(patient):
    return reverse("what-if", args=[patient.public_id])


def facts_of(patient):
    return queries.facts_known_at(NOW, [patient])[patient.pk]


def card(response, task):
    return next(card for card in response.context["models"] if card["key"] == task)


def test_lower_pressure_and_no_smoke_lower_what_the_models_say(signed_in, known, models, address):
    response = signed_in.post(address, {"SBP": 120, "smoking": "former"})

    made = card(response, "cvd_death_10y")
    assert float(made["tried"]["risk"]) < float(made["now"]["risk"])
    assert "fewer of 100" in made["difference"]


def test_every_served_model_is_asked_and_named(signed_in, known, models, address):
    cards = signed_in.post(address, {"SBP": 130}).context["models"]

    assert {one["key"] for one in cards} == {version.task for version in models}


def test_the_lane_of_the_models_comes_second_and_says_what_it_is(signed_in, known, models, address):
    advised(known)

    said = text(signed_in.post(address, {"SBP": 130, "steps": ["M01"]}))

    assert said.index("What the steps would change") < said.index(WARNING)


def test_the_models_never_move_what_trials_found(signed_in, known, models, address):
    advised(known)
    as_now, tried = (
        signed_in.post(address, {"steps": ["M01"], **values}).context["trials"]
        for values in ({}, {"SBP": 100, "smoking": "former"})
    )

    assert as_now == tried


def test_risk_of_20_with_a_relative_risk_of_three_quarters_is_15_after(signed_in, known, address):
    advised(known)

    (one,) = signed_in.get(address).context["trials"]["together"]

    assert (one["before"], one["after"], one["difference"]) == ("20", "15", "5.0 fewer of 100")


def test_two_steps_are_joined_on_the_hazard_and_not_added_up(signed_in, known, address):
    advised(known)
    advised(known, "Blood pressure tablets", code="M10", rr=0.80)

    (one,) = signed_in.post(address, {"steps": ["M01", "M10"]}).context["trials"]["together"]

    assert (one["after"], one["said"]) == ("12", "With 2 chosen steps")


def test_only_the_chosen_steps_count(signed_in, known, address):
    advised(known)
    advised(known, "Blood pressure tablets", code="M10", rr=0.80)

    response = signed_in.post(address, {"steps": ["M10"]})

    assert response.context["trials"]["together"][0]["after"] == "16"
    assert [row["is_chosen"] for row in rows(response)] == [False, True]


def test_what_trials_counted_stands_apart_from_what_is_reckoned(signed_in, known, address):
    advised(known)
    advised(known, "Less salt", code="L04", rr=0.90, reckoned_from="SBP")

    counted, reckoned = signed_in.get(address).context["trials"]["groups"]

    assert [row["name"] for row in counted["rows"]] == ["Statin"]
    assert [row["name"] for row in reckoned["rows"]] == ["Less salt"]
    assert counted["title"] == "Measured in trials on this outcome"
    assert reckoned["title"].startswith("Reckoned from blood pressure, LDL cholesterol")
    assert "reckoned from systolic blood pressure" in reckoned["rows"][0]["basis"]
    assert (counted["note"], "No trial of the step itself" in reckoned["note"]) == ("", True)


def test_the_sum_says_how_many_steps_are_reckoned(signed_in, known, address):
    advised(known)
    advised(known, "Less salt", code="L04", rr=0.90, reckoned_from="SBP")

    response = signed_in.post(address, {"steps": ["M01", "L04"]})

    assert "With 2 chosen steps, 1 of them reckoned: " in text(response)


@pytest.mark.parametrize(("also", "above", "in_rows"), [(False, True, 0), (True, False, 1)])
def test_what_nobody_re_read_is_said_once_above_where_it_holds_for_all(
    signed_in, known, address, also, above, in_rows
):
    advised(known, verified=False)
    advised(known, "Blood pressure tablets", code="M10", verified=also)

    (group,) = signed_in.get(address).context["trials"]["groups"]

    assert ("re-read" in group["note"]) is above
    assert sum("re-read" in row["basis"] for row in group["rows"]) == in_rows


@pytest.mark.parametrize("status", ["blocked", "check_first"])
def test_what_is_not_offered_is_no_step_to_try(signed_in, known, address, status):
    RecommendationFactory(
        patient=known, item="M01", status=status, said={"id": "M01", "benefits": [benefit()]}
    )

    assert rows(signed_in.get(address)) == []


def test_the_pictures_have_a_text_and_three_shapes(signed_in, known, address):
    advised(known)

    html = signed_in.get(address).content.decode()
    picture = html[html.index('class="people people-change"') :].split("</div>")[0]

    assert 'role="img" aria-label="Of 100 people: 20 now, 15 with the chosen steps' in picture
    counts = [picture.count(f"#{name}") for name in ("person-fill", "check-circle", 'person"')]
    assert counts == [15, 5, 80]


def test_nothing_is_stored_but_that_somebody_looked(signed_in, known, models, address):
    advised(known)
    before = list(Recommendation.objects.values()), Prediction.objects.count()

    signed_in.post(address, {"SBP": 110, "steps": ["M01"]})

    assert (list(Recommendation.objects.values()), Prediction.objects.count()) == before
    assert [event.action for event in AuditEvent.objects.filter(patient_ids=[known.pk])] == [
        "patient.what_if"
    ]


def test_values_in_the_address_are_not_read(signed_in, known, models, address):
    response = signed_in.get(address, {"SBP": 100, "smoking": "former"})

    assert not response.context["has_change"]


def test_the_form_sends_its_values_in_the_body(signed_in, known, models, address):
    html = signed_in.get(address).content.decode()

    assert f'method="post" action="{address}" hx-post="{address}"' in html


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"SBP": 400}, "Systolic blood pressure can be tried from 90 to 200 mmHg."),
        ({"SBP": "low"}, "Systolic blood pressure is a number, such as 158."),
        ({"SBP": 95, "DBP": 95}, "Diastolic pressure lies below systolic."),
        ({"steps": ["M99"]}, "M99 is not one of the available choices."),
        ({"smoking": "never"}, "never is not one of the available choices."),
    ],
)
def test_what_cannot_be_tried_is_refused_in_a_sentence(
    signed_in, known, models, address, values, sentence
):
    response = signed_in.post(address, values)

    assert response.status_code == 422
    assert sentence in text(response)
    assert "models" not in response.context


def test_an_empty_or_unmoved_value_changes_nothing(signed_in, known, models, address):
    response = signed_in.post(address, {"SBP": "158", "LDL": "", "smoking": "current"})

    assert not response.context["has_change"]


def test_a_value_out_of_reach_today_is_where_the_limits_begin(signed_in, patient, models, address):
    ResultFactory(patient=patient, code="SBP", value=230)

    field = signed_in.get(address).context["form"].fields["SBP"]

    assert field.help_text == "Now 230; 90 to 230 can be tried."


def test_a_reader_of_si_units_types_them(signed_in, clinician, known, models, address):
    clinician.units = "SI"
    clinician.save()

    form = signed_in.post(address, {"LDL": "1.80"}).context["form"]

    assert form.fields["LDL"].label == "LDL cholesterol, mmol/L"
    assert form.change().values["LDL"] == pytest.approx(units.convert("LDL", 1.8, "mmol/L"))


def test_total_cholesterol_moves_with_ldl_and_body_mass_with_weight(known):
    ResultFactory(patient=known, code="BMI", value=32.4)

    facts = whatif.changed(facts_of(known), whatif.Change({"LDL": 100, "WEIGHT": 48}))

    assert (facts.value("TC"), facts.value("LDL")) == (180, 100)
    assert (facts.value("WEIGHT"), facts.value("BMI")) == (48, pytest.approx(16.2))


def test_the_facts_themselves_stay_as_they_are(known):
    facts = facts_of(known)

    whatif.changed(facts, whatif.Change({"SBP": 100}, stops_smoking=True))

    assert (facts.value("SBP"), facts.lifestyle.smoking) == (158, "current")


def test_what_is_not_known_and_what_no_model_reads_cannot_be_tried(
    signed_in, known, models, address
):
    response = signed_in.get(address)

    assert response.context["left_out"] == [
        "Not known yet, so not to be changed: Waist and HbA1c.",
        "No served model reads this, so changing it would show nothing: Activity.",
    ]


def test_who_does_not_smoke_is_not_asked_to_stop(signed_in, patient, models, address):
    assert "smoking" not in signed_in.get(address).context["form"].fields


def test_a_model_that_abstains_says_why_and_shows_no_number(signed_in, patient, models, address):
    patient.birth_date = dt.date(2012, 1, 1)
    patient.save()
    ResultFactory(patient=patient, code="SBP", value=120)

    made = card(signed_in.post(address, {"SBP": 110}), "death_10y")

    assert made["message"].startswith("No number: the model is for people from")
    assert "now" not in made


def test_without_recommendations_and_models_the_page_says_so(signed_in, patient, address):
    said = text(signed_in.get(address))

    assert "No number for any step" in said
    assert WARNING not in said


def test_htmx_gets_the_part_and_a_browser_the_page(signed_in, known, models, address):
    part = signed_in.post(address, {"SBP": 120}, HTTP_HX_REQUEST="true").content.decode()
    page = signed_in.post(address, {"SBP": 120}).content.decode()

    assert 'id="trials-title"' in part
    assert ("<html" in part, "<html" in page) == (False, True)


def test_the_patient_page_leads_here(signed_in, patient, address):
    from tests.factories import PredictionFactory

    PredictionFactory(patient=patient)

    html = signed_in.get(patient.get_absolute_url()).content.decode()

    assert html.count(f'href="{address}"') == 2  # the places of the record and the risk card


@pytest.mark.parametrize("role", [User.Role.PATIENT, User.Role.LAB_STAFF, User.Role.ADMINISTRATOR])
def test_others_than_carers_may_not_try(client, patient, address, role):
    client.force_login(UserFactory(role=role))

    assert client.get(address).status_code == 403


def test_another_team_does_not_reach_it(client, patient, address):
    client.force_login(UserFactory(role=User.Role.CLINICIAN))

    assert client.post(address, {"SBP": 120}).status_code in {403, 404}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0.20, 0.15, {"hit": 15, "spared": 20, "added": 15}),
        (0.10, 0.12, {"hit": 10, "spared": 10, "added": 12}),
        (0.004, 0.001, {"hit": 0, "spared": 0, "added": 0}),
    ],
)
def test_a_picture_is_three_runs_of_whole_people(before, after, expected):
    assert words.people(before, after) == expected
