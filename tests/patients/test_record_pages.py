import datetime as dt
import re

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from patients.models import (
    Allergy,
    Condition,
    Encounter,
    FamilyHistory,
    Medication,
    PreventiveCare,
    SurveyAnswer,
    WearableDay,
)
from patients.views.record_kinds import KINDS
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
TODAY = NOW.date()
COMMON = {"recorded_at": NOW, "source": "registry"}
FACTS = {
    "problems": (Condition, {"code": "htn", "label": "Hypertension"}),
    "medicines": (Medication, {"name": "Metformin", "drug_class": "metformin"}),
    "allergies": (Allergy, {"code": "penicillin", "label": "Penicillin"}),
    "family": (FamilyHistory, {"code": "diabetes", "relation": "Mother"}),
    "prevention": (PreventiveCare, {"item": "flu_vaccine", "done_on": TODAY}),
    "answers": (SurveyAnswer, {"instrument": "lifestyle", "item": "smoking", "text": "never",
                               "answered_on": TODAY}),
    "visits": (Encounter, {"kind": "OUTPATIENT", "started_at": NOW}),
    "wearables": (WearableDay, {"day": TODAY, "steps": 4200}),
}  # fmt: skip
FORMS = {
    "problems": {"label": "Type 2 diabetes"},
    "medicines": {"name": "Metformin", "dose": "500 mg"},
    "allergies": {"label": "Amoxicillin", "reaction": "rash"},
    "family": {"code": "diabetes", "relation": "Mother"},
    "prevention": {"item": "flu_vaccine", "done_on": "2026-03-01"},
    "answers": {"smoking": "former", "pack_years": "12", "answered_on": "2026-03-01"},
    "visits": {"kind": "INPATIENT", "reason": "Pneumonia", "started_at": "2026-03-01T08:00"},
}


@pytest.fixture(autouse=True)
def third_of_march(monkeypatch, broker):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def patient(team):
    return PatientFactory(care_team=team, family_name="Okafor")


def fact_of(patient, kind, **said):
    model, content = FACTS[kind]
    return model.objects.create(patient=patient, **(content | COMMON | said))


def url(name, patient, *arguments):
    return reverse(f"patients:{name}", args=[patient.public_id, *arguments])


def shown(field):
    """What a browser sends back when nobody touches the field."""
    value = field.field.widget.format_value(field.value())
    return value[0] if isinstance(value, list) else value or ""


def text(response):
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", plain)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_the_same_queries_for_any_number_of_entries(
    signed_in, patient, kind, count, clinician, django_assert_num_queries
):
    for number in range(count):
        ended = NOW + dt.timedelta(minutes=number) if number else None
        fact_of(patient, kind, superseded_at=ended, entered_by=clinician)

    with django_assert_num_queries(7):
        response = signed_in.get(url("record", patient, kind))

    assert sum(len(section["rows"]) for section in response.context["sections"]) == count


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_adds_what_it_says_and_sent_twice_adds_it_once(signed_in, patient, kind):
    model = FACTS[kind][0]
    expected = 2 if kind == "answers" else 1

    for _ in range(2):
        response = signed_in.post(url("fact-add", patient, kind), FORMS[kind])

    assert response.url == url("record", patient, kind)
    assert model.objects.filter(patient=patient).count() == expected


@pytest.mark.parametrize("kind", set(KINDS) - {"wearables"})
def test_the_form_of_a_correction_shows_what_stands_and_keeps_it_if_nothing_changes(
    signed_in, patient, kind
):
    fact = fact_of(patient, kind)
    address = url("fact-correct", patient, kind, fact.pk)
    form, _ = signed_in.get(address).context["forms"]

    said = {name: shown(form[name]) for name in form.fields}
    response = signed_in.post(address, said | {"why": "x"})

    assert response.url == url("record", patient, kind)
    assert FACTS[kind][0].objects.count() == 1


def test_a_correction_needs_a_reason(signed_in, patient):
    fact = fact_of(patient, "problems")

    response = signed_in.post(
        url("fact-correct", patient, "problems", fact.pk), {"label": "Hypertension stage 2"}
    )

    assert response.status_code == 422
    assert Condition.objects.count() == 1


def test_a_corrected_entry_is_shown_with_until_when_and_why(signed_in, patient):
    fact = fact_of(patient, "problems")
    signed_in.post(
        url("fact-correct", patient, "problems", fact.pk),
        {"label": "Hypertension", "onset_on": "2019-05-01", "why": "letter of 2019"},
    )

    response = signed_in.get(url("record", patient, "problems"))

    now, _, ended = response.context["sections"]
    assert (now["rows"][0]["others"][1], ended["rows"][0]["reason"]) == (
        "01-May-2019", "letter of 2019",
    )  # fmt: skip
    assert "<del>Hypertension</del>" in response.content.decode()


def test_what_has_ended_stands_under_past(signed_in, patient):
    fact_of(patient, "medicines", stopped_on=dt.date(2026, 1, 1))

    now, past, _ = signed_in.get(url("record", patient, "medicines")).context["sections"]

    assert (len(now["rows"]), len(past["rows"])) == (0, 1)


def test_a_removed_entry_leaves_the_list_and_stays_in_the_history(signed_in, patient):
    fact = fact_of(patient, "wearables")

    signed_in.post(url("fact-remove", patient, "wearables", fact.pk), {"why": "other person"})

    fact.refresh_from_db()
    assert (fact.superseded_at, fact.change_reason) == (NOW, "other person")


def test_an_unasked_list_and_an_empty_one_are_told_apart(signed_in, patient):
    address = url("record", patient, "allergies")
    before = text(signed_in.get(address))

    signed_in.post(url("list-reviewed", patient, "allergies"))
    after = text(signed_in.get(address))

    assert "Not known Nobody has asked yet" in before
    assert "Gone through on 03-Mar-2026" in after
    assert "None Somebody asked: there is nothing to list." in after


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("problems", {"label": "Gout", "onset_on": "2027-01-01"}, "still to come"),
        ("problems", {"label": "Gout", "onset_on": "2020-01-01", "resolved_on": "2019-01-01"},
         "before the beginning"),
        ("prevention", {"item": "nonsense", "done_on": "2026-01-01"}, "Select a valid choice"),
        ("answers", {"answered_on": "2026-01-01"}, "Nothing was answered"),
        ("answers", {"answered_on": "2026-01-01", "pack_years": "-3"}, "greater than or equal"),
        ("visits", {"kind": "INPATIENT", "started_at": "2026-03-09T08:00"}, "still to come"),
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_refused_on_the_form(signed_in, patient, kind, said, words):
    response = signed_in.post(url("fact-add", patient, kind), said)

    assert response.status_code == 422
    assert words in text(response)
    assert not FACTS[kind][0].objects.exists()


def test_the_same_substance_with_another_reaction_says_correct_it_instead(signed_in, patient):
    fact_of(patient, "allergies", reaction="rash")

    response = signed_in.post(
        url("fact-add", patient, "allergies"), {"label": "Penicillin", "reaction": "shock"}
    )

    assert "Correct that entry instead" in text(response)


def test_a_yes_or_no_can_be_corrected(signed_in, patient):
    fact = fact_of(patient, "answers", instrument="flags", item="snoring", number=1, text="")

    signed_in.post(
        url("fact-correct", patient, "answers", fact.pk),
        {"answer": "0", "answered_on": "2026-03-03", "why": "misheard"},
    )

    assert SurveyAnswer.objects.current().get().number == 0


def test_an_entry_of_another_patient_is_not_found_under_this_one(signed_in, patient):
    stranger = fact_of(PatientFactory(care_team=patient.care_team), "problems")

    response = signed_in.post(url("fact-remove", patient, "problems", stranger.pk), {"why": "x"})

    stranger.refresh_from_db()
    assert (response.status_code, stranger.superseded_at) == (404, None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_leads_to_every_change_that_can_be_made(signed_in, patient, kind):
    fact = fact_of(patient, kind)

    page = signed_in.get(url("record", patient, kind)).content.decode()

    assert url("fact-remove", patient, kind, fact.pk) in page
    assert (url("fact-correct", patient, kind, fact.pk) in page) == (kind != "wearables")
    assert (url("fact-add", patient, kind) in page) == (kind != "wearables")


def test_a_list_that_does_not_exist_is_not_found(signed_in, patient):
    assert signed_in.get(url("record", patient, "nonsense")).status_code == 404


def test_reading_a_list_leaves_an_audit_event(signed_in, patient):
    signed_in.get(url("record", patient, "problems"))

    assert AuditEvent.objects.get().details == {"list": "problems"}


def test_a_system_may_read_lists_but_not_change_them(client, patient, api_client_user):
    client.force_login(api_client_user)

    response = client.get(url("record", patient, "problems"))

    assert "Add a problem" not in text(response)
    assert client.get(url("fact-add", patient, "problems")).status_code == 403


@pytest.mark.parametrize("role", ["LAB_STAFF", "DATA_SCIENTIST", "ADMINISTRATOR", "PATIENT"])
def test_other_roles_may_not_open_the_record(client, patient, role):
    client.force_login(UserFactory(role=User.Role(role), care_teams=[patient.care_team]))

    assert client.get(url("record", patient, "problems")).status_code == 403
    assert client.post(url("fact-add", patient, "problems"), {"label": "x"}).status_code == 403


def test_a_record_of_another_team_is_not_there(signed_in):
    stranger = PatientFactory()

    assert signed_in.get(url("record", stranger, "problems")).status_code in {403, 404}
    signed_in.post(url("fact-add", stranger, "problems"), {"label": "Gout"})
    assert not Condition.objects.exists()


def test_a_stranger_is_asked_to_log_in(client, patient):
    assert client.get(url("record", patient, "problems")).url.startswith(reverse("login"))
