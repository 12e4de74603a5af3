import datetime as dt
import io
import json
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients import signals
from patients import wearables as readers
from patients.labcsv import UnreadableFile
from patients.models import Patient, WearableDay, WearableUpload
from patients.services import labfiles, labs, merging, wearables
from tests.factories import CareTeamFactory, PatientFactory, UserFactory
from tests.factories.wearables import WearableUploadFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
TWO_DAYS = "day,steps,sleep_hours\n2026-03-01,5000,7\n2026-02-28,4000,8\n"
SOURCE = "Wearable table (patient-generated)"


@pytest.fixture
def sent(ada, clinician):
    """Send a table of Ada's days and read it; its outcome without the lists."""

    def send(text, now=NOW):
        file = SimpleUploadedFile("days.csv", text.encode())
        upload = wearables.receive(upload=file, patient=ada, by=clinician, now=now)
        wearables.import_days(upload.pk)
        upload.refresh_from_db()
        said = upload.outcome
        return [said[name] for name in ("days", "new", "changed", "same", "refused")]

    return send


def current():
    rows = WearableDay.objects.current().order_by("day")
    return [(row.day.day, row.steps, row.sleep_hours) for row in rows]


def test_each_day_is_a_row_that_says_who_counted_it(sent, ada, clinician):
    assert sent(TWO_DAYS) == [2, 2, 0, 0, 0]
    assert current() == [(28, 4000, 8), (1, 5000, 7)]
    row = WearableDay.objects.first()
    assert (row.patient, row.source, row.recorded_at) == (ada, SOURCE, NOW)
    assert row.entered_by == clinician


def test_the_same_days_again_change_nothing(sent):
    sent(TWO_DAYS)
    assert sent(TWO_DAYS, NOW + HOUR) == [2, 0, 0, 2, 0]
    assert WearableDay.objects.count() == 2


def test_a_changed_day_ends_the_earlier_one(sent):
    sent(TWO_DAYS)
    assert sent(TWO_DAYS.replace("5000", "6000"), NOW + HOUR) == [2, 0, 1, 1, 0]
    old = WearableDay.objects.get(steps=5000)
    assert (old.superseded_at, old.change_reason) == (NOW + HOUR, wearables.REASON)
    assert [row.steps for row in WearableDay.objects.known_at(NOW).order_by("day")] == [4000, 5000]


def test_what_an_export_does_not_say_stays(sent):
    sent("day,steps\n2026-03-01,5000\n")
    assert sent("day,sleep_hours\n2026-03-01,7\n", NOW + HOUR) == [1, 0, 1, 0, 0]
    assert current() == [(1, 5000, 7)]


def test_an_older_upload_that_is_read_later_does_not_win(sent):
    sent("day,steps\n2026-03-01,5000\n", NOW + HOUR)
    sent("day,steps,sleep_hours\n2026-03-01,1,7\n", NOW)
    assert current() == [(1, 5000, 7)]


@pytest.mark.parametrize("day", ["2026-03-04", "1960-05-16"])
def test_a_day_outside_the_life_of_the_patient_is_refused(sent, day):
    assert sent(f"day,steps\n{day.replace('1960', '2000')},5\n{day},5\n")[4] >= 1
    assert not WearableDay.objects.filter(day=day).exists()


def test_the_file_is_deleted_when_it_is_read(sent, settings):
    sent(TWO_DAYS)
    assert WearableUpload.objects.get().file.name == ""
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_reading_twice_is_reading_once(ada, clinician):
    upload = WearableUploadFactory(patient=ada)
    wearables.import_days(upload.pk)
    wearables.import_days(upload.pk)
    assert WearableDay.objects.count() == 1
    assert AuditEvent.objects.filter(action="wearables.imported").count() == 1


def test_a_file_that_is_no_export_fails_with_a_sentence_and_goes(ada, run_jobs, settings):
    upload = WearableUploadFactory(patient=ada, text="nonsense")
    upload.job.arguments = {"upload_id": upload.pk}
    upload.job.save()
    run_jobs()
    upload.job.refresh_from_db()
    assert (upload.job.status, WearableDay.objects.count()) == (Job.Status.FAILED, 0)
    assert "name the columns" in upload.job.failure
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.csv"))


def test_floors_above_hear_of_changes_only(sent, ada):
    heard = []

    def hear(patient_ids, **_):
        heard.append(patient_ids)

    signals.record_changed.connect(hear)
    try:
        sent(TWO_DAYS)
        sent(TWO_DAYS, NOW + HOUR)
    finally:
        signals.record_changed.disconnect(hear)
    assert heard == [[ada.pk]]


def test_only_those_who_see_the_patient_may_send(ada, lab_staff):
    stranger = UserFactory(role=User.Role.CLINICIAN, care_teams=[CareTeamFactory()])
    file = SimpleUploadedFile("days.csv", TWO_DAYS.encode())
    with pytest.raises(PermissionDenied):
        wearables.receive(upload=file, patient=ada, by=lab_staff, now=NOW)
    with pytest.raises(Patient.DoesNotExist):
        wearables.receive(upload=file, patient=ada, by=stranger, now=NOW)


def test_a_wearable_export_among_laboratory_files_is_sent_elsewhere(lab_staff):
    export = b'<?xml version="1.0"?><HealthData locale="en_GB"></HealthData>'
    with pytest.raises(UnreadableFile, match="Wearable devices"):
        labs.receive(upload=SimpleUploadedFile("export.xml", export), by=lab_staff, now=NOW)


def test_a_file_that_is_too_large_is_refused(ada, clinician, settings):
    settings.UPLOAD_MAX_BYTES = 10
    file = SimpleUploadedFile("days.csv", TWO_DAYS.encode())
    with pytest.raises(labfiles.TooLarge):
        wearables.receive(upload=file, patient=ada, by=clinician, now=NOW)
    assert WearableUpload.objects.count() == 0


def send_page(client, patient, text=TWO_DAYS):
    url = reverse("patients:wearables", args=[patient.public_id])
    return client.post(url, {"file": SimpleUploadedFile("my days.csv", text.encode())}, follow=True)


def test_a_clinician_sends_an_export_and_sees_what_came_of_it(signed_in, ada, run_jobs):
    assert b"Being read" in send_page(signed_in, ada).content
    run_jobs()
    page = signed_in.get(reverse("patients:wearables-status", args=[ada.public_id]))
    assert b"my days.csv" in page.content
    assert b"new days" in page.content
    assert b"every 2s" not in page.content


def test_refused_rows_and_unread_columns_are_told(signed_in, ada, run_jobs):
    send_page(signed_in, ada, "day,steps,mood\n2026-03-01,many,good\n")
    run_jobs()
    page = signed_in.get(reverse("patients:wearables", args=[ada.public_id])).content.decode()
    assert "This is not a number." in page
    assert "mood" in page


def test_patients_send_their_own(client, team, run_jobs):
    user = UserFactory(role=User.Role.PATIENT)
    own = PatientFactory(user=user, care_team=team)
    client.force_login(user)
    assert send_page(client, own).status_code == 200
    run_jobs()
    assert WearableDay.objects.filter(patient=own).count() == 2
    other = PatientFactory(care_team=team)
    assert send_page(client, other).status_code == 404


def test_patients_find_their_page_without_its_number(client):
    user = UserFactory(role=User.Role.PATIENT)
    own = PatientFactory(user=user)
    client.force_login(user)
    page = client.get(reverse("patients:my-devices"))
    assert page.url == reverse("patients:wearables", args=[own.public_id])


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_the_same_of_the_database_for_any_number(
    signed_in, ada, count, django_assert_num_queries
):
    WearableUploadFactory.create_batch(count, patient=ada)
    url = reverse("patients:wearables-status", args=[ada.public_id])
    with django_assert_num_queries(5):
        signed_in.get(url)


def test_reading_the_page_is_audited(signed_in, ada):
    signed_in.get(reverse("patients:wearables", args=[ada.public_id]))
    assert AuditEvent.objects.get(action="wearables.read").patient_ids == [ada.pk]


def test_the_api_takes_an_export_and_says_where_to_look(signed_in, ada, run_jobs):
    url = reverse("api-wearable-uploads", args=[ada.public_id])
    answer = signed_in.post(url, {"file": SimpleUploadedFile("d.csv", TWO_DAYS.encode())})
    assert (answer.status_code, answer.json()["status"]) == (202, "WAITING")
    run_jobs()
    later = signed_in.get(answer["Location"]).json()
    assert (later["status"], later["outcome"]["new"]) == ("DONE", 2)
    assert signed_in.get(url).json()["count"] == 1


def test_the_api_refuses_an_upload_without_a_file(signed_in, ada):
    url = reverse("api-wearable-uploads", args=[ada.public_id])
    assert signed_in.post(url, {}).status_code == 400


def command(path, **options):
    given = {"patient": "CL-000001", "by": "ada-doctor"} | options
    return call_command("import_wearables", str(path), **given)


def test_the_command_says_what_came_of_a_file(ada, team, tmp_path, capsys):
    UserFactory(username="ada-doctor", care_teams=[team])
    file = tmp_path / "days.csv"
    file.write_text(TWO_DAYS)
    command(file)
    command(file, json=True)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "2 days: 2 new, 0 changed, 0 known already. 0 refused."
    assert json.loads(second)["same"] == 2


@pytest.mark.parametrize(
    "options", [{"by": "nobody"}, {"patient": "CL-9"}], ids=["unknown user", "unknown patient"]
)
def test_the_command_refuses_strangers(ada, team, tmp_path, options):
    UserFactory(username="ada-doctor", care_teams=[team])
    file = tmp_path / "days.csv"
    file.write_text(TWO_DAYS)
    with pytest.raises(CommandError):
        command(file, **options)


def test_days_follow_a_record_that_was_merged_while_they_were_read(ada, clinician, administrator):
    upload = WearableUploadFactory(patient=ada, uploaded_by=clinician)
    read_before = WearableUpload.objects.select_related("patient", "uploaded_by").get(pk=upload.pk)
    kept = PatientFactory(care_team=ada.care_team)
    merging.merge(survivor=kept, merged=ada, by=administrator, now=NOW, reason="Same person")

    reading = readers.read(io.BytesIO(TWO_DAYS.encode()))
    wearables.store(reading, upload=read_before)

    assert {row.patient for row in WearableDay.objects.all()} == {kept}
