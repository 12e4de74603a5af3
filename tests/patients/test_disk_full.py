"""A disk that fills up while a file is being written (promise L12)."""

import ctypes
import os
import resource
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from patients.models import LabImport, Result
from patients.services import labfiles
from tests.patients.labfiles import ADA, HEADER, import_file, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
IMPORTS = "/api/v1/lab-imports/"
ROOM = 256 * 1024


def rows(count):
    days = (
        f"{ADA},HBA1C,6.{n % 10},%,2026-01-{n % 28 + 1:02d}T08:00Z,,,A{n}" for n in range(count)
    )
    return text(*days, header=HEADER).encode()


SMALL, LARGE = rows(5), rows(20_000)


@contextmanager
def no_larger_files(most):
    """The system refuses to write files beyond `most` bytes: a disk that is full, for one
    process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def small_disk(tmp_path, settings):
    """MEDIA_ROOT on a disk of its own, of a megabyte."""
    libc, place = ctypes.CDLL(None, use_errno=True), tmp_path / "disk"
    place.mkdir()
    if libc.mount(b"tmpfs", os.fsencode(place), b"tmpfs", 0, b"size=1m"):
        pytest.skip(f"No disk of its own for this test: {os.strerror(ctypes.get_errno())}.")
    settings.MEDIA_ROOT = place
    yield place
    libc.umount2(os.fsencode(place), 2)  # MNT_DETACH


@pytest.fixture
def unguarded(monkeypatch):
    """The guard for free space saw enough: others filled the disk after it had looked."""
    monkeypatch.setattr(labfiles, "FREE_BYTES", 0)
    monkeypatch.setattr(labfiles, "FREE_FACTOR", 0)


def send(client, content):
    return client.post(IMPORTS, {"file": SimpleUploadedFile("labs.csv", content)})


def check_refused_whole(response, media):
    assert response.status_code == 507
    assert "not enough free disk space" in response.json()["detail"]
    assert not LabImport.objects.exists()
    left = [path for path in media.rglob("*") if path.is_file()]
    assert left == []


def test_a_disk_that_fills_up_during_an_upload_leaves_no_half_file(
    client, lab_staff, settings, unguarded
):
    client.force_login(lab_staff)

    with no_larger_files(ROOM):
        response = send(client, LARGE)

    check_refused_whole(response, settings.MEDIA_ROOT)


def test_the_page_says_it_too(client, lab_staff, unguarded):
    client.force_login(lab_staff)

    with no_larger_files(ROOM):
        page = client.post("/labs/upload/", {"file": SimpleUploadedFile("labs.csv", LARGE)})

    assert b"not enough free disk space" in page.content


def test_a_full_disk_of_its_own_refuses_a_file_and_takes_it_when_there_is_room(
    client, lab_staff, ada, small_disk, unguarded
):
    client.force_login(lab_staff)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 900_000)
    # As an upload of this size arrives in the memory of the web process.
    check_refused_whole_but(ballast, send(client, LARGE), small_disk)

    ballast.unlink()

    assert send(client, SMALL).status_code == 202


def check_refused_whole_but(ballast, response, media):
    kept = ballast.read_bytes()
    ballast.unlink()
    check_refused_whole(response, media)
    ballast.write_bytes(kept)


def test_what_was_stored_before_the_disk_was_full_is_still_there(
    client, lab_staff, ada, small_disk, unguarded
):
    client.force_login(lab_staff)
    import_file(SMALL)
    before = Result.objects.count()
    (small_disk / "ballast").write_bytes(b"x" * 900_000)

    assert send(client, LARGE).status_code == 507

    assert (Result.objects.count(), LabImport.objects.count()) == (before, 1)
