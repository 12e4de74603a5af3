import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from patients.models import EmergencyAccess, Notice, Patient
from patients.services import consent, emergency
from tests.factories import CareTeamFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
BORN = dt.date(1971, 4, 9)
WHY = "Unconscious in the emergency room"


@pytest.fixture
def stranger(broker):
    """A patient of another team."""
    return PatientFactory(mrn="CL-777", birth_date=BORN, family_name="Canaryname",
                          care_team=CareTeamFactory())  # fmt: skip


@pytest.fixture
def now():
    return timezone.now()


def ask(by, now, **other):
    said = {"number": "CL-777", "birth_date": BORN, "reason": WHY} | other
    return emergency.grant(**said, by=by, now=now)


def page(patient):
    return reverse("patient", args=[patient.public_id])


def expire(access):
    hours = dt.timedelta(hours=2)
    EmergencyAccess.objects.filter(pk=access.pk).update(
        granted_at=access.granted_at - hours, expires_at=access.expires_at - hours
    )


def test_another_teams_record_opens_for_one_hour(stranger, clinician, now):
    access = ask(clinician, now)

    assert list(Patient.objects.visible_to(clinician)) == [stranger]
    assert access.expires_at - access.granted_at == dt.timedelta(hours=1)


def test_the_page_says_403_then_200_then_403(signed_in, stranger, clinician, now):
    assert signed_in.get(page(stranger)).status_code == 403
    access = ask(clinician, now)
    assert signed_in.get(page(stranger)).status_code == 200
    expire(access)
    assert signed_in.get(page(stranger)).status_code == 403


def test_one_audit_row_and_a_notice_to_every_administrator(stranger, clinician, now):
    administrators = [UserFactory(role="ADMINISTRATOR") for _ in range(2)]
    UserFactory(role="ADMINISTRATOR", is_active=False)

    ask(clinician, now)

    assert AuditEvent.objects.filter(action="emergency_access.granted").count() == 1
    assert [notice.recipient for notice in Notice.objects.order_by("recipient")] == administrators


def test_an_administrators_notice_leads_to_the_review(client, stranger, clinician, administrator,
                                                      now):  # fmt: skip
    ask(clinician, now)
    client.force_login(administrator)

    page = client.get(reverse("patients:notices")).content.decode()

    assert reverse("patients:emergency-review") in page
    assert "Canaryname" not in page


def test_asking_again_while_it_is_open_is_once(stranger, clinician, now):
    assert ask(clinician, now) == ask(clinician, now)
    assert EmergencyAccess.objects.count() == 1


def test_the_403_offers_a_way_and_names_nobody(signed_in, stranger):
    response = signed_in.get(page(stranger))

    assert b"Ask for emergency access" in response.content
    assert b"Canaryname" not in response.content.replace(b"canaryname", b"Canaryname")
    assert AuditEvent.objects.filter(action="patient.not_opened").exists()


def test_an_address_of_nobody_stays_404(signed_in, stranger):
    nobody = reverse("patient", args=["11111111-1111-4111-8111-111111111111"])

    assert signed_in.get(nobody).status_code == 404


def test_systems_and_administrators_get_no_emergency_access(stranger, administrator, now,
                                                            api_client_user):  # fmt: skip
    for user in (administrator, api_client_user):
        with pytest.raises(PermissionDenied):
            ask(user, now)


@pytest.mark.parametrize(
    "wrong", [{"number": "CL-778"}, {"number": "CL-77"}, {"birth_date": dt.date(1971, 4, 8)}]
)
def test_number_and_birth_date_must_fit_exactly(stranger, clinician, now, wrong):
    with pytest.raises(emergency.NoSuchPatient):
        ask(clinician, now, **wrong)

    assert AuditEvent.objects.filter(action="emergency_access.refused").count() == 1


def test_a_short_reason_is_refused(stranger, clinician, now):
    with pytest.raises(emergency.ReasonTooShort):
        ask(clinician, now, reason="urgent   ")


def test_guessing_is_stopped_even_with_the_right_answer(stranger, clinician, now):
    for _ in range(emergency.GUESSES):
        with pytest.raises(emergency.NoSuchPatient):
            ask(clinician, now, number="CL-0")

    with pytest.raises(emergency.TooManyGuesses):
        ask(clinician, timezone.now())
    assert ask(UserFactory(), timezone.now())


def test_guessing_is_allowed_again_after_a_while(stranger, clinician, now):
    for _ in range(emergency.GUESSES):
        with pytest.raises(emergency.NoSuchPatient):
            ask(clinician, now, number="CL-0")

    assert ask(clinician, timezone.now() + emergency.WINDOW)


def test_a_patient_who_objected_is_opened_only_knowingly(stranger, clinician, now):
    keeper = UserFactory(care_teams=[stranger.care_team])
    consent.decide(stranger, "treatment", is_given=False, by=keeper, now=now)

    with pytest.raises(emergency.PatientObjected):
        ask(clinician, now)
    ask(clinician, now, knows_of_objection=True)

    granted = AuditEvent.objects.get(action="emergency_access.granted")
    assert granted.details == {"patient_objects": True}


def test_the_page_of_an_objecting_patient_says_so(signed_in, stranger, clinician, now):
    keeper = UserFactory(care_teams=[stranger.care_team])
    consent.decide(stranger, "treatment", is_given=False, by=keeper, now=now)
    ask(clinician, now, knows_of_objection=True)

    assert b"has objected" in signed_in.get(page(stranger)).content


def test_the_form_opens_the_record(signed_in, stranger):
    said = {"number": "CL-777", "birth_date": "1971-04-09", "reason": WHY}

    response = signed_in.post(reverse("patients:emergency"), said)

    assert (response.status_code, response.url) == (302, page(stranger))


def test_who_followed_a_link_needs_no_number(signed_in, stranger):
    url = reverse("patients:emergency-to", args=[stranger.public_id])

    response = signed_in.post(url, {"birth_date": "1971-04-09", "reason": WHY})

    assert (response.status_code, response.url) == (302, page(stranger))


def test_a_refused_form_says_why_and_asks_about_the_objection(signed_in, stranger, now):
    keeper = UserFactory(care_teams=[stranger.care_team])
    consent.decide(stranger, "treatment", is_given=False, by=keeper, now=now)
    said = {"number": "CL-777", "birth_date": "1971-04-09", "reason": WHY}

    response = signed_in.post(reverse("patients:emergency"), said)

    assert response.status_code == 422
    assert b'type="checkbox" name="knows_of_objection"' in response.content
    response = signed_in.post(reverse("patients:emergency"), said | {"knows_of_objection": "on"})
    assert response.status_code == 302


def test_the_door_is_closed_behind_oneself(signed_in, stranger, clinician, now):
    ask(clinician, now)
    assert b"End now" in signed_in.get(page(stranger)).content

    signed_in.post(reverse("patients:emergency-end", args=[stranger.public_id]))

    assert signed_in.get(page(stranger)).status_code == 403
    assert EmergencyAccess.objects.get().ended_at


def test_an_access_is_reviewed_once(stranger, clinician, administrator, now):
    access = ask(clinician, now)
    other = UserFactory(role="ADMINISTRATOR")

    emergency.review(access, by=administrator, now=now)
    emergency.review(access, by=other, now=now)

    access.refresh_from_db()
    assert access.reviewed_by == administrator
    assert not Notice.objects.unread().exists()


def test_the_review_lists_reasons_and_marks_them(client, stranger, clinician, administrator, now):
    access = ask(clinician, now)
    client.force_login(administrator)

    assert WHY.encode() in client.get(reverse("patients:emergency-review")).content
    client.post(reverse("patients:emergency-reviewed", args=[access.pk]))

    assert b"All are reviewed" in client.get(reverse("patients:emergency-review")).content


def test_the_reviewer_sees_what_was_opened_without_the_record(
    client, stranger, clinician, administrator, now
):
    access = ask(clinician, now)
    client.force_login(administrator)

    response = client.get(reverse("patients:emergency-looks", args=[access.pk]))

    assert b"Took emergency access" in response.content
    assert b"Canaryname" not in response.content


@pytest.mark.parametrize("accesses", [1, 3])
def test_the_review_asks_the_same_for_one_and_three(
    client, clinician, administrator, now, accesses, broker, django_assert_num_queries
):
    for place in range(accesses):
        PatientFactory(mrn=f"CL-{place}", birth_date=BORN)
        ask(clinician, now, number=f"CL-{place}")
    client.force_login(administrator)

    with django_assert_num_queries(6):
        client.get(reverse("patients:emergency-review"))


def test_clinicians_see_who_looked(signed_in, team, clinician):
    own = PatientFactory(care_team=team)
    signed_in.get(page(own))

    response = signed_in.get(reverse("patients:looks", args=[own.public_id]))

    assert b"Opened the record" in response.content
    assert clinician.username.encode() in response.content


def test_patients_see_who_looked_in_words(client, team):
    own = PatientFactory(care_team=team, user=UserFactory(role="PATIENT"))
    client.force_login(UserFactory(care_teams=[team], first_name="Ines", last_name="Hollowell"))
    client.get(page(own))
    client.force_login(own.user)

    response = client.get(reverse("patients:my-looks"))

    assert b"Ines Hollowell" in response.content
    assert b"Opened the record" in response.content


def test_who_looked_at_a_merged_record_is_seen_with_the_other(signed_in, team, clinician):
    own = PatientFactory(care_team=team)
    other = PatientFactory(care_team=team)
    signed_in.get(page(other))
    Patient.objects.filter(pk=other.pk).update(merged_into=own)

    response = signed_in.get(reverse("patients:looks", args=[own.public_id]))

    assert b"Opened the record" in response.content
