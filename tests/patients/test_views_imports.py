import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.jobs.models import Job
from patients.models import Result
from patients.services import labexports, labruns
from patients.services.labdrafts import Wishes
from tests.factories import LabImportFactory, PatientFactory, UserFactory
from tests.patients.labfiles import ADA, counts, import_file, import_lines, line, text

# Without a person: what is in doubt is refused.
SAMPLES = {
    "lab_clean.csv": (14, 2, 0, 0, 0),
    "lab_dirty.csv": (6, 1, 1, 11, 1),
    "lab_semicolon_cp1252.csv": (4, 0, 0, 1, 0),
    "lab_german_cp1252.csv": (5, 0, 0, 1, 0),
    "lab_doubtful.csv": (0, 0, 0, 3, 0),
}
COUNTS = ["accepted", "corrected", "duplicate", "refused", "unmatched"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]


def content_of(response):
    return b"".join(response.streaming_content).decode("utf-8-sig")


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


def test_what_one_row_may_have_meant_is_not_said_of_all(signed_in_lab, ada):
    content = text(
        *(f"{ADA},{code},1,%,2026-03-01T08:00Z,final,," for code in ("CREATT", "SODIUMM"))
    )
    address = reverse("patients:import", args=[import_file(content).public_id])

    [cause] = signed_in_lab.get(address).context["causes"]

    assert (cause["rows"], "Is it" in cause["repair"]) == (2, False)


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
    lab_import = LabImportFactory()
    lab_import.job.end(Job.Status.FAILED, at=lab_import.uploaded_at, failure="It is damaged.")

    page = signed_in_lab.get(reverse("patients:import", args=[lab_import.public_id]))

    assert b"It is damaged." in page.content


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


def taken(path, moment):
    """What became of the rows of a file that is read as it comes."""
    report = labruns.run(path, Wishes(), rehearse=True, most_problems=0, clock=lambda: moment,
                         started=lambda _: None, remark=lambda _: None)  # fmt: skip
    return tuple(report[name] for name in COUNTS)


def test_sample_files_are_read_as_they_say(team):
    for number in range(1, 6):
        PatientFactory(mrn=f"CL-{number:06d}", care_team=team)
    moment = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    samples = Path(settings.BASE_DIR) / "samples"

    read = {path.name: taken(path, moment) for path in samples.glob("lab_*.csv")}

    assert {name: counts for name, counts in read.items() if name in SAMPLES} == SAMPLES


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number(
    signed_in_lab, count, django_assert_num_queries
):
    LabImportFactory.create_batch(count)

    with django_assert_num_queries(4):  # session, user, count, page
        response = signed_in_lab.get("/labs/")

    assert response.content.count(b"labs.csv") == count


def test_the_list_leads_a_waiting_file_to_its_next_step(signed_in_lab):
    lab_import = LabImportFactory(job=None)

    page = signed_in_lab.get("/labs/")

    assert b"Waits for your confirmation" in page.content
    assert signed_in_lab.get(f"/labs/{lab_import.public_id}/").url.endswith("/check/")


def test_the_report_leads_to_the_rows_that_wait(signed_in_lab):
    lab_import = import_lines("CL-9,HBA1C,7,%,2026-03-01,,,")

    page = signed_in_lab.get(reverse("patients:import", args=[lab_import.public_id]))

    assert b"1 row waits for a person" in page.content
    assert reverse("patients:held-results").encode() in page.content


def test_a_file_that_is_gone_is_no_fault_of_the_page(signed_in_lab, ada):
    lab_import = import_lines(line("x"))
    lab_import.file.storage.delete(lab_import.file.name)

    address = reverse("patients:import-problems-csv", args=[lab_import.public_id])
    page = signed_in_lab.get(address, follow=True)

    assert b"no longer on the disk" in page.content


def test_rows_of_a_wide_table_come_back_one_result_a_line(signed_in_lab, ada):
    wide = f"mrn,collected_at,HbA1c (%),GLU (mg/dL)\n{ADA},2026-03-01,oops,99\n"
    profile = {"layout": "wide", "columns": {"mrn": "mrn", "collected_at": "collected_at"},
               "tests": {"HbA1c (%)": {"code": "HBA1C", "unit": "%"},
                         "GLU (mg/dL)": {"code": "GLU", "unit": "mg/dL"}}}  # fmt: skip
    lab_import = import_file(wide, profile=profile)
    address = reverse("patients:import-problems-csv", args=[lab_import.public_id])

    [row] = csv.DictReader(io.StringIO(content_of(signed_in_lab.get(address))))

    assert (row["mrn"], row["code"], row["value"], row["unit"]) == (ADA, "HBA1C", "oops", "%")
    assert counts(lab_import) == (1, 0, 0, 1)


def withdraw(client, lab_import, **fields):
    return client.post(reverse("patients:import-withdraw", args=[lab_import.public_id]), fields,
                       follow=True)  # fmt: skip


def test_a_withdrawn_file_counts_no_more_and_says_who_and_why(signed_in_lab, ada):
    lab_import = import_lines(line("7"))

    page = withdraw(signed_in_lab, lab_import, reason="wrong hospital")

    assert not Result.objects.current().exists()
    assert b"This file was withdrawn" in page.content
    assert b"wrong hospital" in page.content


def test_nothing_is_withdrawn_without_a_reason(signed_in_lab, ada):
    lab_import = import_lines(line("7"))

    page = withdraw(signed_in_lab, lab_import, reason="")

    assert "reason" in page.context["form"].errors
    assert Result.objects.current().count() == 1


def test_a_file_is_withdrawn_once(signed_in_lab, ada):
    lab_import = import_lines(line("7"))

    for reason in ["wrong hospital", "again, please"]:
        withdraw(signed_in_lab, lab_import, reason=reason)

    lab_import.refresh_from_db()
    assert lab_import.withdrawal_reason == "wrong hospital"


def test_a_file_that_is_being_read_is_not_withdrawn(signed_in_lab):
    lab_import = LabImportFactory()

    page = withdraw(signed_in_lab, lab_import, reason="too early")

    assert b"read to its end" in page.content
    lab_import.refresh_from_db()
    assert lab_import.withdrawn_at is None


def test_an_empty_list_says_what_to_do(signed_in_lab):
    assert b"No file yet" in signed_in_lab.get("/labs/").content


PLACES = ["import", "import-status", "import-problems-csv", "import-withdraw"]


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


@pytest.mark.parametrize(
    "address", ["/labs/", "/labs/upload/", "/labs/template.csv", "/labs/held/"]
)
def test_strangers_are_sent_to_the_log_in(client, address):
    assert client.get(address).status_code == 302
