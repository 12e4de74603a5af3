"""Who is told, when, and that it ends with the first who acknowledges (frozen clocks)."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients import tasks
from patients.models import Notice, Result, ResultReview, ResultTask
from patients.services import resulttasks
from tests.factories import PatientFactory, ResultFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def task(team):
    """A critical potassium of a patient of `team`, known at NOW."""
    patient = PatientFactory(care_team=team)
    ResultFactory(patient=patient, code="POTASSIUM", value=6.9, flag="HH", recorded_at=NOW)
    resulttasks.after_results(Result.objects.all(), now=NOW)
    return ResultTask.objects.get()


def told():
    return {notice.recipient for notice in Notice.objects.all()}


def test_nobody_is_told_before_the_configured_minute(task, settings):
    assert resulttasks.escalate(now=NOW + 30 * MINUTE - MINUTE / 60) == 0

    assert not Notice.objects.exists()


def test_every_clinician_of_the_team_is_told_at_the_configured_minute(task, clinician, team):
    colleague = UserFactory(care_teams=[team])
    UserFactory()  # of no team
    UserFactory(role=User.Role.LAB_STAFF, care_teams=[team])
    UserFactory(care_teams=[team], is_active=False)

    resulttasks.escalate(now=NOW + 30 * MINUTE)

    assert told() == {clinician, colleague}


def test_the_minute_is_a_setting(team, settings):
    settings.CRITICAL_ESCALATION_MINUTES = 5
    patient = PatientFactory(care_team=team)
    ResultFactory(patient=patient, code="POTASSIUM", value=6.9, flag="HH", recorded_at=NOW)

    resulttasks.after_results(Result.objects.all(), now=NOW)

    assert ResultTask.objects.get().escalates_at == NOW + 5 * MINUTE


def test_administrators_are_told_the_second_time(task, clinician, administrator):
    resulttasks.escalate(now=NOW + 30 * MINUTE)
    assert told() == {clinician}

    resulttasks.escalate(now=NOW + 60 * MINUTE)
    assert told() == {clinician, administrator}


def test_administrators_are_told_at_once_where_a_team_has_no_clinician(task, administrator):
    resulttasks.escalate(now=NOW + 30 * MINUTE)

    assert told() == {administrator}


def test_escalation_goes_on_until_somebody_acknowledges(task, clinician):
    for half_hours in (1, 2, 3):
        assert resulttasks.escalate(now=NOW + half_hours * 30 * MINUTE) == 1
    resulttasks.acknowledge(task, by=clinician, now=NOW + 100 * MINUTE)

    assert resulttasks.escalate(now=NOW + 900 * MINUTE) == 0
    task.refresh_from_db()
    assert task.level == 3


def test_running_twice_in_one_minute_tells_once(task, clinician):
    assert resulttasks.escalate(now=NOW + 30 * MINUTE) == 1
    assert resulttasks.escalate(now=NOW + 30 * MINUTE) == 0

    assert Notice.objects.count() == 1


def test_one_unread_notice_is_enough(task, clinician):
    resulttasks.escalate(now=NOW + 30 * MINUTE)
    resulttasks.escalate(now=NOW + 60 * MINUTE)

    assert Notice.objects.filter(recipient=clinician).count() == 1


def test_acknowledging_keeps_who_and_when(task, clinician):
    resulttasks.acknowledge(task, by=clinician, now=NOW + MINUTE, comment="Seen at the bedside")

    task.refresh_from_db()
    assert (task.acknowledged_by, task.acknowledged_at) == (clinician, NOW + MINUTE)
    assert task.comment == "Seen at the bedside"
    assert ResultReview.objects.get().by == clinician
    event = AuditEvent.objects.get(action="result_task.acknowledged")
    assert (event.actor, event.patient_ids) == (clinician.username, [task.patient_id])


def test_the_first_acknowledgement_stands(task, clinician, team):
    resulttasks.acknowledge(task, by=clinician, now=NOW)

    again = resulttasks.acknowledge(task, by=UserFactory(care_teams=[team]), now=NOW + MINUTE)

    assert (again.acknowledged_by, again.acknowledged_at) == (clinician, NOW)
    assert AuditEvent.objects.filter(action="result_task.acknowledged").count() == 1


def test_acknowledging_takes_the_notices_of_it_away(task, clinician, administrator):
    resulttasks.escalate(now=NOW + 30 * MINUTE)
    resulttasks.escalate(now=NOW + 60 * MINUTE)

    resulttasks.acknowledge(task, by=clinician, now=NOW + 61 * MINUTE)

    assert not Notice.objects.unread().exists()


def test_a_closed_task_cannot_be_acknowledged(task, clinician):
    ResultTask.objects.update(closed_at=NOW)

    with pytest.raises(resulttasks.NoLongerOpen, match="corrected or withdrawn"):
        resulttasks.acknowledge(task, by=clinician, now=NOW)


def test_a_task_of_another_team_is_out_of_reach(task):
    with pytest.raises(ResultTask.DoesNotExist):
        resulttasks.acknowledge(task, by=UserFactory(), now=NOW)


@pytest.mark.parametrize("role", set(User.Role) - {User.Role.CLINICIAN})
def test_only_clinicians_acknowledge(task, role, team):
    with pytest.raises(PermissionDenied):
        resulttasks.acknowledge(task, by=UserFactory(role=role, care_teams=[team]), now=NOW)


def test_what_is_for_one_person_is_out_of_reach_of_others_until_it_escalates(task, team, clinician):
    ResultTask.objects.update(assigned_to=UserFactory(care_teams=[team]))
    assert not resulttasks.reachable(clinician).exists()

    ResultTask.objects.update(level=1)
    assert resulttasks.reachable(clinician).exists()


def test_the_beat_queues_one_job_and_only_when_something_is_due(task, broker):
    with time_machine.travel(NOW, tick=False):
        tasks.escalate_result_tasks()
    assert not Job.objects.exists()

    with time_machine.travel(NOW + 31 * MINUTE, tick=False):
        tasks.escalate_result_tasks()
        tasks.escalate_result_tasks()
    assert Job.objects.get().kind == resulttasks.JOB


def test_the_command_escalates_at_once(task, clinician, capsys):
    with time_machine.travel(NOW + 31 * MINUTE, tick=False):
        call_command("escalate_tasks")

    assert "1 result task" in capsys.readouterr().out
    assert told() == {clinician}
