import datetime as dt
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command

from healthcare.accounts.models import CareTeam
from ml.datasets import nhanes
from patients.models import Analyte, Patient, PatientIdentifier, Result
from patients.queries import facts_known_at
from patients.services import survey_people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes")]
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
DATASETS = Path(os.getenv("CARELENS_DATASETS") or Path(__file__).parents[3] / "shared" / "datasets")
SAID = {
    "SEQN": 101.0, "cycle_start": 2009.0, "age": 54.0, "sex": 2.0, "ethnicity4": 3.0,
    "pregnant": 2.0, "sbp_mmhg": 148.0, "creatinine_mg_dl": 0.9, "crp_mg_dl": 0.31,
    "urine_albumin_ug_ml": 12.0, "urine_creatinine_mg_dl": 90.0, "self_rated_health": 4.0,
    "diq010_diabetes": 1.0, "diq070_pills": 1.0, "bpq020_hypertension": 1.0,
    "smq020_ever100": 1.0, "smq040_now": 1.0, "smd650_cigs_day": 15.0,
    "family_history_diabetes": 1.0,
}  # fmt: skip


def survey(*people):
    """A table of invented participants; what is not said was not asked."""
    rows = [dict.fromkeys(survey_people.NEEDED, np.nan) | SAID | person for person in people]
    return pd.DataFrame(rows)


def known(patient, moment):
    return facts_known_at(moment, [patient])[patient.pk]


def same_facts(stored, told):
    assert (stored.sex, stored.age, stored.pregnant) == (told.sex, told.age, told.pregnant)
    assert stored.ethnicity == told.ethnicity
    assert stored.conditions == told.conditions
    assert stored.medications == told.medications
    assert stored.family_history == told.family_history
    assert stored.lifestyle == told.lifestyle
    assert {code: found.value for code, found in stored.measurements.items()} == {
        code: found.value for code, found in told.measurements.items()
    }


def on_the_day(facts):
    return dt.datetime.combine(facts.as_of, dt.time(12), tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "change",
    [{}, {"cycle_start": 1999.0}, {"pregnant": 1.0, "age": 25.0}, {"sex": 1.0},
     {"diq010_diabetes": 2.0, "diq070_pills": 2.0, "bpq020_hypertension": 2.0},
     {"family_history_diabetes": 9.0, "smq020_ever100": 2.0}],
)  # fmt: skip
def test_what_is_stored_is_what_the_survey_told(change):
    frame = survey(change)

    survey_people.load(frame, now=NOW)

    (told,) = nhanes.to_facts(frame)
    same_facts(known(Patient.objects.get(), on_the_day(told)), told)


def test_a_participant_has_a_number_and_no_name():
    survey_people.load(survey({}), now=NOW)

    patient = Patient.objects.get()
    assert (patient.family_name, patient.given_name) == ("Survey participant", "101")
    assert (patient.is_synthetic, patient.care_team.name) == (False, "NHANES evaluation")
    assert PatientIdentifier.objects.get().system == "nhanes"


def test_loading_twice_adds_only_who_is_new():
    survey_people.load(survey({}), now=NOW)

    again = survey_people.load(survey({}, {"SEQN": 102.0}), now=NOW)

    assert (again.added, again.were_here) == (1, 1)
    assert Patient.objects.count() == 2


def test_chunks_together_are_the_whole(monkeypatch):
    monkeypatch.setattr(survey_people, "CHUNK", 2)
    told = []

    done = survey_people.load(
        survey(*({"SEQN": float(number)} for number in range(5))),
        now=NOW,
        progress=lambda people, total, rows: told.append((people, total)),
    )

    assert told == [(2, 5), (4, 5), (5, 5)]
    assert done.added == Patient.objects.count() == 5


def test_an_impossible_value_is_left_out():
    survey_people.load(survey({"sbp_mmhg": 900.0}), now=NOW)

    assert not Result.objects.filter(analyte__code="SBP").exists()
    assert Result.objects.filter(analyte__code="CREAT").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"mrn,code\nA,B\n", "does not look like nhanes"),
        (",".join(survey_people.NEEDED[:40]).encode(), "is not the NHANES table"),
        (b"\x93\x00\xff", "is not UTF-8"),
    ],
)
def test_another_file_is_refused_with_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "people.csv"
    path.write_bytes(content)

    with pytest.raises(survey_people.NotNhanes, match=sentence):
        survey_people.read(path)


def test_a_missing_file_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(survey_people.NotNhanes, match="There is no NHANES table"):
        survey_people.read(tmp_path)


def test_without_analytes_the_refusal_says_what_to_run():
    Analyte.objects.all().delete()

    with pytest.raises(survey_people.ReferenceMissing, match="load_reference"):
        survey_people.load(survey({}), now=NOW)

    assert not CareTeam.objects.exists()


def test_the_command_loads_a_file_and_says_so(tmp_path, capsys):
    path = tmp_path / nhanes.FILE_NAME
    survey({}, {"SEQN": 102.0}, {"SEQN": 103.0}).to_csv(path, index=False)

    call_command("load_nhanes", tmp_path, limit=2)

    assert "2 participants added" in capsys.readouterr().err
    assert Patient.objects.count() == 2


def test_the_quiet_command_says_nothing(tmp_path, capsys):
    path = tmp_path / nhanes.FILE_NAME
    survey({}).to_csv(path, index=False)

    call_command("load_nhanes", path, quiet=True)

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(tmp_path, limit):
    with pytest.raises(CommandError, match="1 or more"):
        call_command("load_nhanes", tmp_path, limit=limit)


def test_the_command_refuses_in_one_sentence(tmp_path):
    with pytest.raises(CommandError, match="no NHANES table"):
        call_command("load_nhanes", tmp_path)


def test_real_participants_are_stored_as_the_survey_told():
    folder = DATASETS / "nhanes"
    if not (folder / nhanes.FILE_NAME).exists():
        pytest.skip(f"no NHANES table in {folder}")
    frame = survey_people.read(folder).iloc[::400]

    survey_people.load(frame, now=NOW)

    identifiers = PatientIdentifier.objects.select_related("patient").order_by("pk")
    for identifier, told in zip(identifiers, nhanes.to_facts(frame), strict=True):
        same_facts(known(identifier.patient, on_the_day(told)), told)
