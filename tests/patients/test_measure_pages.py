import datetime as dt
import html

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients.models import HeldResult, LatestResult, Result
from tests.factories import PatientFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
AT = {"measured_at": "2026-03-03T08:30:00"}
GLUCOSE = AT | {"test": "GLU|mmol/L", "value": "5.5", "note": "finger prick"}


@pytest.fixture(autouse=True)
def third_of_march(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def patient(team):
    return PatientFactory(care_team=team, mrn="77")


def url(name, patient):
    return reverse(f"patients:{name}", args=[patient.public_id])


def stored():
    return {row.analyte.code: row for row in Result.objects.select_related("analyte")}


def said(response):
    return html.unescape(response.content.decode())


def test_vital_signs_are_stored_flagged_and_audited_by_code(signed_in, patient, clinician):
    response = signed_in.post(url("vital-signs", patient), AT | {"SBP": "150", "DBP": "80"})

    rows = stored()
    assert response.url == reverse("labs", args=[patient.public_id])
    assert (rows["SBP"].value, rows["SBP"].flag) == (150, "H")
    assert rows["SBP"].source == "entered by hand"
    assert AuditEvent.objects.get(action="results.entered").details == {"codes": ["DBP", "SBP"]}
    assert Job.objects.filter(kind="predictions.score").exists()


def test_a_value_is_converted_from_the_unit_it_was_read_in(signed_in, patient):
    signed_in.post(url("vital-signs", patient), AT | {"TEMP": "100.4", "TEMP_unit": "[degF]"})

    assert stored()["TEMP"].value == pytest.approx(38.0)
    assert LatestResult.objects.get().value == pytest.approx(38.0)


def test_the_same_form_sent_twice_is_stored_once(signed_in, patient):
    for _ in range(2):
        signed_in.post(url("vital-signs", patient), AT | {"HR": "72"})

    assert Result.objects.count() == 1


def test_one_result_keeps_its_remark_and_its_unit_as_typed(signed_in, patient):
    signed_in.post(url("result-add", patient), GLUCOSE)

    row = stored()["GLU"]
    assert (round(row.value), row.unit_as_sent, row.note) == (99, "mmol/L", "finger prick")


def test_a_value_that_cannot_be_true_is_refused_beside_its_field_and_nothing_is_stored(
    signed_in, patient
):
    response = signed_in.post(url("vital-signs", patient), AT | {"HR": "72", "SBP": "1500"})

    (form,) = response.context["forms"]
    assert response.status_code == 422
    assert list(form.errors) == ["__all__", "SBP"]
    assert not Result.objects.exists()
    assert not HeldResult.objects.exists()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (AT, "Nothing was measured"),
        ({"HR": "72", "measured_at": "2026-03-03T10:00:00"}, "still to come"),
        ({"HR": "72"}, "This field is required"),
    ],
)
def test_what_is_missing_or_to_come_is_refused(signed_in, patient, form, words):
    response = signed_in.post(url("vital-signs", patient), form)

    assert response.status_code == 422
    assert words in said(response)


@pytest.mark.parametrize("lower", ["130", "80", "80,0"])
def test_a_diastolic_pressure_not_below_the_systolic_one_is_refused(signed_in, patient, lower):
    response = signed_in.post(url("vital-signs", patient), AT | {"SBP": "80", "DBP": lower})

    (form,) = response.context["forms"]
    assert list(form.errors) == ["__all__", "DBP"]
    assert "swapped" in said(response)
    assert not Result.objects.exists()


def test_a_patient_without_a_number_is_told_what_to_do(signed_in, team):
    response = signed_in.post(url("result-add", PatientFactory(care_team=team)), GLUCOSE)

    assert "Add one under Person and team first" in said(response)


@pytest.mark.parametrize("name", ["vital-signs", "result-add"])
@pytest.mark.parametrize("role", sorted(set(User.Role) - {User.Role.CLINICIAN}))
def test_only_clinicians_enter_values(client, patient, name, role):
    client.force_login(UserFactory(role=role, care_teams=[patient.care_team]))

    assert client.post(url(name, patient), AT | {"HR": "72"}).status_code == 403


@pytest.mark.parametrize("name", ["vital-signs", "result-add"])
def test_nothing_can_be_entered_for_a_patient_of_another_team(signed_in, name):
    stranger = PatientFactory(mrn="78")

    assert signed_in.post(url(name, stranger), AT | {"HR": "72"}).status_code in {403, 404}
    assert not Result.objects.exists()


def test_a_stranger_is_asked_to_log_in(client, patient):
    assert client.get(url("vital-signs", patient)).url.startswith(reverse("login"))
