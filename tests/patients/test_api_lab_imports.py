"""Files of results over the API: sent, rehearsed, followed, withdrawn."""

import json
from hashlib import sha256

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from healthcare.jobs.models import Job
from patients.models import HeldResult, LabImport, LabSource, Result
from patients.services import labfiles, labs
from tests.factories import CareTeamFactory, LabImportFactory
from tests.patients.labfiles import ADA, import_lines, line, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
IMPORTS = "/api/v1/lab-imports/"
UNSURE = f"mrn,code,value,unit,collected_at\n{ADA},HBA1C,6.5,%,03/02/2026\n"


@pytest.fixture
def api(client, api_client_user):
    client.force_login(api_client_user)
    return client


def send(client, content=None, **fields):
    content = text(line("7.2")) if content is None else content
    file = SimpleUploadedFile("labs.csv", content.encode())
    return client.post(IMPORTS, {"file": file, **fields})


def test_an_upload_is_accepted_and_can_be_followed(api, ada):
    response = send(api)

    assert response.status_code == 202
    followed = api.get(response["Location"]).json()
    assert (followed["id"], followed["status"]) == (response.json()["id"], "WAITING")
    assert followed["progress"] == 0


def test_the_same_file_twice_is_a_conflict_that_says_where(api):
    first = send(api).json()

    response = send(api)

    assert response.status_code == 409
    assert first["id"] in response.json()["detail"]
    assert LabImport.objects.count() == 1


def test_an_unreadable_file_is_refused_with_a_sentence(api):
    response = send(api, "%PDF-1.7 nothing to read here")

    assert response.status_code == 422
    assert "PDF" in response.json()["detail"]
    assert not LabImport.objects.exists()


def test_too_large_a_file_is_refused(api, settings):
    settings.UPLOAD_MAX_BYTES = 10

    assert send(api).status_code == 413


def test_a_full_disk_is_no_fault_of_the_sender(api, monkeypatch):
    monkeypatch.setattr(labfiles, "FREE_BYTES", 2**60)

    assert send(api).status_code == 507


def test_an_upload_without_a_file_names_the_field(api):
    response = api.post(IMPORTS, {})

    assert response.status_code == 400
    assert "file" in response.json()["errors"]


def test_refused_rows_are_listed_in_the_order_of_the_file(api, ada, api_client_user):
    lab_import = import_lines(line("x"), line("6"), "CL-9,HBA1C,7,%,2026-03-01,,,",
                              uploaded_by=api_client_user)  # fmt: skip

    body = api.get(f"{IMPORTS}{lab_import.public_id}/problems/").json()

    assert [(row["row"], row["code"]) for row in body["results"]] == [
        (2, "not_a_number"),
        (4, "unknown_patient"),
    ]


def test_another_clients_import_is_not_found(api):
    foreign = LabImportFactory()

    assert api.get(f"{IMPORTS}{foreign.public_id}/").status_code == 404
    assert api.get(f"{IMPORTS}{foreign.public_id}/problems/").status_code == 404
    assert api.get(IMPORTS).json()["count"] == 0


def test_an_upload_over_the_api_ends_as_results(api, ada, run_jobs):
    location = send(api)["Location"]

    run_jobs()

    followed = api.get(location).json()
    assert (followed["status"], followed["progress"], followed["accepted"]) == ("DONE", 100, 1)
    assert Result.objects.get().patient == ada


def test_a_dry_run_says_what_would_be_and_stores_nothing(api, ada, run_jobs):
    sent = send(api, dry_run="true")
    run_jobs()

    body = api.get(sent["Location"]).json()
    assert (sent.status_code, body["status"]) == (202, "DRAFT")
    assert body["preview"]["counts"]["accepted"] == 1
    assert body["preview"]["samples"]["accepted"][0]["value"] == "7.2"
    assert not Result.objects.exists()


@pytest.mark.parametrize("how", ["confirm", "send again"])
def test_a_rehearsed_file_is_imported_when_it_is_said_so(api, ada, run_jobs, how):
    location = send(api, dry_run="true")["Location"]

    response = api.post(f"{location}confirm/") if how == "confirm" else send(api)
    run_jobs()

    assert response.status_code == 202
    assert api.get(location).json()["accepted"] == 1
    assert LabImport.objects.count() == 1


def test_confirming_twice_is_confirming_once(api, ada, run_jobs):
    location = send(api, dry_run="true")["Location"]

    for _time in range(2):
        assert api.post(f"{location}confirm/").status_code == 202
    run_jobs()

    assert Result.objects.count() == 1


def test_how_a_file_is_read_can_be_said(api, ada, run_jobs):
    send(api, UNSURE, profile=json.dumps({"date_order": "dmy"}))
    run_jobs()

    assert Result.objects.get().collected_at.date().isoformat() == "2026-02-03"


def test_where_the_table_begins_can_be_said(api, ada, run_jobs):
    odd = f"Ward 3|1 March\n\nwho|what|how much|in|when\n{ADA}|HBA1C|6.5|%|2026-03-01\n"
    columns = {"mrn": "who", "code": "what", "value": "how much", "unit": "in",
               "collected_at": "when"}  # fmt: skip
    profile = {"header_row": 3, "delimiter": "|", "columns": columns}

    send(api, odd, profile=json.dumps(profile))
    run_jobs()

    assert Result.objects.get().value == 6.5


@pytest.mark.parametrize("said", [{"delimiter": "??"}, {"header_row": "x"}, {"header_row": 99999}])
def test_an_impossible_beginning_is_refused_with_a_sentence(api, said):
    response = send(api, profile=json.dumps(said))

    assert response.status_code in (400, 422)
    assert not LabImport.objects.exists()


def test_what_is_in_doubt_is_refused_and_not_guessed(api, ada, run_jobs):
    location = send(api, UNSURE)["Location"]
    run_jobs()

    assert api.get(location).json()["refused"] == 1
    assert api.get(f"{location}problems/").json()["results"][0]["column"] == "collected_at"


@pytest.mark.parametrize("said", ['{"decimal": "?"}', '{"nothing": 1}', "[1]", "{not json"])
def test_an_impossible_profile_is_named(api, said):
    response = send(api, profile=said)

    assert response.status_code == 400
    assert "profile" in response.json()["errors"]
    assert not LabImport.objects.exists()


def test_a_source_is_named_and_its_policy_remembered(client, lab_staff, run_jobs):
    client.force_login(lab_staff)
    stranger = "mrn,code,value,unit,collected_at\nCL-9,HBA1C,6.5,%,2026-03-01\n"

    body = send(client, stranger, source="Central", unknown_patients="refuse").json()
    run_jobs()

    assert body["source"] == "Central"
    assert LabSource.objects.get().unknown_patients == "refuse"
    assert not HeldResult.objects.exists()


def test_a_sender_does_not_decide_about_unknown_patients(api):
    LabSource.objects.create(name="Central")

    response = send(api, source="Central", unknown_patients="refuse")

    assert response.status_code == 403
    assert "laboratory staff" in response.json()["detail"]
    assert LabSource.objects.get().unknown_patients == "hold"
    assert not LabImport.objects.exists()


def test_a_sender_may_say_what_was_decided_before(api):
    LabSource.objects.create(name="Central", unknown_patients="refuse")

    assert send(api, source="Central", unknown_patients="refuse").status_code == 202


@pytest.mark.parametrize("url", [IMPORTS, "/api/v1/fhir-bundles/"])
def test_a_sender_does_not_learn_when_another_sent_the_same(api, url, lab_staff):
    bundle = '{"resourceType": "Bundle", "type": "collection", "entry": []}'
    digest = sha256(bundle.encode()).hexdigest()
    LabImportFactory(content=bundle.encode(), digest=digest, uploaded_by=lab_staff)

    if url == IMPORTS:
        response = send(api, bundle)
    else:
        response = api.post(url, bundle, content_type="application/fhir+json")

    said = response.json()["detail"]
    assert (response.status_code, "/api/" in said, "202" in said) == (409, False, False)


def test_another_senders_file_is_not_withdrawn(api, api_client_user):
    foreign = import_lines(line("6"))

    response = api.post(f"{IMPORTS}{foreign.public_id}/withdraw/", {"reason": "not mine"},
                        "application/json")  # fmt: skip

    assert response.status_code == 404
    with pytest.raises(PermissionDenied):
        labs.withdraw(foreign, by=api_client_user, now=timezone.now(), reason="not mine")


def test_a_team_that_is_not_there_is_named(api):
    bundle = '{"resourceType": "Bundle", "type": "batch", "entry": []}'

    response = send(api, bundle, team="Ward 8")

    assert response.status_code == 400
    assert "Ward 8" in str(response.json()["errors"]["team"])
    assert not LabImport.objects.exists()


def test_a_policy_without_a_source_is_refused(api):
    response = send(api, unknown_patients="refuse")

    assert response.status_code == 400
    assert "source" in response.json()["errors"]


def test_a_file_is_withdrawn_with_its_reason(api, ada, run_jobs):
    location = send(api)["Location"]
    run_jobs()

    unsaid = api.post(f"{location}withdraw/", {}, "application/json")
    answers = [api.post(f"{location}withdraw/", {"reason": "wrong hospital"}, "application/json")
               for _time in range(2)]  # fmt: skip

    assert (unsaid.status_code, [one.status_code for one in answers]) == (400, [200, 200])
    assert answers[1].json()["withdrawal_reason"] == "wrong hospital"
    assert not Result.objects.current().exists()


def test_a_withdrawn_file_may_be_sent_again(api, ada, run_jobs):
    location = send(api)["Location"]
    run_jobs()
    api.post(f"{location}withdraw/", {"reason": "wrong hospital"}, "application/json")

    again = send(api)
    run_jobs()

    assert api.get(again["Location"]).json()["accepted"] == 1
    assert Result.objects.current().count() == 1


def test_a_file_that_is_not_read_yet_is_not_withdrawn(api):
    location = send(api)["Location"]

    response = api.post(f"{location}withdraw/", {"reason": "too early"}, "application/json")

    assert response.status_code == 409


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number(
    api, api_client_user, count, django_assert_num_queries
):
    LabImportFactory.create_batch(count, uploaded_by=api_client_user)

    with django_assert_num_queries(4):  # session, user, count, page
        body = api.get(IMPORTS).json()

    assert len(body["results"]) == count


def test_a_file_that_was_given_up_is_taken_up_again(api, ada):
    first = LabImport.objects.get(public_id=send(api).json()["id"])
    first.job.end(Job.Status.PARKED, at=first.uploaded_at)

    response = send(api)

    assert response.status_code == 202
    assert (response.json()["id"], response.json()["status"]) == (str(first.public_id), "WAITING")


def test_a_system_brings_patients_of_a_bundle_into_its_own_teams_only(api):
    other = CareTeamFactory(name="Other team")
    bundle = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": []})

    response = send(api, bundle, team=other.name)

    assert response.status_code == 403
    assert not LabImport.objects.exists()
