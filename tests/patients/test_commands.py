import json

import pytest
from django.core.management import CommandError, call_command

from patients.models import Analyte, ReferenceRange, Result
from patients.services import reference
from tests.patients.labfiles import line, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "labs.csv"
    path.write_text(text(line("7"), line("x"), "CL-9,HBA1C,7,%,2026-03-01,,,"))
    return path


@pytest.mark.usefixtures("analytes", "ada")
def test_import_labs_ends_with_one_json_object(path, capsys):
    call_command("import_labs", path, "--json")

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    problems = report.pop("problems")
    assert report.pop("id")
    assert report == {
        "rows": 3, "accepted": 1, "corrected": 0, "duplicate": 0, "refused": 2, "unmatched": 1,
    }  # fmt: skip
    assert [sorted(problem) for problem in problems] == [
        ["code", "column", "message", "repair", "row"]
    ] * 2


@pytest.mark.usefixtures("analytes", "ada")
def test_import_labs_of_the_same_file_tells_the_same_and_changes_nothing(path, capsys):
    call_command("import_labs", path, "--json")
    first = capsys.readouterr().out

    call_command("import_labs", path, "--json")

    assert capsys.readouterr().out == first
    assert Result.objects.count() == 1


@pytest.mark.usefixtures("analytes", "ada")
def test_import_labs_speaks_plainly_without_json(path, capsys):
    call_command("import_labs", path, max_problems=1)

    said = capsys.readouterr().out
    assert "3 rows, 1 accepted" in said
    assert "line 3, value: This is not a number." in said
    assert "line 4" not in said


def test_import_labs_says_why_it_cannot(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_labs", tmp_path / "missing.csv")


def test_import_labs_without_analytes_says_what_to_do(path):
    with pytest.raises(CommandError, match="load_reference"):
        call_command("import_labs", path)


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
