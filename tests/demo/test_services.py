import datetime as dt

import pytest

from healthcare.accounts.models import CareTeam, User
from healthcare.demo import loading, services
from healthcare.demo.names import TEAMS
from healthcare.demo.stories import STORIES
from healthcare.jobs.models import Job
from ml import analytes as library
from ml.datasets import synthetic
from patients.models import Analyte, Patient, PatientIdentifier, Result, ResultTask
from tests.demo.conftest import NOW
from tests.factories import PatientFactory, ResultFactory

pytestmark = pytest.mark.django_db


def everything():
    """Patients and results without the numbers that the database gave."""
    people = Patient.objects.order_by("public_id").values_list(
        "public_id", "family_name", "given_name", "sex", "birth_date", "care_team__name"
    )
    results = Result.objects.order_by(
        "patient__public_id", "analyte__code", "collected_at", "issued_at"
    ).values_list("patient__public_id", "analyte__code", "value", "flag", "collected_at")
    return list(people), list(results)


def test_seed_makes_as_many_synthetic_patients_as_asked(hospital):
    assert hospital == services.Seeded(patients=20, rows=hospital.rows, was_there=False)
    assert Patient.objects.filter(is_synthetic=True).count() == 20
    numbers = PatientIdentifier.objects.order_by("value").values_list("value", flat=True)
    assert list(numbers) == [f"CL-{number:06d}" for number in range(1, 21)]


def test_a_hospital_smaller_than_its_stories_has_all_of_them(seed):
    assert seed(patients=1).patients == len(STORIES)


def test_seeding_twice_changes_nothing(seed):
    seed()
    before = everything()

    again = seed(patients=50, seed=8)

    assert again == services.Seeded(patients=20, rows=0, was_there=True)
    assert everything() == before


def test_the_same_seed_and_day_make_the_same_hospital(seed):
    seed()
    before = everything()
    services.remove()

    seed()

    assert everything() == before


def test_remove_takes_synthetic_patients_only(seed):
    real = ResultFactory(patient=PatientFactory(is_synthetic=False)).patient
    seed()

    assert services.remove() == 20
    assert list(Patient.objects.all()) == [real]
    assert Result.objects.count() == 1


def test_a_failure_leaves_nothing_behind(seed, monkeypatch):
    def fail():
        raise RuntimeError

    monkeypatch.setattr(loading, "analyse", fail)

    with pytest.raises(RuntimeError):
        seed()

    assert not Patient.objects.exists()
    assert not CareTeam.objects.exists()


def test_production_refuses_the_demo(seed, settings):
    settings.PRODUCTION = True

    with pytest.raises(services.DemoRefused, match="production"):
        seed()
    with pytest.raises(services.DemoRefused):
        services.remove()

    assert not User.objects.exists()


def test_without_analytes_the_refusal_says_what_to_run(seed):
    Analyte.objects.all().delete()

    with pytest.raises(loading.ReferenceMissing, match="load_reference"):
        seed()


def test_scoring_of_every_patient_is_queued(seed, broker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        seed()

    job = Job.objects.get(kind="predictions.score")
    assert job.arguments == {"patient_ids": sorted(Patient.objects.values_list("pk", flat=True))}
    assert broker == [job.pk]


@pytest.mark.parametrize(("score", "jobs"), [(None, 0), (True, 1)])
def test_a_large_hospital_is_scored_only_when_asked(seed, monkeypatch, score, jobs):
    monkeypatch.setattr(services, "SCORED_AT_ONCE", 15)

    seed(score=score)

    assert Job.objects.count() == jobs


def test_a_large_hospital_is_stored_as_a_small_one_is(seed, monkeypatch):
    monkeypatch.setattr(synthetic, "BLOCK", 4)
    seed()
    before = everything()
    services.remove()
    compact = {"compact": False}
    blocks = synthetic.blocks
    monkeypatch.setattr(synthetic, "COMPACT_FROM", 5)
    monkeypatch.setattr(synthetic, "blocks", lambda *a, **k: blocks(*a, **k | compact))

    seed()

    assert everything() == before


def test_recent_critical_results_wait_on_the_task_list_and_older_ones_do_not(seed):
    seed()

    open_tasks = ResultTask.objects.open()
    walter = open_tasks.get(patient__family_name="Ombersley")
    assert (walter.kind, walter.result.analyte.code, walter.level) == ("critical", "POTASSIUM", 0)
    oldest = min(task.result.collected_at for task in open_tasks.select_related("result"))
    assert oldest >= NOW - dt.timedelta(days=30)


def test_progress_tells_patients_and_rows(seed, monkeypatch):
    monkeypatch.setattr(synthetic, "BLOCK", 5)
    told = []

    done = seed(progress=lambda patients, rows: told.append((patients, rows)))

    assert [patients for patients, _ in told] == [15, 20]
    assert told[-1] == (done.patients, done.rows)


def test_flags_and_limits_are_those_of_the_library(hospital):
    for result in Result.objects.select_related("patient", "analyte"):
        person, day = result.patient, result.collected_at.date()
        since = person.pregnant_since
        pregnant = bool(since) and since <= day <= since + dt.timedelta(weeks=44)
        who = (person.sex, person.age_on(day), pregnant)
        code = result.analyte.code

        assert result.flag == library.flag(code, result.value, *who)
        limits = (result.reference_low, result.reference_high)
        assert limits == library.reference_range(code, *who)


def test_nothing_is_known_before_it_was_measured_or_after_now(hospital):
    assert not Result.objects.filter(recorded_at__lt=dt.datetime(2015, 1, 1, tzinfo=dt.UTC))
    assert not Result.objects.filter(issued_at__gt=NOW + dt.timedelta(days=1))
    assert Result.objects.filter(lab_import=None).count() == Result.objects.count()


def test_there_are_three_teams_and_each_has_patients(seed):
    seed(patients=60)

    teams = CareTeam.objects.filter(patients__isnull=False).distinct()
    assert {team.name for team in teams} == set(TEAMS)
