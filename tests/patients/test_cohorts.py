"""De-identified rows of those who agreed, and of nobody else."""

import csv
import datetime as dt
import io
import zipfile

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.urls import reverse

from healthcare.audit.models import AuditEvent
from patients.models import Condition, Consent, Encounter, Medication, Patient, SurveyAnswer
from patients.services import cohorts
from tests.factories import PatientFactory, ResultFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
DAY = dt.date(2026, 1, 20)


def agree(patient, *, given=True, purpose="research", at=NOW - dt.timedelta(days=9)):
    Consent.objects.create(patient=patient, purpose=purpose, is_given=given, decided_at=at)


@pytest.fixture
def eleven(analytes):
    """Eleven patients who agreed to research, each with a result and two facts."""
    patients = PatientFactory.create_batch(11, given_name="Canaryname", postal_code="01970")
    for patient in patients:
        agree(patient)
        fact = {"patient": patient, "recorded_at": NOW, "source": "test"}
        Condition.objects.create(code="gout", label="Canaryname's gout", onset_on=DAY, **fact)
        Medication.objects.create(name="Canaryname's tea", started_on=DAY, **fact)
        Encounter.objects.create(kind="INPATIENT", reason="Canaryname", started_at=NOW, **fact)
        SurveyAnswer.objects.create(instrument="x", item="y", text="Canaryname", answered_on=DAY,
                                    **fact)  # fmt: skip
        ResultFactory(patient=patient, value=6.4)
    return patients


def files(export):
    with zipfile.ZipFile(export.file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def made(user, purpose="research", now=NOW):
    return files(cohorts.export(purpose, by=user, now=now))


def test_who_withdraws_is_not_in_the_next_one(eleven):
    assert cohorts.cohort("research", NOW).count() == 11
    agree(eleven[0], given=False, at=NOW)
    assert cohorts.cohort("research", NOW).count() == 10


@pytest.mark.parametrize("purpose", ["model_training"])
def test_a_yes_to_one_purpose_is_none_to_another(eleven, purpose):
    assert not cohorts.cohort(purpose, NOW).exists()


def test_a_decision_of_tomorrow_does_not_count_today(eleven):
    agree(PatientFactory(), at=NOW + dt.timedelta(days=1))
    assert cohorts.cohort("research", NOW).count() == 11


def test_care_is_no_purpose_of_a_cohort(db):
    with pytest.raises(ValueError, match="no purpose"):
        cohorts.cohort("treatment", NOW)


def test_a_merged_record_is_no_second_person(eleven):
    Patient.objects.filter(pk=eleven[0].pk).update(merged_into=eleven[1])
    assert cohorts.cohort("research", NOW).count() == 10


def test_nothing_leaves_that_names_anybody(eleven, data_scientist):
    told = "".join(made(data_scientist).values())
    assert "Canaryname" not in told
    assert "01970" not in told
    assert not any(str(patient.public_id) in told for patient in eleven)
    assert not any(patient.family_name in told for patient in eleven)


def test_no_true_date_leaves_and_intervals_stay_true(eleven, data_scientist):
    content = made(data_scientist)
    told = "".join(text for name, text in content.items() if name.endswith(".csv"))
    assert str(DAY) not in told
    begun = {row["patient"]: row["onset"] for row in rows(content["conditions.csv"])}
    taken = {row["patient"]: row["started"] for row in rows(content["medications.csv"])}
    assert begun == taken
    assert len(set(begun.values())) > 1
    assert all("2025-01-20" <= day < str(DAY) for day in begun.values())


def test_codes_leave_and_words_do_not(eleven, data_scientist):
    content = made(data_scientist)
    assert {row["code"] for row in rows(content["conditions.csv"])} == {"gout"}
    assert {row["drug_class"] for row in rows(content["medications.csv"])} == {"other"}
    assert {row["item"] for row in rows(content["survey_answers.csv"])} == {"other"}
    assert {row["value"] for row in rows(content["results.csv"])} == {"6.4"}


def test_the_very_old_are_one_group_and_rare_origins_are_left_out(eleven, data_scientist):
    eleven[0].birth_date, eleven[0].ethnicity = dt.date(1930, 1, 1), "other"
    eleven[0].save()
    people = rows(made(data_scientist)["patients.csv"])
    assert {row["age"] for row in people} == {"90+", "65"}
    assert {row["ethnicity"] for row in people} == {""}


def test_pseudonyms_stay_within_a_purpose_and_differ_between_two(eleven, data_scientist):
    for patient in eleven:
        agree(patient, purpose="model_training")

    def names(purpose):
        return {row["patient"] for row in rows(made(data_scientist, purpose)["patients.csv"])}

    assert names("research") == names("research")
    assert not names("research") & names("model_training")


def test_the_same_rows_are_the_same_bytes(eleven, data_scientist):
    first, second = (
        cohorts.export("research", by=data_scientist, now=NOW).file.read() for _ in range(2)
    )
    assert first == second


def test_every_column_is_explained(eleven, data_scientist):
    content = made(data_scientist)
    explained = {(row["file"], row["column"]) for row in rows(content["dictionary.csv"])}
    sent = {
        (name, column)
        for name, text in content.items()
        if name.endswith(".csv") and name != "dictionary.csv"
        for column in next(csv.reader(io.StringIO(text)))
    }
    assert explained == sent


def test_fewer_than_ten_people_are_refused(eleven, data_scientist):
    for patient in eleven[:2]:
        agree(patient, given=False, at=NOW)
    with pytest.raises(cohorts.TooFew, match="Fewer than 10"):
        cohorts.export("research", by=data_scientist, now=NOW)


def test_an_export_is_written_down_with_whom_it_held(eleven, data_scientist):
    made(data_scientist)
    event = AuditEvent.objects.get(action="cohort.exported")
    assert set(event.patient_ids) == {patient.pk for patient in eleven}
    assert event.details == {"purpose": "research", "patients": 11}


def test_a_clinician_exports_no_cohort(eleven, clinician):
    with pytest.raises(PermissionDenied):
        cohorts.export("research", by=clinician, now=NOW)


def test_a_cohort_costs_the_same_for_ten_and_for_eleven(
    eleven, data_scientist, django_assert_num_queries
):
    for count in (11, 10):
        agree(eleven[0], given=count == 11, at=NOW + dt.timedelta(days=11 - count))
        with django_assert_num_queries(11):
            cohorts.export("research", by=data_scientist, now=NOW + dt.timedelta(days=5))


def test_a_data_scientist_downloads_a_cohort_from_its_page(eleven, data_scientist, client):
    client.force_login(data_scientist)
    page = client.get(reverse("patients:cohort"))
    assert "11 patients" in page.content.decode()
    response = client.post(reverse("patients:cohort"), {"purpose": "research"})
    assert zipfile.is_zipfile(io.BytesIO(b"".join(response.streaming_content)))


def test_the_page_says_why_there_is_nothing_to_download(data_scientist, client):
    client.force_login(data_scientist)
    response = client.post(reverse("patients:cohort"), {"purpose": "research"}, follow=True)
    assert "Fewer than 10 patients have agreed" in response.content.decode()


def test_the_command_writes_an_archive_and_never_over_another(eleven, tmp_path):
    target = tmp_path / "cohort.zip"
    call_command("export_cohort", "research", str(target))
    assert zipfile.is_zipfile(target)
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_cohort", "research", str(target))
