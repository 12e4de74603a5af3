import pytest
from django.core.management import CommandError, call_command

from healthcare.demo import services
from ml.datasets import synthetic
from patients.models import Analyte, Patient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes")]


def test_it_says_what_it_did(capsys):
    call_command("seed_demo", patients=14)

    said = capsys.readouterr().err
    assert "Demo hospital: 14 patients" in said
    assert "14 of 14 patients" in said
    assert "rows/s, about 0 s left" in said


def test_a_second_run_says_so_and_changes_nothing(capsys):
    call_command("seed_demo", patients=12, quiet=True)

    call_command("seed_demo", patients=30)

    assert "is there: 12 patients. Nothing changed." in capsys.readouterr().err
    assert Patient.objects.count() == 12


def test_quiet_says_nothing(capsys):
    call_command("seed_demo", patients=12, quiet=True)

    assert capsys.readouterr() == ("", "")


def test_no_password_is_printed(capsys):
    call_command("seed_demo", patients=12)

    said = capsys.readouterr()
    assert not [login for login in services.logins() if login.password in said.err + said.out]


def test_reset_starts_over(capsys):
    call_command("seed_demo", patients=12, quiet=True)

    call_command("seed_demo", patients=13, reset=True)

    assert "Removed 12 synthetic patients." in capsys.readouterr().err
    assert Patient.objects.count() == 13


def test_reset_of_nothing_is_refused():
    with pytest.raises(CommandError, match="no synthetic patients"):
        call_command("seed_demo", reset=True)


def test_a_hospital_without_patients_is_refused():
    with pytest.raises(CommandError, match="1 or more"):
        call_command("seed_demo", patients=0)


def test_refusals_are_one_sentence(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="production"):
        call_command("seed_demo")


def test_missing_analytes_name_the_command():
    Analyte.objects.all().delete()

    with pytest.raises(CommandError, match="load_reference"):
        call_command("seed_demo")


def test_progress_lines_count_up(capsys, monkeypatch):
    monkeypatch.setattr(synthetic, "BLOCK", 5)

    call_command("seed_demo", patients=20)

    lines = [line for line in capsys.readouterr().err.splitlines() if "left" in line]
    assert [line.split(" of ")[0] for line in lines] == ["15", "20"]
