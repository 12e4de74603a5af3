"""Commands of this app. What `import_labs` prints is read by other programs."""

import gzip
import json

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from patients.models import Analyte, HeldResult, LabImport, LabSource, ReferenceRange, Result
from patients.services import reference
from tests.factories import CareTeamFactory
from tests.patients.labfiles import ADA, line, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def path(tmp_path):
    return written(tmp_path, text(line("7"), line("x"), "CL-9,HBA1C,7,%,2026-03-01,,,"))


def written(folder, content, name="labs.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def report_of(capsys, *arguments, **options):
    """The last line of the command, as its reader takes it."""
    call_command("import_labs", *arguments, "--json", **options)
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def rows_of_every_table():
    return {model._meta.label: model.objects.count() for model in apps.get_models()}


@pytest.mark.usefixtures("analytes", "ada")
def test_import_labs_ends_with_one_json_object(path, capsys):
    report = report_of(capsys, path)

    problems = report.pop("problems")
    assert report.pop("id") == str(LabImport.objects.get().public_id)
    assert report == {
        "rows": 3, "accepted": 1, "corrected": 0, "duplicate": 0, "refused": 1, "unmatched": 1,
    }  # fmt: skip
    assert [sorted(problem) for problem in problems] == [
        ["code", "column", "message", "repair", "row"]
    ] * 2


@pytest.mark.usefixtures("analytes", "ada")
def test_import_labs_of_the_same_file_tells_the_same_and_changes_nothing(path, capsys):
    first = report_of(capsys, path)

    assert report_of(capsys, path) == first
    assert Result.objects.count() == 1


@pytest.mark.usefixtures("analytes", "ada")
def test_a_dry_run_tells_the_same_and_leaves_no_trace(path, capsys, settings):
    before = rows_of_every_table()

    dry = report_of(capsys, path, dry_run=True)

    assert rows_of_every_table() == before
    assert not [one for one in settings.MEDIA_ROOT.rglob("*") if one.is_file()]
    real = report_of(capsys, path)
    assert {**dry, "id": None} == {**real, "id": None}


@pytest.mark.usefixtures("analytes", "ada")
def test_a_file_that_waits_for_its_confirmation_is_imported(path, capsys):
    from patients.services import labdrafts, labruns

    with path.open("rb") as file:
        from django.core.files import File
        from django.utils import timezone

        labdrafts.take(File(file, name="labs.csv"), labdrafts.Wishes(), by=labruns._system(),
                       now=timezone.now())  # fmt: skip

    assert report_of(capsys, path)["accepted"] == 1


@pytest.mark.usefixtures("analytes", "ada")
def test_problems_are_capped(path, capsys):
    assert len(report_of(capsys, path, max_problems=1)["problems"]) == 1


@pytest.mark.usefixtures("analytes", "ada")
def test_import_labs_speaks_plainly_without_json(path, capsys):
    call_command("import_labs", path, max_problems=1)

    said = capsys.readouterr().out
    assert "3 rows, 1 accepted" in said
    assert "line 3, value: This is not a number." in said
    assert "line 4" not in said


@pytest.mark.usefixtures("analytes", "ada")
def test_the_date_order_of_a_doubtful_file_can_be_said(tmp_path, capsys):
    doubtful = f"mrn,code,value,unit,collected_at\n{ADA},HBA1C,6.5,%,03/02/2026\n"

    unsaid = report_of(capsys, written(tmp_path, doubtful))
    said = report_of(capsys, written(tmp_path, doubtful + "\n"), date_order="dmy")

    assert (unsaid["accepted"], unsaid["problems"][0]["column"]) == (0, "collected_at")
    assert said["accepted"] == 1
    assert Result.objects.get().collected_at.date().isoformat() == "2026-02-03"


@pytest.mark.usefixtures("analytes", "ada")
def test_a_packed_file_is_read(tmp_path, capsys):
    packed = written(tmp_path, gzip.compress(text(line("7")).encode()), "labs.csv.gz")

    assert report_of(capsys, packed)["accepted"] == 1


@pytest.mark.usefixtures("analytes", "ada")
def test_unknown_patients_are_held_or_refused_as_the_source_says(tmp_path, capsys):
    stranger = "mrn,code,value,unit,collected_at\nCL-9,HBA1C,6.5,%,2026-03-01\n"

    report_of(capsys, written(tmp_path, stranger), source="Central")
    assert HeldResult.objects.count() == 1
    report_of(capsys, written(tmp_path, stranger + "\n"), source="Central",
              unknown_patients="refuse")  # fmt: skip

    assert HeldResult.objects.count() == 1
    assert LabSource.objects.get().unknown_patients == "refuse"


def test_what_is_remembered_of_a_source_needs_its_name(path):
    with pytest.raises(CommandError, match="Name the source"):
        call_command("import_labs", path, unknown_patients="refuse")


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n", b"mrn,code,value,unit,collected_at\n", b"PK\x03\x04x"]
)
def test_a_file_that_cannot_be_read_is_one_problem_and_exit_code_two(tmp_path, capsys, content):
    with pytest.raises(CommandError) as refusal:
        call_command("import_labs", written(tmp_path, content), "--json")

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    [problem] = report["problems"]
    assert (refusal.value.returncode, report["id"], report["rows"]) == (2, None, 0)
    assert (problem["row"], problem["code"]) == (None, "not_read")
    assert problem["message"]
    assert not LabImport.objects.exists()


def test_two_columns_of_one_meaning_are_named(tmp_path):
    content = f"mrn,code,value,value,unit,collected_at\n{ADA},HBA1C,6.1,6.3,%,2026-03-14\n"

    with pytest.raises(CommandError, match="More than one column may be") as refusal:
        call_command("import_labs", written(tmp_path, content.encode()))

    assert "value" in str(refusal.value)


def test_import_labs_says_why_it_cannot(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_labs", tmp_path / "missing.csv")


def test_import_labs_without_analytes_says_what_to_do(path):
    with pytest.raises(CommandError, match="load_reference"):
        call_command("import_labs", path)


ORU = (
    "MSH|^~\\&|LAB|CENTRAL|CARELENS|CLINIC|20260301120000||ORU^R01|M1|P|2.5.1\r"
    f"PID|1||{ADA}^^^^MR||Family^Given||19600517|F\r"
    "OBR|1||A1|4548-4^HbA1c^LN|||20260301080000|||||||||||||||20260301110000|||F\r"
    "OBX|1|NM|4548-4^HbA1c^LN||6.5|%|||||F\r"
)


@pytest.mark.usefixtures("analytes", "ada")
def test_a_file_of_messages_is_found_by_what_it_holds(tmp_path, capsys):
    report = report_of(capsys, written(tmp_path, ORU, "results.txt"))

    assert (report["rows"], report["accepted"]) == (1, 1)


@pytest.mark.usefixtures("analytes", "ada")
def test_a_dry_run_of_messages_leaves_no_trace(tmp_path, capsys):
    before = rows_of_every_table()

    assert report_of(capsys, written(tmp_path, ORU), dry_run=True)["accepted"] == 1
    assert rows_of_every_table() == before


BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"fullUrl": "urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100",
         "resource": {"resourceType": "Patient", "gender": "female", "birthDate": "1971-02-03",
                      "name": [{"family": "New", "given": ["Person"]}],
                      "identifier": [{"system": "http://hospital.example/mrn", "value": "F-1"}]}},
    ],
}  # fmt: skip


@pytest.mark.usefixtures("analytes")
def test_new_patients_of_a_bundle_come_into_the_named_team(tmp_path, capsys):
    team = CareTeamFactory(name="Ward 9")

    report_of(capsys, written(tmp_path, json.dumps(BUNDLE), "bundle.json"), team="ward 9")

    assert team.patients.get().family_name == "New"


@pytest.mark.usefixtures("analytes")
def test_a_team_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match="no care team “Ward 8”"):
        call_command("import_labs", written(tmp_path, json.dumps(BUNDLE)), team="Ward 8")


def test_load_reference_brings_every_analyte_and_range(capsys):
    call_command("load_reference")

    potassium = Analyte.objects.get(code="POTASSIUM")
    assert (potassium.loinc, potassium.unit, potassium.plausible_high) == ("2823-3", "mmol/L", 12)
    assert ReferenceRange.objects.filter(is_pregnant=True).exists()
    assert "0 changed" in capsys.readouterr().out


def test_load_reference_again_changes_nothing():
    reference.load()
    before = list(ReferenceRange.objects.order_by("pk").values())

    loaded = reference.load()

    assert (loaded.added, loaded.changed) == ([], [])
    assert list(ReferenceRange.objects.order_by("pk").values()) == before


def test_load_reference_puts_a_changed_row_right(capsys):
    reference.load()
    Analyte.objects.filter(code="HBA1C").update(unit="parsec")

    call_command("load_reference")

    assert Analyte.objects.get(code="HBA1C").unit == "%"
    assert "changed: HBA1C" in capsys.readouterr().out
