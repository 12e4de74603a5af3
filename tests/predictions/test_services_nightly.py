import datetime as dt

import pytest

from healthcare.jobs.models import Job
from patients.models import Patient, PreventiveCare
from predictions.models import ModelVersion, Prediction
from predictions.services import nightly
from tests.factories import PatientFactory, PredictionFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def scored(db):
    """A patient scored just now, whose birthday is not today."""
    patient = PatientFactory(birth_date=dt.date(1960, 7, 9))
    Patient.objects.update(updated_at=NOW - HOUR)
    PredictionFactory(patient=patient, as_of=NOW)
    return patient


def test_a_patient_never_scored_is_queued(db):
    patient = PatientFactory()

    assert nightly.score_changed(now=NOW) == 1
    assert Job.objects.get().arguments == {"patient_ids": [patient.pk]}


def test_a_patient_whose_record_is_as_it_was_is_left_alone(scored):
    assert nightly.score_changed(now=NOW + HOUR) == 0


def test_a_birthday_is_a_change(scored):
    assert nightly.score_changed(now=dt.datetime(2026, 7, 9, tzinfo=dt.UTC)) == 1


def test_another_model_that_serves_is_a_change(scored):
    ModelVersion.objects.update(stage=ModelVersion.Stage.RETIRED)

    assert nightly.score_changed(now=NOW + HOUR) == 1


def test_preventive_care_is_a_change_since_advice_depends_on_it(scored):
    PreventiveCare.objects.create(
        patient=scored, item="colonoscopy", done_on=NOW.date(), recorded_at=NOW + HOUR
    )

    assert nightly.score_changed(now=NOW + 2 * HOUR) == 1


def test_a_patient_who_was_looked_at_again_is_left_alone_the_next_night(scored):
    PreventiveCare.objects.create(
        patient=scored, item="colonoscopy", done_on=NOW.date(), recorded_at=NOW + HOUR
    )
    Prediction.objects.update(checked_at=NOW + 2 * HOUR)  # the same was said again

    assert nightly.score_changed(now=NOW + 3 * HOUR) == 0
