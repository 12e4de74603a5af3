"""The last steps of an upload: preview, what codes mean, and the import."""

import json

import pytest
from django.urls import reverse

from healthcare.accounts.models import User
from patients.labcsv.profile import Profile
from patients.models import LabImport, LabSource, LocalCode, Result
from tests.factories import (
    CareTeamFactory,
    LabImportFactory,
    UserFactory,
)
from tests.patients.labfiles import ADA, counts
from tests.patients.wizard import (
    SEMICOLONS,
    confirm_columns,
    place,
    previewed,
    send,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]


def test_the_preview_changes_nothing(signed_in_lab, ada, run_jobs):
    page = previewed(signed_in_lab, run_jobs, SEMICOLONS)

    said = {kind["code"]: kind["count"] for kind in page.context["preview"]["kinds"]}
    assert said == {"accepted": 2, "corrected": 0, "duplicate": 0, "refused": 0, "unmatched": 0}
    assert not Result.objects.exists()
    assert ADA.encode() not in page.content


def test_the_preview_is_asked_for_until_it_is_there(signed_in_lab, ada, run_jobs):
    send(signed_in_lab, SEMICOLONS)
    confirm_columns(signed_in_lab)

    before = signed_in_lab.get(place("preview-status"))
    run_jobs()
    after = signed_in_lab.get(place("preview-status"))

    assert b'hx-trigger="every 1s"' in before.content
    assert after["HX-Refresh"] == "true"


def test_a_preview_is_not_begun_by_looking(signed_in_lab):
    send(signed_in_lab, SEMICOLONS)

    response = signed_in_lab.get(place("preview"))

    assert response.url == place("mapping")
    assert LabImport.objects.get().preview_job is None


def test_nothing_is_imported_before_the_preview_is_there(signed_in_lab):
    send(signed_in_lab, SEMICOLONS)
    confirm_columns(signed_in_lab)

    signed_in_lab.post(place("preview"), {"is_sure": "on"})

    assert LabImport.objects.get().job is None


def test_a_confirmed_file_is_imported_as_it_was_previewed(signed_in_lab, ada, run_jobs):
    previewed(signed_in_lab, run_jobs, SEMICOLONS)

    response = signed_in_lab.post(place("preview"), {"is_sure": "on"})
    run_jobs()

    lab_import = LabImport.objects.get()
    assert response.url == reverse("patients:import", args=[lab_import.public_id])
    assert counts(lab_import) == (2, 0, 0, 0)
    assert sorted(Result.objects.values_list("value", flat=True)) == [6.5, 6.7]


def test_a_changed_mapping_asks_for_a_new_preview(signed_in_lab, ada, run_jobs):
    previewed(signed_in_lab, run_jobs, SEMICOLONS)

    confirm_columns(signed_in_lab, column_unit="")

    assert LabImport.objects.get().preview is None


@pytest.mark.parametrize("step", ["check", "mapping", "preview"])
def test_steps_of_an_imported_file_lead_to_its_report(signed_in_lab, step):
    lab_import = LabImportFactory()

    response = signed_in_lab.get(place(step))

    assert response.url == reverse("patients:import", args=[lab_import.public_id])


def test_a_source_is_remembered_with_how_its_file_was_read(signed_in_lab, ada, run_jobs):
    previewed(signed_in_lab, run_jobs, SEMICOLONS, new_source="Central  laboratory")

    signed_in_lab.post(place("preview"), {"is_sure": "on", "unknown_patients": "refuse"})

    source = LabSource.objects.get()
    assert (source.name, source.unknown_patients) == ("Central laboratory", "refuse")
    assert Profile.from_json(source.profile).decimal == ","


def test_the_next_file_of_a_known_source_goes_to_its_preview(signed_in_lab, ada, run_jobs):
    previewed(signed_in_lab, run_jobs, SEMICOLONS, new_source="Central")
    signed_in_lab.post(place("preview"), {"is_sure": "on", "unknown_patients": "hold"})

    response = send(signed_in_lab, SEMICOLONS.replace("6,5", "6,9"), source="Central")

    assert response.url == place("preview", LabImport.objects.latest("pk"))
    assert LabImport.objects.latest("pk").preview_job is not None


def test_unknown_codes_are_shown_with_what_they_may_be(signed_in_lab, ada, run_jobs):
    header = "mrn,code,test_name,value,unit,collected_at\n"
    content = f"{header}{ADA},GLUC-S,Glucose serum,5.5,mmol/L,2026-03-01\n"

    page = previewed(signed_in_lab, run_jobs, content, new_source="Central")

    [unknown] = page.context["unknown_tests"]
    assert (unknown["code"], unknown["name"], unknown["rows"]) == ("GLUC-S", "Glucose serum", 1)
    assert unknown["form"].fields["analyte"].choices[1][0] == "Likely"
    assert not LocalCode.objects.exists()


def test_a_code_that_is_said_is_remembered_and_previewed_anew(signed_in_lab, ada, run_jobs):
    content = f"mrn,code,value,unit,collected_at\n{ADA},XQ7,5.5,mmol/L,2026-03-01\n"
    previewed(signed_in_lab, run_jobs, content, new_source="Central")

    signed_in_lab.post(place("codes"), {"test-0-analyte": "GLU"})
    run_jobs()

    assert LocalCode.objects.get().code == "XQ7"
    assert LabImport.objects.get().preview["counts"]["accepted"] == 1


def test_codes_of_an_unnamed_source_are_not_remembered(signed_in_lab, ada, run_jobs):
    content = f"mrn,code,value,unit,collected_at\n{ADA},XQ7,5.5,mmol/L,2026-03-01\n"
    previewed(signed_in_lab, run_jobs, content)

    signed_in_lab.post(place("codes"), {"test-0-analyte": "GLU"})

    assert not LocalCode.objects.exists()


ORU = (
    "MSH|^~\\&|LAB|CENTRAL|CARELENS|CLINIC|20260301120000||ORU^R01|M1|P|2.5.1\r"
    f"PID|1||{ADA}^^^^MR||Family^Given||19600517|F\r"
    "OBR|1||A1|4548-4^HbA1c^LN|||20260301080000|||||||||||||||20260301110000|||F\r"
    "OBX|1|NM|4548-4^HbA1c^LN||6.5|%|||||F\r"
    "OBX|2|NM|4548-4^HbA1c^LN||oops|%|||||F\r"
)


def test_messages_can_be_previewed_before_they_are_imported(signed_in_lab, ada, run_jobs):
    send(signed_in_lab, ORU)
    signed_in_lab.post(place("preview-again"))
    run_jobs()

    page = signed_in_lab.get(place("preview"))

    said = {kind["code"]: kind["count"] for kind in page.context["preview"]["kinds"]}
    assert (said["accepted"], said["refused"]) == (1, 1)
    assert not Result.objects.exists()
    assert not LabImport.objects.get().problems.exists()


def test_a_bundle_needs_no_mapping_and_is_asked_for_its_care_team(signed_in_lab, run_jobs):
    team = CareTeamFactory(name="Ward 9")
    patient = {"resourceType": "Patient", "gender": "female", "birthDate": "1971-02-03",
               "name": [{"family": "New", "given": ["Person"]}],
               "identifier": [{"system": "http://hospital.example", "value": "F-1"}]}  # fmt: skip
    entry = {"fullUrl": "urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100", "resource": patient}
    send(signed_in_lab, json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [entry]}))

    assert signed_in_lab.get(place("mapping")).url == place("preview")
    signed_in_lab.post(place("preview"), {"is_sure": "on", "team": "Ward 9"})
    run_jobs()

    assert team.patients.get().family_name == "New"


@pytest.mark.parametrize("step", ["check", "mapping", "preview", "preview-status"])
@pytest.mark.parametrize("role", [User.Role.CLINICIAN, User.Role.PATIENT])
def test_other_roles_do_not_see_a_step(client, step, role):
    client.force_login(UserFactory(role=role))
    lab_import = LabImportFactory(file_name="canary.csv", job=None)

    response = client.get(place(step, lab_import))

    assert response.status_code == 403
    assert b"canary" not in response.content
