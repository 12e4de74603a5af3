from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients.labcsv import UnreadableFile
from patients.models import LabImport
from patients.services import labfiles, labs
from tests.factories import UserFactory
from tests.patients.labfiles import DAY, NOW, line, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def upload(content=None, name="labs.csv"):
    content = text(line("7.2")) if content is None else content
    return SimpleUploadedFile(name, content.encode())


def test_receive_stores_the_file_queues_its_import_and_leaves_an_audit_event(
    lab_staff, broker, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        lab_import = labs.receive(upload=upload(), by=lab_staff, now=NOW)

    assert lab_import.file.read() == upload().read()
    assert broker == [lab_import.job_id]
    assert lab_import.job.arguments == {"lab_import_id": lab_import.pk}
    event = AuditEvent.objects.get(action="lab_import.received")
    assert (event.actor, event.target_id) == (lab_staff.username, str(lab_import.pk))


def test_receive_refuses_the_same_file_twice(lab_staff):
    first = labs.receive(upload=upload(), by=lab_staff, now=NOW)

    with pytest.raises(labs.AlreadyReceived, match="02 March 2026 at 09:00") as refusal:
        labs.receive(upload=upload(name="other.csv"), by=lab_staff, now=NOW + DAY)

    assert refusal.value.earlier == first


def test_receive_takes_up_again_what_was_given_up(lab_staff):
    first = labs.receive(upload=upload(), by=lab_staff, now=NOW)
    first.job.end(Job.Status.PARKED, at=NOW)

    again = labs.receive(upload=upload(), by=lab_staff, now=NOW + DAY)

    assert (again.pk, again.uploaded_at) == (first.pk, NOW)
    assert again.job.status == Job.Status.WAITING


@pytest.mark.parametrize("role", [User.Role.CLINICIAN, User.Role.PATIENT, User.Role.DATA_SCIENTIST])
def test_receive_is_for_those_who_may_upload(role):
    with pytest.raises(PermissionDenied):
        labs.receive(upload=upload(), by=UserFactory(role=role), now=NOW)


def test_receive_refuses_an_unreadable_file_and_keeps_nothing(lab_staff, settings):
    with pytest.raises(UnreadableFile):
        labs.receive(upload=upload("name,result\n"), by=lab_staff, now=NOW)

    assert list((settings.MEDIA_ROOT / labfiles.FOLDER).iterdir()) == []


def test_receive_refuses_a_file_that_is_too_large(lab_staff, settings):
    settings.UPLOAD_MAX_BYTES = 10

    with pytest.raises(labfiles.TooLarge):
        labs.receive(upload=upload(), by=lab_staff, now=NOW)


def test_receive_refuses_a_file_when_the_disk_is_nearly_full(lab_staff, monkeypatch):
    monkeypatch.setattr(labfiles, "FREE_BYTES", 2**60)

    with pytest.raises(labfiles.NoSpace):
        labs.receive(upload=upload(), by=lab_staff, now=NOW)


def test_receive_removes_what_a_dead_web_process_left(lab_staff, settings):
    folder = settings.MEDIA_ROOT / labfiles.FOLDER
    folder.mkdir(parents=True)
    (folder / "abandoned.part").touch()

    lab_import = labs.receive(upload=upload(), by=lab_staff, now=timezone.now() + 2 * DAY)

    assert [path.name for path in folder.iterdir()] == [lab_import.digest]


def test_a_file_name_is_kept_without_folders_and_tricks(lab_staff):
    name = "../../etc/\u202egnp.csv"

    lab_import = labs.receive(upload=upload(name=name), by=lab_staff, now=NOW)

    assert lab_import.file_name == "gnp.csv"


@pytest.mark.django_db(transaction=True)
def test_eight_uploads_of_one_file_at_once_are_one_import(lab_staff):
    def send(_number):
        try:
            return labs.receive(upload=upload(), by=lab_staff, now=NOW)
        except labs.AlreadyReceived:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        taken = [answer for answer in pool.map(send, range(8)) if answer]

    assert LabImport.objects.get() == taken[0]
    assert len(taken) == 1


@pytest.mark.parametrize("is_given_up", [True, False])
def test_one_system_does_not_take_up_the_file_of_another(api_client_user, is_given_up):
    first = labs.receive(upload=upload(), by=api_client_user, now=NOW, confirm=is_given_up)
    if is_given_up:
        first.job.end(Job.Status.PARKED, at=NOW)
    stranger = UserFactory(role=User.Role.API_CLIENT)

    with pytest.raises(labs.AlreadyReceived):
        labs.receive(upload=upload(), by=stranger, now=NOW + DAY)

    first.refresh_from_db()
    assert (first.job.status if first.job else None) == ("PARKED" if is_given_up else None)
