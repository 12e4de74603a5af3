import datetime as dt

import pytest
from django.urls import reverse

from healthcare.audit.models import AuditEvent
from patients.models import Consent, Patient
from patients.services import consent
from tests.factories import CareTeamFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)
RESEARCH, TREATMENT = Consent.Purpose.RESEARCH, Consent.Purpose.TREATMENT


@pytest.fixture
def patient(team):
    return PatientFactory(care_team=team, user=UserFactory(role="PATIENT"))


def test_unasked_patients_are_treated_and_nothing_else(patient):
    given = {line.purpose: line.is_given for line in consent.newest(patient)}

    assert given == {"treatment": True, "research": False, "model_training": False,
                     "sharing": False}  # fmt: skip


def test_the_newest_decision_counts_and_all_are_kept(patient, clinician):
    consent.decide(patient, RESEARCH, is_given=True, by=clinician, now=NOW)
    consent.decide(patient, RESEARCH, is_given=False, by=clinician, now=LATER)

    assert not consent.is_given(patient, RESEARCH)
    assert [row.is_given for row in consent.history(patient)] == [False, True]


def test_the_same_decision_twice_is_once(patient, clinician):
    for _ in range(2):
        consent.decide(patient, RESEARCH, is_given=True, by=clinician, now=NOW)

    assert Consent.objects.count() == 1
    assert AuditEvent.objects.filter(action="consent.decided").count() == 1


def test_withdrawing_takes_the_patient_from_those_who_allow_it(patient, clinician):
    PatientFactory()
    everyone = Patient.objects.all()
    consent.decide(patient, RESEARCH, is_given=True, by=clinician, now=NOW)
    assert list(consent.who_allow(RESEARCH, everyone)) == [patient]

    consent.decide(patient, RESEARCH, is_given=False, by=clinician, now=LATER)
    assert not consent.who_allow(RESEARCH, everyone).exists()


def test_treatment_is_allowed_until_somebody_objects(patient, clinician):
    other = PatientFactory()
    consent.decide(patient, TREATMENT, is_given=False, by=clinician, now=NOW)

    assert list(consent.who_allow(TREATMENT, Patient.objects.all())) == [other]


def test_patients_decide_for_themselves(patient):
    consent.decide(patient, RESEARCH, is_given=True, by=patient.user, now=NOW)

    assert consent.is_given(patient, RESEARCH)


def test_nobody_decides_for_a_patient_they_do_not_see(patient, lab_staff):
    stranger = UserFactory(care_teams=[CareTeamFactory()])
    other_patient = UserFactory(role="PATIENT")

    for user in (stranger, lab_staff, other_patient):
        with pytest.raises(consent.NotPatientsOwn):
            consent.decide(patient, RESEARCH, is_given=True, by=user, now=NOW)


def test_the_page_stores_a_decision_with_who_recorded_it(signed_in, clinician, patient):
    url = reverse("patients:consents", args=[patient.public_id])

    answer = {"purpose": "research", "answer": "yes", "note": "Signed form"}
    response = signed_in.post(url, answer, follow=True)

    assert b"Signed form" in response.content
    assert Consent.objects.get().recorded_by == clinician


def test_the_page_refuses_an_answer_that_is_none(signed_in, patient):
    url = reverse("patients:consents", args=[patient.public_id])

    assert signed_in.post(url, {"purpose": "research", "answer": "maybe"}).status_code == 422
    assert not Consent.objects.exists()


def test_patients_see_and_change_what_they_allow(client, patient):
    client.force_login(patient.user)
    url = reverse("patients:my-consents")
    client.post(url, {"purpose": "sharing", "answer": "yes"})

    assert consent.is_given(patient, Consent.Purpose.SHARING)
    assert b"What you allow" in client.get(url).content


@pytest.mark.parametrize("decisions", [1, 3])
def test_the_page_asks_the_same_however_many_decisions_there_are(
    signed_in, clinician, patient, decisions, django_assert_num_queries
):
    for count in range(decisions):
        consent.decide(
            patient, RESEARCH, is_given=count % 2 == 0, by=clinician,
            now=NOW + dt.timedelta(days=count),
        )  # fmt: skip

    with django_assert_num_queries(7):
        signed_in.get(reverse("patients:consents", args=[patient.public_id]))
