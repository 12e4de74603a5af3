"""The steps from a chosen file to its import, as a browser without script takes them."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from patients.labcsv.profile import Profile
from patients.models import LabImport, LabSource, LocalCode, Result
from tests.factories import (
    CareTeamFactory,
    LabImportFactory,
    LabSourceFactory,
    UserFactory,
)
from tests.patients.labfiles import ADA, counts, line, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
UPLOAD = "/labs/upload/"
# What a spreadsheet in Germany writes.
SEMICOLONS = (
    "Patient;Test;Ergebnis;Einheit;Entnahme\n"
    f"{ADA};HbA1c;6,5;%;01.03.2026\n"
    f"{ADA};HbA1c;6,7;%;14.02.2026\n"
)
# Nothing in it says whether the day or the month comes first.
UNSURE = f"mrn,code,value,unit,collected_at\n{ADA},HBA1C,6.5,%,03/02/2026\n"


def send(client, content, **fields):
    content = content if isinstance(content, bytes) else content.encode("cp1252")
    return client.post(UPLOAD, {"file": SimpleUploadedFile("labs.csv", content), **fields})


def place(step, lab_import=None):
    lab_import = lab_import or LabImport.objects.get()
    return reverse(f"patients:import-{step}", args=[lab_import.public_id])


def filled_in(client, address):
    """What the form of a page would send as it stands."""
    form = client.get(address).context["form"]
    return {name: form[name].value() or "" for name in form.fields}


def confirm_columns(client, **answers):
    address = place("mapping")
    return client.post(address, {**filled_in(client, address), **answers})


def previewed(client, run_jobs, content, **fields):
    send(client, content, **fields)
    confirm_columns(client)
    run_jobs()
    return client.get(place("preview"))


def test_an_upload_waits_at_the_check_of_its_file(signed_in_lab, ada):
    response = send(signed_in_lab, text(line("7")))

    lab_import = LabImport.objects.get()
    assert (response.url, lab_import.job, lab_import.confirmed_at) == (place("check"), None, None)
    assert signed_in_lab.get(reverse("patients:import", args=[lab_import.public_id])).url == (
        place("check")
    )


def test_the_same_file_leads_to_where_the_first_one_waits(signed_in_lab, ada):
    send(signed_in_lab, text(line("7")))

    again = signed_in_lab.get(send(signed_in_lab, text(line("7"))).url, follow=True)

    assert again.request["PATH_INFO"] == place("check")
    assert b"already uploaded" in again.content


def test_an_unreadable_file_is_explained_on_the_form(signed_in_lab):
    response = send(signed_in_lab, b"%PDF-1.7 nothing to read here")

    assert response.status_code == 200
    assert "PDF" in str(response.context["form"].errors)
    assert not LabImport.objects.exists()


def test_a_known_source_and_a_new_name_are_not_taken_together(signed_in_lab):
    LabSourceFactory(name="Central")

    response = send(signed_in_lab, text(line("7")), source="Central", new_source="Other")

    assert "not both" in str(response.context["form"].errors)
    assert not LabImport.objects.exists()


def test_the_check_shows_how_the_file_is_read_and_its_first_rows(signed_in_lab):
    page = signed_in_lab.get(send(signed_in_lab, SEMICOLONS).url)

    said = dict(page.context["facts"])
    assert (said["Between cells stands a"], said["Headings"]) == ("semicolon", "5, in line 1")
    assert b"14.02.2026" in page.content
    assert AuditEvent.objects.filter(action="lab_import.first_rows_read").count() == 1


def test_a_file_without_headings_is_not_said_to_have_some(signed_in_lab):
    page = signed_in_lab.get(send(signed_in_lab, f"{ADA},HBA1C,6.5,%,2026-03-01\n").url)

    assert dict(page.context["facts"])["Headings"] == "none over the 5 columns"


def test_columns_that_mean_nothing_are_named_before_the_import(signed_in_lab):
    content = f"mrn,code,value,unit,collected_at,Ward\n{ADA},HBA1C,6.5,%,2026-03-01,4B\n"

    page = signed_in_lab.get(send(signed_in_lab, content).url)

    assert page.context["guess"].ignored == ("Ward",)
    assert b"Columns and sheets that would not be read" in page.content


def test_the_mapping_is_filled_in_with_what_the_file_says(signed_in_lab):
    send(signed_in_lab, SEMICOLONS)

    said = filled_in(signed_in_lab, place("mapping"))

    assert said["column_mrn"] == "Patient"
    assert said["column_value"] == "Ergebnis"
    assert (said["decimal"], said["date_order"]) == (",", "dmy")


def test_columns_that_mean_nothing_stand_in_no_way_of_the_mapping(signed_in_lab):
    send(signed_in_lab, f"mrn,code,value,unit,collected_at,Ward\n{ADA},HBA1C,6.5,%,2026-03-01,4B\n")

    assert signed_in_lab.get(place("mapping")).context["form"].tests == []


def test_a_doubt_has_no_default_and_must_be_answered(signed_in_lab):
    send(signed_in_lab, UNSURE)

    refused = confirm_columns(signed_in_lab)
    answered = confirm_columns(signed_in_lab, date_order="dmy")

    assert "date_order" in refused.context["form"].errors
    assert b"which comes first" in refused.content
    assert answered.url == place("preview")
    assert LabImport.objects.get().profile["date_order"] == "dmy"


def test_one_column_cannot_be_two_things(signed_in_lab):
    send(signed_in_lab, text(line("7")))

    response = confirm_columns(signed_in_lab, column_value="unit")

    assert "One column cannot be two" in str(response.context["form"].errors)


def test_a_required_column_must_be_chosen(signed_in_lab):
    send(signed_in_lab, text(line("7")))

    assert "column_value" in confirm_columns(signed_in_lab, column_value="").context["form"].errors


def test_a_wide_table_asks_for_the_test_of_each_column(signed_in_lab, ada, run_jobs):
    content = f"mrn,collected_at,Sugar,HbA1c (%)\n{ADA},2026-03-01,99,6.5\n{ADA},2026-03-02,90,\n"
    send(signed_in_lab, content)
    page = signed_in_lab.get(place("mapping"))
    rows = {row.heading: row for row in page.context["form"].tests}

    confirm_columns(
        signed_in_lab, **{rows["Sugar"].code.name: "GLUCOSE", rows["Sugar"].unit.name: "mg/dL"}
    )
    run_jobs()

    assert LabImport.objects.get().preview["counts"]["accepted"] == 3


def test_the_other_layout_is_one_click_away(signed_in_lab):
    send(signed_in_lab, text(line("7")))

    page = signed_in_lab.get(place("mapping"), {"layout": "wide"})

    assert page.context["form"].profile.layout == "wide"
    assert "column_value" not in page.context["form"].fields


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


# Two titles above, and headings that nobody here knows.
ODD = (
    "Ward 3|printed 1 March\n"
    "\n"
    "who|what|how much|in|when\n"
    f"{ADA}|HbA1c|6,5|%|2026-03-01\n"
    f"{ADA}|HbA1c|6,7|%|2026-02-14\n"
)


def test_the_line_of_the_headings_and_the_delimiter_may_be_said(signed_in_lab, ada, run_jobs):
    send(signed_in_lab, ODD)

    checked = signed_in_lab.get(f"{place('check')}?delimiter=%7C&header_row=3")
    address = f"{place('mapping')}{checked.context['start_query']}"
    said = {"column_mrn": "who", "column_code": "what", "column_value": "how much",
            "column_unit": "in", "column_collected_at": "when"}  # fmt: skip
    signed_in_lab.post(address, {**filled_in(signed_in_lab, address), **said})
    run_jobs()

    assert address.encode().replace(b"&", b"&amp;") in checked.content
    assert checked.context["guess"].header == ("who", "what", "how much", "in", "when")
    assert LabImport.objects.get().preview["counts"]["accepted"] == 2


def test_a_line_that_is_not_there_is_said_and_may_be_changed(signed_in_lab):
    send(signed_in_lab, SEMICOLONS)

    page = signed_in_lab.get(f"{place('check')}?delimiter=%3B&header_row=40")

    assert b"Line 40 of the file names no columns" in page.content
    assert b"Look again" in page.content


def test_tests_behind_the_three_hundredth_are_read_as_guessed(signed_in_lab, ada, run_jobs):
    tests = [f"Test {n} (mg/dL)" for n in range(320)] + ["Glucose (mg/dL)"]
    header = ",".join(["mrn", "collected_at", *tests])
    values = ",".join([ADA, "2026-03-01", *["1"] * 320, "99"])
    send(signed_in_lab, f"{header}\n{values}\n")

    confirm_columns(signed_in_lab)
    run_jobs()

    assert LabImport.objects.get().preview["counts"]["accepted"] == 1


TURNED = (
    f"Patient {ADA};;;\nTest;Einheit;01.03.2026;14.02.2026\nGlucose;mg/dL;99;101\nHbA1c;%;6,5;6,7\n"
)


def test_a_table_turned_on_its_side_is_refused_with_what_to_do(signed_in_lab):
    page = send(signed_in_lab, TURNED)
    page = signed_in_lab.get(place("check")) if LabImport.objects.exists() else page

    assert b"choose Paste special, Transpose" in page.content


@pytest.mark.parametrize("choice", ["Kreatinin", ""])
def test_a_test_of_another_language_is_confirmed_with_one_click(
    signed_in_lab, ada, run_jobs, choice
):
    content = (
        f"mrn;code;value;unit;collected_at\n{ADA};Kreatinin;1,1;mg/dL;2026-03-01\n"
        f"{ADA};Hämoglobin;14,2;g/dL;2026-03-01\n"
    )
    page = previewed(signed_in_lab, run_jobs, content, new_source="Central")
    assert "Yes, it is Creatinine" in page.content.decode()
    assert not LocalCode.objects.exists()

    signed_in_lab.post(place("codes"), {"accept": choice})
    run_jobs()

    said = set(LocalCode.objects.values_list("code", "analyte__code"))
    assert said == {("Kreatinin", "CREAT"), *([] if choice else [("Hämoglobin", "HGB")])}
    assert LabImport.objects.get().preview["counts"]["accepted"] == len(said)


def test_what_a_clerk_is_asked_for_is_said_in_words(signed_in_lab):
    send(signed_in_lab, "who;what;how much;in\nCL-1;HbA1c;6,5;%\nCL-1;HbA1c;6,7;%\n")

    page = signed_in_lab.get(place("check")).content.decode()

    assert "No column is headed “Patient number”" in page
    assert "“mrn”" not in page
