"""What a site sets for its ranking, and what a patient says."""

import datetime as dt
from dataclasses import asdict

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from ml.recommenders.ranking import Weights
from recommendations import catalogue, need, preferable
from recommendations.models import PatientPreferences, RankingWeights, Recommendation
from recommendations.services import preferences, recommend, weights
from tests.factories import CareTeamFactory, PatientFactory, ResultFactory, UserFactory
from tests.recommendations.jobs import asked_to_weigh

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
Role = User.Role


@pytest.fixture
def editor(broker):
    return UserFactory(role=Role.CATALOGUE_EDITOR)


@pytest.fixture
def patient(team, analytes, broker):
    """Somebody of 60 with prediabetes and obesity."""
    patient = PatientFactory(
        care_team=team, birth_date=dt.date(1966, 1, 1), conditions_reviewed_on=NOW.date(),
        medications_reviewed_on=NOW.date(), allergies_reviewed_on=NOW.date(),
    )  # fmt: skip
    for code, value in {"HBA1C": 6.1, "BMI": 36, "SBP": 128, "DBP": 80, "EGFR": 80}.items():
        at = NOW - dt.timedelta(days=3)
        ResultFactory(patient=patient, code=code, value=value, collected_at=at, recorded_at=at)
    return patient


def weigh(patient, at=LATER):
    recommend.recommend([patient.pk], now=at)
    rows = Recommendation.objects.current().filter(patient=patient)
    return {row.item: row for row in rows}


def set_weights(by, reason="Try", **wanted):
    return weights.change(asdict(Weights()) | wanted, reason=reason, by=by, now=NOW)


def test_without_a_row_the_defaults_hold():
    assert RankingWeights.current() == Weights()


def test_a_change_is_a_row_with_who_when_and_why(editor):
    row = set_weights(editor, benefit=0.5, reason="Benefit first")

    assert RankingWeights.current().benefit == 0.5
    assert (row.by, row.at, row.reason) == (editor, NOW, "Benefit first")
    assert AuditEvent.objects.filter(action="ranking_weights.changed").count() == 1


def test_the_defaults_come_back_as_one_more_row(editor):
    set_weights(editor, benefit=0.5)
    weights.change({}, reason="Enough", by=editor, now=LATER)

    assert RankingWeights.current() == Weights()
    assert RankingWeights.objects.count() == 2


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"benefit": 0}, "benefit"),
        ({"benefit": 3}, "between 0 and 1"),
        ({"caution": 0.5}, "caution"),
        ({"magic": 0.1}, "no part called magic"),
        ({}, "hold already"),
    ],
)
def test_weights_that_cannot_be_are_refused_with_a_sentence(editor, wanted, said):
    with pytest.raises(weights.NotSet, match=said):
        set_weights(editor, **wanted)


def test_weights_need_a_reason_and_an_editor(editor, clinician):
    with pytest.raises(weights.NotSet, match="why"):
        set_weights(editor, benefit=0.5, reason=" ")
    with pytest.raises(PermissionDenied):
        set_weights(clinician, benefit=0.5)


def test_stored_weights_that_a_later_version_refuses_give_way_to_the_defaults(editor):
    row = set_weights(editor, benefit=0.5)
    RankingWeights.objects.filter(pk=row.pk).update(weights={"benefit": 7})

    assert RankingWeights.current() == Weights()


def test_a_part_that_was_added_since_has_its_default(editor):
    row = set_weights(editor, benefit=0.5)
    RankingWeights.objects.filter(pk=row.pk).update(weights={"benefit": 0.5, "dropped": 0.1})

    assert RankingWeights.current() == Weights(benefit=0.5)


def test_the_weights_of_the_site_order_the_list_and_everybody_is_weighed_again(editor, patient):
    before = {item: row.content["score"] for item, row in weigh(patient).items()}
    set_weights(editor, evidence=0.9)

    after = {item: row.content["score"] for item, row in weigh(patient).items()}

    assert before.keys() == after.keys()
    assert before != after
    assert asked_to_weigh() == [[patient.pk]]


def test_what_an_option_means_is_in_the_catalogue():
    known = set(need.preferable(catalogue.load()))

    assert {word for option in preferable.OPTIONS for word in option.features} <= known


def say(patient, by, at=NOW, note="", **opinions):
    return preferences.say(patient, opinions, note=note, by=by, now=at)


def test_preferences_are_rows_audited_and_weighed_again(patient, clinician):
    row = say(patient, clinician, medicines="declines", habits="prefers", note="Afraid of tablets")

    assert (row.prefers, row.declines, row.note) == (["habits"], ["medicines"], "Afraid of tablets")
    event = AuditEvent.objects.get(action="preferences.stored")
    assert event.patient_ids == [patient.pk]
    assert Job.objects.filter(arguments={"patient_ids": [patient.pk]}).exists()


def test_saying_the_same_again_stores_nothing(patient, clinician):
    first = say(patient, clinician, habits="prefers")

    assert say(patient, clinician, at=LATER, habits="prefers") == first
    assert say(patient, clinician, at=LATER) != first
    assert PatientPreferences.objects.count() == 2


@pytest.mark.parametrize("opinions", [{"nonsense": "prefers"}, {"habits": "loves"}])
def test_what_is_not_offered_is_refused(patient, clinician, opinions):
    with pytest.raises(preferences.NotStored):
        preferences.say(patient, opinions, by=clinician, now=NOW)


def test_the_database_refuses_what_is_preferred_and_declined_at_once(patient, clinician):
    with pytest.raises(IntegrityError):
        PatientPreferences.objects.create(
            patient=patient, prefers=["habits"], declines=["habits"], by=clinician, at=NOW
        )


def test_a_stranger_says_nothing_for_a_patient(patient):
    stranger = UserFactory(role=Role.CLINICIAN, care_teams=[CareTeamFactory()])

    with pytest.raises(PermissionDenied):
        say(patient, stranger, habits="prefers")
    assert not PatientPreferences.objects.visible_to(stranger).exists()


def test_what_is_declined_comes_later_and_is_not_hidden(patient, clinician):
    before = weigh(patient)
    say(patient, clinician, habits="declines")

    after = weigh(patient)

    habits = [item for item, row in before.items() if row.content["category"] == "lifestyle"]
    assert habits
    assert before.keys() == after.keys()
    assert all(after[item].content["score"] < before[item].content["score"] for item in habits)
    assert {after[item].content["components"]["preference"] for item in habits} == {-1.0}


URL, OWN = "/patients/{}/preferences/", "/my-health/preferences/"


def test_a_clinician_writes_preferences_on_the_record(signed_in, patient):
    url = URL.format(patient.public_id)
    response = signed_in.post(url, {"needles": "declines", "note": "Faints"}, follow=True)

    assert PatientPreferences.objects.get().declines == ["needles"]
    assert "injections and infusions" in response.content.decode()
    assert AuditEvent.objects.filter(action="preferences.read").exists()


def test_an_opinion_that_is_not_offered_is_refused_by_the_form(signed_in, patient):
    response = signed_in.post(URL.format(patient.public_id), {"needles": "hates"})

    assert response.status_code == 422
    assert not PatientPreferences.objects.exists()


def test_patients_write_their_own_and_see_no_others(client, patient):
    own = UserFactory(role=Role.PATIENT)
    patient.user = own
    patient.save()
    client.force_login(own)

    client.post(OWN, {"medicines": "declines"})

    assert PatientPreferences.objects.get().by == own
    assert client.get(URL.format(patient.public_id)).status_code == 403
    assert "taking medicines" in client.get(OWN).content.decode()


def test_a_patient_without_a_record_has_no_page(client):
    client.force_login(UserFactory(role=Role.PATIENT))

    assert client.get(OWN).status_code == 404


def test_any_clinician_reads_how_the_list_is_ordered(signed_in, editor):
    set_weights(editor, benefit=0.5, reason="Benefit first")
    page = signed_in.get("/recommendations/order/").content.decode()

    assert "Benefit first" in page
    assert "0.3 → 0.5" in page
    assert signed_in.get("/recommendations/order/weights/").status_code == 403


def test_the_order_can_be_read_before_anybody_changed_it(signed_in):
    assert "Never changed" in signed_in.get("/recommendations/order/").content.decode()


def test_an_editor_sets_the_weights_and_goes_back(client, editor):
    client.force_login(editor)
    url = "/recommendations/order/weights/"
    said = asdict(Weights()) | {"benefit": 0.6, "reason": "Try"}

    assert client.post(url, said).status_code == 302
    assert RankingWeights.current().benefit == 0.6
    assert client.post(url, {"defaults": "on", "reason": "Enough"}).status_code == 302
    assert RankingWeights.current() == Weights()


def test_a_weight_out_of_bounds_stands_at_its_field(client, editor):
    client.force_login(editor)
    said = asdict(Weights()) | {"benefit": 2, "reason": "Try"}

    response = client.post("/recommendations/order/weights/", said)

    assert response.status_code == 422
    assert "benefit" in response.context["form"].errors
