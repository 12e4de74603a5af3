"""FHIR over the API, from the command line, and the pages of a download."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from rest_framework.test import APIClient

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients.models import Condition, Consent, FhirResource, LabImport, Patient
from tests.factories import CareTeamFactory, PatientFactory
from tests.patients.fhirfiles import bundle, bundles, of_ada, patient

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
GOUT = {"text": "Gout"}


@pytest.fixture(autouse=True)
def ready(analytes, broker):
    """The table of analytes, and no broker."""


@pytest.fixture
def system(api_client_user):
    client = APIClient()
    client.force_authenticate(api_client_user)
    return client


def send(client, content, **query):
    return client.post(
        reverse("api-fhir-bundles", query=query), json.dumps(content),
        content_type="application/fhir+json",
    )  # fmt: skip


def work():
    for job in Job.objects.filter(status=Job.Status.WAITING, kind="labs.import"):
        jobs.run(job.pk, now=lambda: NOW)


def ada_with_gout():
    return bundle(patient(), of_ada("Condition", code=GOUT))


def test_a_bundle_is_taken_and_read_in_the_background(system, team):
    response = send(system, ada_with_gout(), care_team=team.name)
    assert response.status_code == 202
    work()
    told = system.get(response["Location"]).json()
    assert (told["status"], told["accepted"], told["rows"]) == ("DONE", 2, 2)
    assert Condition.objects.get().patient.care_team == team


def test_the_same_body_again_is_a_conflict_that_says_where(system, team):
    first = send(system, ada_with_gout(), care_team=team.name)
    second = send(system, ada_with_gout(), care_team=team.name)
    assert second.status_code == 409
    assert first["Location"] in second.json()["detail"]


def test_a_system_registers_patients_for_its_own_teams_only(system):
    other = CareTeamFactory()
    response = send(system, ada_with_gout(), care_team=other.name)
    assert response.status_code == 400
    assert "do not belong" in str(response.json()["errors"]["care_team"])
    assert not LabImport.objects.exists()


@pytest.mark.parametrize("body", ["", "mrn,code\n", "[1, 2]", '{"a": 1}', "{"])
def test_what_is_no_bundle_is_refused_with_a_sentence(system, body):
    address = reverse("api-fhir-bundles")
    response = system.post(address, body, content_type="application/fhir+json")
    assert response.status_code == 422
    assert response.json()["detail"]


def test_a_record_goes_to_another_system_with_consent_only(system, team):
    known = PatientFactory(care_team=team)
    address = reverse("api-patient-export", args=[known.public_id])
    refused = system.get(address, {"format": "fhir"})
    assert refused.status_code == 403
    assert "not agreed to share" in refused.json()["detail"]
    Consent.objects.create(patient=known, purpose="sharing", is_given=True, decided_at=NOW)
    response = system.get(address, {"format": "fhir"})
    assert response["Content-Type"] == "application/fhir+json"
    assert response.json()["entry"][0]["resource"]["birthDate"] == "1960-05-17"


def test_the_record_is_plain_json_unless_fhir_is_asked_for(system, team):
    known = PatientFactory(care_team=team)
    Consent.objects.create(patient=known, purpose="sharing", is_given=True, decided_at=NOW)
    response = system.get(reverse("api-patient-export", args=[known.public_id]))
    assert response.json()["format"] == "carelens-record"


def test_the_page_of_a_download_says_what_it_is(signed_in, team):
    known = PatientFactory(care_team=team)
    page = signed_in.get(reverse("patients:export", args=[known.public_id])).content.decode()
    assert "Download as FHIR" in page
    assert "Nobody has asked the patient about sharing" in page


def test_a_download_bears_no_name_of_the_patient(signed_in, team):
    known = PatientFactory(care_team=team, family_name="Quarrymead")
    response = signed_in.get(reverse("patients:export-fhir", args=[known.public_id]))
    assert response["Content-Disposition"] == 'attachment; filename="record.fhir.json"'
    assert b"Quarrymead" in response.content


def command(*arguments):
    out = StringIO()
    call_command("import_fhir", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ada.json").write_text(json.dumps(ada_with_gout()))
    (tmp_path / "notes.txt").write_text("not for reading")
    return tmp_path


def test_the_command_loads_a_folder_and_counts_by_type(folder, team):
    told = json.loads(command(folder, "--team", team.name, "--json"))
    assert told["resources"] == {"Condition": {"fact": 1}, "Patient": {"fact": 1}}
    assert (told["accepted"], told["files"][0]["file"]) == (2, "ada.json")
    assert Patient.objects.get().family_name == "Lovelace"


def test_the_command_twice_is_once(folder, team):
    first, second = (command(folder, "--team", team.name) for _ in range(2))
    assert first == second
    assert FhirResource.objects.count() == 2


def test_a_rehearsal_says_the_same_and_stores_nothing(folder, team):
    rehearsed = command(folder, "--team", team.name, "--dry-run")
    assert "2 accepted" in rehearsed
    assert "nothing was stored" in rehearsed
    assert not LabImport.objects.exists()
    assert not Patient.objects.exists()


def test_the_command_says_when_there_is_no_such_team(folder):
    with pytest.raises(CommandError, match="no care team"):
        command(folder, "--team", "Nowhere")


def test_a_cut_off_file_is_named_and_the_others_are_read(folder, team):
    (folder / "cut.json").write_text(json.dumps(ada_with_gout())[:-9])
    with pytest.raises(CommandError, match=r"cut\.json: The file is not whole JSON"):
        command(folder, "--team", team.name)
    assert Condition.objects.count() == 1


@bundles.needed
def test_a_real_bundle_loads_by_the_general_import_too(team):
    out = StringIO()
    call_command("import_labs", str(bundles.paths()[0]), "--team", team.name, "--json", stdout=out)
    report = json.loads(out.getvalue().splitlines()[-1])
    assert report["rows"] == len(bundles.read(0)["entry"])
    assert report["rows"] == report["accepted"] + report["refused"]
