"""A file that waits: looked at, tried out, confirmed."""

from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile

from healthcare.accounts.models import User
from patients.labcsv import UnreadableFile
from patients.labcsv.guess import guess
from patients.labcsv.profile import Profile
from patients.models import HeldResult, ImportProblem, LabImport, Result
from patients.services import labs
from tests.factories import UserFactory
from tests.patients.labfiles import ADA, AT, DAY, NOW, counts, import_lines, line, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker", "ada")]
MIXED = [line("6"), line("7", "corrected"), line("6"), line("x"), line("8", accession="A2"),
         line("5").replace(ADA, "CL-999999")]  # fmt: skip


@pytest.fixture
def receive(lab_staff):
    """Take a file in that waits to be confirmed."""

    def take(*lines, content=None):
        content = text(*lines) if content is None else content
        upload = SimpleUploadedFile("labs.csv", content.encode())
        return labs.receive(upload=upload, by=lab_staff, now=NOW, confirm=False)

    return take


@pytest.fixture
def preview(lab_staff, run_jobs):
    """What an import would do."""

    def ask(lab_import):
        lab_import.profile = guess_of(lab_import).to_json()
        lab_import.save()
        labs.request_preview(lab_import, by=lab_staff)
        run_jobs()
        lab_import.refresh_from_db()
        return lab_import.preview

    return ask


def guess_of(lab_import):
    return guess(Path(lab_import.file.path)).profile


def test_a_file_that_waits_stores_nothing(receive, run_jobs):
    lab_import = receive(line("6"))

    run_jobs()

    assert (lab_import.job, lab_import.confirmed_at, lab_import.format) == (None, None, "table")
    assert not Result.objects.exists()


def test_a_preview_says_what_the_import_then_does(receive, preview, lab_staff, run_jobs):
    lab_import = receive(*MIXED)

    told = preview(lab_import)["counts"]
    labs.confirm(lab_import, guess_of(lab_import), by=lab_staff, now=NOW)
    run_jobs()

    lab_import.refresh_from_db()
    kinds = ["accepted", "corrected", "duplicate", "refused", "unmatched"]
    done = [*counts(lab_import), lab_import.unmatched_count]
    assert [told[kind] for kind in kinds] == done == [2, 1, 1, 1, 1]


@pytest.mark.usefixtures("small_blocks")
def test_a_preview_remembers_across_the_stretches_of_a_file(receive, preview):
    rows = [line("6", accession=f"A{n % 20}") for n in range(60)]

    told = preview(receive(*rows))["counts"]

    assert (told["accepted"], told["duplicate"]) == (20, 40)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr("patients.labcsv.lines.BLOCK", 400)
    monkeypatch.setattr("patients.labcsv.columns.STRETCH", 400)


def test_a_preview_changes_nothing(receive, preview):
    preview(receive(*MIXED))

    assert not Result.objects.exists()
    assert not ImportProblem.objects.exists()
    assert not HeldResult.objects.exists()


def test_a_preview_counts_what_is_here_already(receive, preview):
    import_lines(line("6"), line("7", accession="A2"))

    told = preview(receive(line("6"), line("9", "corrected", accession="A2")))["counts"]

    assert (told["accepted"], told["corrected"], told["duplicate"]) == (0, 1, 1)


def test_a_preview_counts_and_shows_as_new_what_was_withdrawn(receive, preview, lab_staff):
    first = import_lines(line("6"))
    labs.withdraw(first, by=lab_staff, now=NOW + DAY, reason="Wrong file")

    told = preview(receive(line("6"), line("6")))

    assert (told["counts"]["accepted"], told["counts"]["duplicate"]) == (1, 1)
    samples = told["samples"]
    assert (len(samples["accepted"]), len(samples["corrected"])) == (1, 0)


def test_a_preview_shows_samples_and_causes_without_naming_the_patient(receive, preview):
    told = preview(receive(*MIXED))

    assert told["samples"]["accepted"][0] == {
        "row": 2, "test": "Hemoglobin A1c", "value": "6", "unit": "%",
        "collected_at": "2026-03-01 08:00Z", "message": "",
    }  # fmt: skip
    assert [cause["code"] for cause in told["causes"]] == ["not_a_number", "unknown_patient"]
    assert ADA not in str(told)
    assert "CL-999999" not in str(told)


def test_confirming_twice_is_confirming_once(receive, lab_staff):
    lab_import = receive(line("6"))
    profile = guess_of(lab_import)

    first = labs.confirm(lab_import, profile, by=lab_staff, now=NOW)
    again = labs.confirm(lab_import, profile, by=lab_staff, now=NOW + DAY)

    assert (again.job_id, again.confirmed_at) == (first.job_id, NOW)


def test_a_file_that_is_confirmed_is_read_in_no_other_way(receive, lab_staff):
    lab_import = receive(line("6"))
    profile = guess_of(lab_import)
    labs.confirm(lab_import, profile, by=lab_staff, now=NOW)

    other = Profile.from_json(profile.to_json() | {"decimal": ","})
    with pytest.raises(labs.AlreadyConfirmed, match="being imported already"):
        labs.confirm(lab_import, other, by=lab_staff, now=NOW)


def test_a_file_is_not_confirmed_as_what_it_is_not(receive, lab_staff):
    with pytest.raises(UnreadableFile, match="no column"):
        labs.confirm(receive(line("6")), Profile(columns={"mrn": "No such column"}), by=lab_staff,
                     now=NOW)  # fmt: skip

    assert LabImport.objects.get().job is None


def test_only_those_who_may_upload_preview_and_confirm(receive):
    lab_import, clinician = receive(line("6")), UserFactory(role=User.Role.CLINICIAN)

    with pytest.raises(PermissionDenied):
        labs.request_preview(lab_import, by=clinician)
    with pytest.raises(PermissionDenied):
        labs.confirm(lab_import, None, by=clinician, now=NOW)


def test_a_wide_table_is_read_by_its_copy_which_is_then_removed(receive, lab_staff, run_jobs):
    content = f"MRN,Collected,HbA1c (%),Potassium (mmol/L)\n{ADA},{AT},7.2,4.1\n{ADA},{AT},x,\n"
    lab_import = receive(content=content)

    labs.confirm(lab_import, guess_of(lab_import), by=lab_staff, now=NOW)
    run_jobs()

    lab_import.refresh_from_db()
    assert counts(lab_import) == (2, 0, 0, 1)
    assert lab_import.problems.values_list("row", "column").get() == (3, "HbA1c (%)")
    assert [path.name for path in Path(lab_import.file.path).parent.iterdir()] == [
        lab_import.digest
    ]
