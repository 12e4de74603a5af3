import datetime as dt

import pytest

from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients.models import Allergy, Condition, Medication
from patients.services import records
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def patient(team):
    return PatientFactory(care_team=team)


@pytest.fixture
def by(clinician):
    return clinician


@pytest.fixture(autouse=True)
def jobs(broker):
    """What was queued for the broker."""
    return broker


def htn(patient, **said):
    return Condition(patient=patient, code="htn", label="Hypertension", **said)


def added(patient, by, **said):
    return records.add(htn(patient, **said), by=by, now=NOW)


def test_a_fact_says_who_entered_it_and_when(patient, by):
    fact = added(patient, by)

    assert (fact.recorded_at, fact.source, fact.entered_by) == (NOW, "entered by hand", by)


def test_adding_twice_adds_once(patient, by):
    first, second = added(patient, by), added(patient, by)

    assert first == second
    assert AuditEvent.objects.filter(action="fact.added").count() == 1


def test_adding_the_same_medicine_twice_adds_once_though_no_constraint_says_so(patient, by):
    for _ in range(2):
        records.add(Medication(patient=patient, name="Aspirin"), by=by, now=NOW)

    assert Medication.objects.count() == 1


def test_the_same_problem_with_another_day_is_refused_with_what_to_do(patient, by):
    added(patient, by)

    with pytest.raises(records.OnTheListAlready, match="Correct that entry instead"):
        added(patient, by, onset_on=dt.date(2020, 1, 1))

    assert Condition.objects.count() == 1


def test_all_facts_of_a_form_are_stored_or_none(patient, by):
    added(patient, by)
    facts = [Condition(patient=patient, code="t2d", label="Diabetes"),
             htn(patient, onset_on=dt.date(2020, 1, 1))]  # fmt: skip

    with pytest.raises(records.OnTheListAlready):
        records.add_all(facts, by=by, now=NOW)

    assert Condition.objects.count() == 1


def test_a_correction_ends_the_old_row_and_adds_a_new_one(patient, by):
    old = added(patient, by)
    day = dt.date(2019, 5, 1)

    new = records.correct(old, {"onset_on": day}, by=by, now=LATER, reason="letter of 2019")

    old.refresh_from_db()
    assert (old.superseded_at, old.change_reason, old.onset_on) == (LATER, "letter of 2019", None)
    assert (new.superseded_at, new.onset_on, new.code) == (None, day, "htn")


def test_before_the_correction_the_record_said_what_it_said(patient, by):
    old = added(patient, by)
    records.correct(old, {"label": "High pressure"}, by=by, now=LATER, reason="wording")

    assert [fact.label for fact in Condition.objects.known_at(NOW)] == ["Hypertension"]
    assert [fact.label for fact in Condition.objects.known_at(LATER)] == ["High pressure"]


def test_correcting_twice_corrects_once(patient, by):
    old = added(patient, by)
    day = {"onset_on": dt.date(2019, 5, 1)}

    first = records.correct(old, day, by=by, now=LATER, reason="x")
    second = records.correct(old, day, by=by, now=LATER, reason="x")

    assert first == second
    assert Condition.objects.count() == 2


def test_what_somebody_else_has_ended_cannot_be_corrected_to_something_else(patient, by):
    old = added(patient, by)
    records.correct(old, {"onset_on": dt.date(2019, 5, 1)}, by=by, now=LATER, reason="x")

    with pytest.raises(records.AlreadyEnded, match="Look at the list as it is now"):
        records.correct(old, {"onset_on": dt.date(2018, 5, 1)}, by=by, now=LATER, reason="x")


def test_a_correction_into_something_that_is_on_the_list_keeps_the_old_row(patient, by):
    added(patient, by)
    other = records.add(Condition(patient=patient, code="t2d", label="T2D"), by=by, now=NOW)

    with pytest.raises(records.OnTheListAlready):
        records.correct(other, {"code": "htn"}, by=by, now=LATER, reason="x")

    other.refresh_from_db()
    assert other.superseded_at is None


def test_a_correction_that_changes_nothing_is_none(patient, by):
    old = added(patient, by)

    same = records.correct(old, {"label": "Hypertension"}, by=by, now=LATER, reason="x")

    assert (same, Condition.objects.count()) == (old, 1)


def test_a_new_code_no_longer_carries_the_code_that_was_sent(patient, by):
    old = added(patient, by, coding="http://snomed.info/sct|38341003", external_id="urn:1")

    new = records.correct(
        old, {"code": "t2d", "label": "Diabetes"}, by=by, now=LATER, reason="mix-up"
    )

    assert (new.coding, new.external_id) == ("", "urn:1")


def test_a_removal_ends_the_row_once(patient, by):
    fact = added(patient, by)

    for moment in (LATER, LATER + dt.timedelta(hours=1)):
        records.remove(fact, by=by, now=moment, reason="wrong patient")

    fact.refresh_from_db()
    assert (fact.superseded_at, fact.change_reason) == (LATER, "wrong patient")
    assert AuditEvent.objects.filter(action="fact.removed").count() == 1


def test_what_was_removed_can_be_added_again(patient, by):
    records.remove(added(patient, by), by=by, now=LATER, reason="x")

    again = records.add(htn(patient), by=by, now=LATER)

    assert again.superseded_at is None
    assert Condition.objects.count() == 2


def test_every_change_has_the_patient_scored_again(patient, by):
    fact = Allergy(patient=patient, code="penicillin", label="Penicillin")
    changes = [
        lambda: records.add(fact, by=by, now=NOW),
        lambda: records.correct(fact, {"reaction": "rash"}, by=by, now=LATER, reason="x"),
        lambda: records.remove(Allergy.objects.current().get(), by=by, now=LATER, reason="x"),
        lambda: records.mark_reviewed(patient, "allergies", by=by, on=NOW.date()),
    ]
    for change in changes:
        Job.objects.all().delete()
        change()
        assert Job.objects.get(kind="predictions.score").arguments == {"patient_ids": [patient.pk]}


def test_an_empty_list_that_was_gone_through_is_none(patient, by):
    records.mark_reviewed(patient, "conditions", by=by, on=NOW.date())

    patient.refresh_from_db()
    assert patient.conditions_reviewed_on == NOW.date()
    event = AuditEvent.objects.get(action="list.reviewed")
    assert (event.actor, event.patient_ids) == (by.username, [patient.pk])


def test_the_audit_trail_names_fields_and_no_values(patient, by):
    old = added(patient, by)
    records.correct(old, {"label": "Secretword"}, by=by, now=LATER, reason="Othersecret")

    event = AuditEvent.objects.get(action="fact.corrected")

    assert event.details == {"ended": old.pk, "fields": ["label"]}


def test_two_people_who_correct_one_fact_do_not_both_succeed(patient, by):
    mine = added(patient, by)
    theirs = Condition.objects.get(pk=mine.pk)
    records.correct(mine, {"onset_on": dt.date(2019, 5, 1)}, by=by, now=LATER, reason="x")

    with pytest.raises(records.AlreadyEnded):
        records.correct(
            theirs, {"onset_on": dt.date(2018, 5, 1)}, by=UserFactory(), now=LATER, reason="y"
        )

    assert Condition.objects.current().count() == 1
