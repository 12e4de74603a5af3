import datetime as dt

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from healthcare.jobs.models import Job
from predictions.models import ModelVersion, Prediction
from predictions.services import registry, requests, scoring
from tests.factories import PatientFactory, ResultFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
TASKS = {"undiagnosed_diabetes", "ckd", "death_10y", "cvd_death_10y"}
PANEL = {"SBP": 158, "BMI": 31, "TC": 240, "HDL": 38, "HGB": 14.2, "ALB": 4.1, "CREAT": 0.8}


@pytest.fixture
def models(db):
    """The models of the release, serving."""
    registry.install_builtin()


@pytest.fixture
def patient(analytes, models):
    patient = PatientFactory()
    for code, value in PANEL.items():
        measure(patient, code, value)
    return patient


def measure(patient, code, value, at=NOW - dt.timedelta(days=10)):
    return ResultFactory(
        patient=patient, code=code, value=value, collected_at=at, issued_at=at, recorded_at=at
    )


def current(patient):
    return {row.task: row for row in Prediction.objects.current().filter(patient=patient)}


def test_a_patient_gets_one_current_prediction_a_task(patient):
    scoring.score([patient.pk], now=NOW)

    assert set(current(patient)) == TASKS


def test_a_number_lies_in_its_interval_and_its_reasons_add_up(patient):
    scoring.score([patient.pk], now=NOW)

    for row in current(patient).values():
        points = sum(part["points"] for part in row.contributions)
        assert row.low <= row.risk <= row.high
        assert points / 100 == pytest.approx(row.risk - row.baseline, abs=1e-6)


def test_scoring_twice_changes_nothing(patient):
    scoring.score([patient.pk], now=NOW)
    before = list(Prediction.objects.order_by("pk").values("pk", "as_of", "risk"))
    later = NOW + dt.timedelta(hours=1)

    assert scoring.score([patient.pk], now=later) == 0
    assert list(Prediction.objects.order_by("pk").values("pk", "as_of", "risk")) == before
    assert set(Prediction.objects.values_list("checked_at", flat=True)) == {later}


def test_a_new_value_replaces_the_prediction_and_keeps_the_old_one(patient):
    scoring.score([patient.pk], now=NOW)
    old = current(patient)["cvd_death_10y"]
    measure(patient, "CREAT", 0.6, at=NOW + dt.timedelta(hours=1))
    scoring.score([patient.pk], now=NOW + dt.timedelta(hours=2))
    old.refresh_from_db()

    assert current(patient)["cvd_death_10y"].risk < old.risk
    assert old.superseded_at == NOW + dt.timedelta(hours=2)


def test_what_became_known_later_is_not_used(patient):
    scoring.score([patient.pk], now=NOW)
    before = {task: row.risk for task, row in current(patient).items()}
    Prediction.objects.all().delete()
    measure(patient, "SBP", 220, at=NOW + dt.timedelta(seconds=1))
    scoring.score([patient.pk], now=NOW)

    assert {task: row.risk for task, row in current(patient).items()} == before


def test_too_little_is_an_abstention_with_a_reason_and_a_next_test(analytes, models):
    stranger = PatientFactory()
    scoring.score([stranger.pk], now=NOW)

    for row in current(stranger).values():
        assert (row.risk, row.tier) == (None, "")
        assert row.reason
        assert row.next_test


def test_a_child_gets_no_number(analytes, models):
    child = PatientFactory(birth_date=dt.date(2014, 1, 1))
    measure(child, "SBP", 110)
    scoring.score([child.pk], now=NOW)

    assert {row.risk for row in current(child).values()} == {None}


def test_a_prediction_can_be_said_again(patient, capsys):
    scoring.score([patient.pk], now=NOW)

    call_command("replay_predictions", "--all")

    assert capsys.readouterr().out.strip() == "4 replayed, 0 mismatches"


def test_a_prediction_that_was_tampered_with_is_named(patient, capsys):
    scoring.score([patient.pk], now=NOW)
    row = current(patient)["ckd"]
    Prediction.objects.filter(pk=row.pk).update(inputs=row.inputs | {"sbp": 90.0})

    with pytest.raises(CommandError):
        call_command("replay_predictions")
    assert f"prediction {row.pk}:" in capsys.readouterr().err


def test_a_request_is_cut_into_short_jobs_without_patient_data(broker):
    requests.request(patient_ids=list(range(requests.CHUNK + 1)))

    jobs = list(Job.objects.order_by("pk"))
    assert [len(job.arguments["patient_ids"]) for job in jobs] == [requests.CHUNK, 1]


def test_installing_twice_registers_each_model_once(models):
    registry.install_builtin()

    versions = ModelVersion.objects.filter(stage=ModelVersion.Stage.SERVING)
    assert {version.task for version in versions} == TASKS
    assert ModelVersion.objects.count() == len(TASKS)


def test_a_model_that_does_not_open_keeps_its_own_risk_as_it_was_only(patient):
    scoring.score([patient.pk], now=NOW)
    before = current(patient)
    ModelVersion.objects.filter(task="ckd").update(folder="models/none/0")
    measure(patient, "CREAT", 2.1, at=NOW)
    later = NOW + dt.timedelta(days=1)

    scoring.score([patient.pk], now=later)

    after = current(patient)
    assert {task for task, row in after.items() if row.as_of == later} == TASKS - {"ckd"}
    assert after["ckd"] == before["ckd"]


def test_what_no_model_reads_still_reaches_the_recommendations(patient):
    scoring.score([patient.pk], now=NOW)
    weighings = Job.objects.filter(kind="recommendations.weigh")
    weighings.delete()

    scoring.score([patient.pk], now=NOW)

    assert weighings.get().arguments == {"patient_ids": [patient.pk]}
