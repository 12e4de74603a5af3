import numpy as np
import pandas as pd
import pytest
from django.db import IntegrityError, connection, transaction

from patients.models import Allergy, Condition, Patient, Result
from patients.services import bulkload
from patients.services.copying import copy_frame, new_ids
from tests.factories import PatientFactory, ResultFactory

pytestmark = pytest.mark.django_db
AWKWARD = 'tab\tnew\nline back\\slash \\N "quote" ä'


def condition(patient, **changes):
    usual = {
        "patient_id": [patient.pk], "code": ["htn"], "label": ["Hypertension"],
        "onset_on": pd.to_datetime(["2020-02-29"]), "resolved_on": [None],
        "recorded_at": pd.to_datetime(["2026-03-01 08:30:15"]), "source": ["test"],
    }  # fmt: skip
    return pd.DataFrame(usual | changes)


def test_a_frame_becomes_rows():
    patient = PatientFactory()

    assert copy_frame(Condition, condition(patient)) == 1

    row = Condition.objects.get()
    assert (row.patient, row.code, row.resolved_on) == (patient, "htn", None)
    assert row.onset_on.isoformat() == "2020-02-29"
    assert row.recorded_at.isoformat() == "2026-03-01T08:30:15+00:00"


def test_awkward_text_comes_back_as_it_was():
    copy_frame(Condition, condition(PatientFactory(), label=[AWKWARD]))

    assert Condition.objects.get().label == AWKWARD


@pytest.mark.parametrize("nothing", [pd.to_datetime([None]), [None], [np.nan]])
def test_nothing_is_null(nothing):
    copy_frame(Condition, condition(PatientFactory(), onset_on=nothing))

    assert Condition.objects.get().onset_on is None


def test_an_empty_frame_is_no_row():
    assert copy_frame(Allergy, pd.DataFrame(columns=["patient_id"])) == 0


def test_constraints_hold():
    frame = condition(PatientFactory())
    copy_frame(Condition, frame)

    with pytest.raises(IntegrityError), transaction.atomic():
        copy_frame(Condition, frame)


def test_new_ids_are_given_once():
    ids = new_ids(Patient, 3)

    assert len(set(ids)) == 3
    assert PatientFactory().pk not in ids


def indexes(model):
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return sorted(constraints)


def test_indexes_are_away_inside_and_back_afterwards():
    before = indexes(Result)

    with bulkload.without_indexes(Result):
        inside = indexes(Result)

    assert len(inside) < len(before) - 3
    assert indexes(Result) == before


def store_twice(result):
    with transaction.atomic(), bulkload.without_indexes(Result):
        result.pk = None
        result.save(force_insert=True)


def test_a_table_that_breaks_its_rules_meanwhile_is_as_it_was():
    result = ResultFactory()
    before = indexes(Result)

    with pytest.raises(IntegrityError):
        store_twice(result)

    assert Result.objects.count() == 1
    assert indexes(Result) == before
