"""The first steps of an upload: file, check and mapping, without script."""

import pytest
from django.urls import reverse

from healthcare.audit.models import AuditEvent
from patients.models import LabImport, LocalCode
from tests.factories import (
    LabSourceFactory,
)
from tests.patients.labfiles import ADA, line, text
from tests.patients.wizard import (
    SEMICOLONS,
    UNSURE,
    confirm_columns,
    filled_in,
    place,
    previewed,
    send,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]


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
