import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients.models import LabImport
from patients.services import labexports
from tests.factories import LabImportFactory, PatientFactory, UserFactory
from tests.patients.labfiles import ADA, counts, import_file, import_lines, line, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
UPLOAD = "/labs/upload/"


def send(client, content):
    file = SimpleUploadedFile(
        "labs.csv", content if isinstance(content, bytes) else content.encode()
    )
    return client.post(UPLOAD, {"file": file})


def content_of(response):
    return b"".join(response.streaming_content).decode("utf-8-sig")


def test_an_upload_leads_to_its_page(signed_in_lab, ada):
    response = send(signed_in_lab, text(line("7")))

    lab_import = LabImport.objects.get()
    assert response.url == reverse("patients:import", args=[lab_import.public_id])
    assert b"labs.csv" in signed_in_lab.get(response.url).content


def test_the_same_file_leads_to_the_earlier_page(signed_in_lab, ada):
    first = send(signed_in_lab, text(line("7")))

    again = signed_in_lab.get(send(signed_in_lab, text(line("7"))).url)

    assert again.request["PATH_INFO"] == first.url
    assert b"already uploaded" in again.content


def test_an_unreadable_file_is_explained_on_the_form(signed_in_lab):
    response = send(signed_in_lab, b"PK\x03\x04")

    assert response.status_code == 200
    assert b"Save it as CSV" in response.content


def test_the_template_passes_its_own_reader(signed_in_lab):
    PatientFactory(mrn="CL-000001")
    PatientFactory(mrn="CL-000002")
    template = content_of(signed_in_lab.get(reverse("patients:lab-template")))

    assert counts(import_file(template)) == (3, 0, 0, 0)


def test_the_page_asks_for_progress_until_the_job_has_ended(signed_in_lab):
    waiting = LabImportFactory()
    address = reverse("patients:import-status", args=[waiting.public_id])

    before = signed_in_lab.get(address)
    waiting.job.end(Job.Status.DONE, at=waiting.uploaded_at)
    after = signed_in_lab.get(address)

    assert b'hx-trigger="every 1s"' in before.content
    assert b"hx-trigger" not in after.content
    assert after["HX-Refresh"] == "true"


def test_refused_rows_are_grouped_by_cause(signed_in_lab, ada):
    lab_import = import_lines(line("x"), line("y"), line("", accession="B"))
    address = reverse("patients:import", args=[lab_import.public_id])

    page = signed_in_lab.get(address)
    one_cause = signed_in_lab.get(address, {"cause": "missing_value"})

    groups = [(group["code"], group["rows"]) for group in page.context["causes"]]
    assert groups == [("not_a_number", 2), ("missing_value", 1)]
    assert [problem.row for problem in one_cause.context["page"]] == [4]


def test_columns_that_were_not_read_are_named(signed_in_lab, ada):
    lab_import = import_file(
        text(
            line("7") + ",4B",
            header="mrn,code,value,unit,collected_at,status,issued_at,accession,Ward",
        )
    )

    page = signed_in_lab.get(reverse("patients:import", args=[lab_import.public_id]))

    assert page.context["ignored"] == ("Ward",)


def test_a_failed_import_says_why(signed_in_lab):
    lab_import = import_file("name,result\n")

    page = signed_in_lab.get(reverse("patients:import", args=[lab_import.public_id]))

    assert b"first line must name the columns" in page.content


def test_refused_rows_come_back_with_all_their_cells(signed_in_lab, ada):
    lab_import = import_lines(line("x", accession="=CMD()"), line("7"), "short,row")
    address = reverse("patients:import-problems-csv", args=[lab_import.public_id])

    rows = list(csv.DictReader(io.StringIO(content_of(signed_in_lab.get(address)))))

    assert [(row["value"], row["accession"]) for row in rows] == [("x", "'=CMD()"), ("", "")]
    assert rows[0]["repair"].startswith("Write digits")


def test_taking_the_refused_rows_away_is_recorded(signed_in_lab, ada):
    lab_import = import_lines(line("x"))

    signed_in_lab.get(reverse("patients:import-problems-csv", args=[lab_import.public_id]))

    event = AuditEvent.objects.get(action="lab_import.refused_rows_read")
    assert event.target_id == str(lab_import.pk)


def test_refused_rows_put_right_are_taken(signed_in_lab, ada):
    lab_import = import_lines(line("x"), line("7", accession="B"))
    address = reverse("patients:import-problems-csv", args=[lab_import.public_id])

    repaired = content_of(signed_in_lab.get(address)).replace(",x,", ",6.5,")

    assert counts(import_file(repaired)) == (1, 0, 0, 0)


def test_refused_rows_keep_the_delimiter_that_tells_how_numbers_are_meant(signed_in_lab, ada):
    lab_import = import_file("mrn;code;value;unit;collected_at\nCL-9;HBA1C;6,5;%;2026-03-01\n")
    address = reverse("patients:import-problems-csv", args=[lab_import.public_id])

    repaired = content_of(signed_in_lab.get(address)).replace("CL-9", ADA)

    assert counts(import_file(repaired)) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("cell", "harmless"),
    [("=1+1", "'=1+1"), ("+1", "+1"), ("-0.5", "-0.5"), ("@SUM(A1)", "'@SUM(A1)"),
     ("-1+cmd", "'-1+cmd"), ("\tx", "'\tx"), ("CL-1", "CL-1"), ("", "")],
)  # fmt: skip
def test_no_cell_of_a_download_is_a_formula(cell, harmless):
    assert labexports.harmless(cell) == harmless


def test_every_sample_file_is_read_as_it_says(team):
    for number in range(1, 6):
        PatientFactory(mrn=f"CL-{number:06d}", care_team=team)
    moment = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    samples = Path(settings.BASE_DIR) / "samples"

    read = {
        path.name: counts(import_file(path.read_bytes(), uploaded_at=moment))
        for path in samples.glob("lab_*.csv")
    }

    assert read == {
        "lab_clean.csv": (14, 2, 0, 0),
        "lab_dirty.csv": (5, 1, 1, 13),
        "lab_semicolon_cp1252.csv": (4, 0, 0, 1),
    }


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number(
    signed_in_lab, count, django_assert_num_queries
):
    LabImportFactory.create_batch(count)

    with django_assert_num_queries(4):  # session, user, count, page
        response = signed_in_lab.get("/labs/")

    assert response.content.count(b"labs.csv") == count


def test_an_empty_list_says_what_to_do(signed_in_lab):
    assert b"No file yet" in signed_in_lab.get("/labs/").content


PLACES = ["import", "import-status", "import-problems-csv"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("role", [User.Role.CLINICIAN, User.Role.PATIENT, User.Role.DATA_SCIENTIST])
def test_other_roles_may_not_see_an_import(client, role, place):
    client.force_login(UserFactory(role=role))
    lab_import = LabImportFactory(file_name="canary.csv")

    response = client.get(reverse(f"patients:{place}", args=[lab_import.public_id]))

    assert response.status_code == 403
    assert b"canary" not in response.content


@pytest.mark.parametrize("place", PLACES)
def test_an_external_system_does_not_find_imports_of_others(client, api_client_user, place):
    client.force_login(api_client_user)
    lab_import = LabImportFactory()

    response = client.get(reverse(f"patients:{place}", args=[lab_import.public_id]))

    assert response.status_code == 404


@pytest.mark.parametrize("address", ["/labs/", UPLOAD, "/labs/template.csv"])
def test_strangers_are_sent_to_the_log_in(client, address):
    assert client.get(address).status_code == 302
