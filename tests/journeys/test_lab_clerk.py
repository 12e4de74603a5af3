"""A lab clerk with files as a spreadsheet saves them, in a real browser on real processes."""

import csv
import io
import re

import pytest

from tests.journeys.test_browser import LAB, PHONE, faults

openpyxl = pytest.importorskip("openpyxl")
pytestmark = pytest.mark.browser
CLEAN = {"csp": [], "axe": []}
# Semicolons, decimal commas, German dates, Windows-1252, and three rows that cannot be stored:
# a number of nobody, a test that only the laboratory knows, and a slip of the keyboard.
EXPORT = """Patientennummer;Untersuchung;Ergebnis;Einheit;Entnahmedatum;Station
CL-000001;HbA1c;7,1;%;14.03.2026 08:30;Süd
CL-000002;LDL;3,9;mmol/l;14.03.2026 09:10;Süd
CL-777777;HbA1c;6,0;%;15.03.2026 07:45;Nord
CL-000003;XGLUC;5,5;mmol/l;15.03.2026 07:45;Nord
CL-000004;HbA1c;7,,1;%;15.03.2026 07:45;Nord
"""
SHEET = [
    ["Patient ID", "Test", "Result", "Units", "Collected"],
    ["CL-000005", "HbA1c", 6.2, "%", "2026-03-16 08:00"],
    ["CL-000006", "LDL", "oops", "mg/dL", "2026-03-16 08:00"],
]


def choose(page, path, source=""):
    page.goto("/labs/upload/")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_label("Or a new one, by its name").fill(source)
    with page.expect_navigation():
        page.get_by_role("button", name="Upload and check").click()
    refused = page.locator("main").inner_text() if page.url.endswith("/labs/upload/") else ""
    assert not refused  # a full disk, for one: the page says why


def go_on(page, button):
    page.get_by_role("button", name=re.compile(button)).click()


def wait_for(page, text):
    page.get_by_text(text).first.wait_for(timeout=60_000)


def stats(page):
    labels = page.locator(".stat-label").all_inner_texts()
    values = page.locator(".stat-value").all_inner_texts()
    return dict(zip(labels, map(int, values), strict=True))


def imported(page, path, source=""):
    """From the file to its report, with what is filled in taken as it is."""
    choose(page, path, source)
    page.get_by_role("link", name="Continue").click()
    go_on(page, "Preview the import")
    wait_for(page, "New results")
    go_on(page, r"Import \d")
    wait_for(page, "Read to its last row")


def downloaded(page, button):
    with page.expect_download() as download:
        page.get_by_role("link", name=button).click()
    return download.value.path().read_text(encoding="utf-8-sig")


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "labor-export.csv"
    path.write_bytes(EXPORT.encode("cp1252"))
    return path


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "analyser.xlsx"
    workbook = openpyxl.Workbook()
    for row in SHEET:
        workbook.active.append(row)
    workbook.save(path)
    return path


def test_a_spreadsheet_export_goes_from_file_to_report_and_back(sign_in, export, tmp_path):
    page = sign_in(LAB)
    choose(page, export, "Labor Süd")
    assert page.get_by_text("Windows, Western Europe").is_visible()
    assert faults(page) == CLEAN
    page.get_by_role("link", name="Continue").click()
    assert page.get_by_label("Dates are written").input_value() == "dmy"
    assert page.get_by_label("Decimal sign").input_value() == ","
    assert faults(page) == CLEAN
    go_on(page, "Preview the import")
    wait_for(page, "New results")
    assert stats(page) == {"New results": 2, "New versions": 0, "Known already": 0,
                           "Refused": 2, "Patient not known": 1}  # fmt: skip
    assert faults(page) == CLEAN
    page.reload()
    page.go_back()
    page.go_forward()
    go_on(page, r"Import 5 rows")
    wait_for(page, "Read to its last row")
    assert stats(page)["New results"] == 2
    assert faults(page) == CLEAN

    rejected = downloaded(page, "Download these rows")
    again = tmp_path / "repaired.csv"
    again.write_text(rejected.replace("7,,1", "7,3"), encoding="utf-8-sig")
    imported(page, again)
    assert stats(page)["New results"] == 1

    page.get_by_role("link", name="Withdraw this file").click()
    assert faults(page) == CLEAN
    page.get_by_label("Why is it withdrawn?").fill("the second file of the same day")
    go_on(page, "Withdraw the file")
    assert page.get_by_text("This file was withdrawn").is_visible()


def test_held_rows_are_answered_in_the_browser(sign_in, tmp_path):
    page = sign_in(LAB)
    path = tmp_path / "held.csv"
    path.write_text("mrn,code,value,unit,collected_at\nCL-888888,HBA1C,6.6,%,2026-03-17\n")
    imported(page, path, "Labor West")
    page.goto("/labs/held/")
    assert faults(page) == CLEAN
    page.get_by_role("row", name="CL-888888").get_by_role("link").click()
    page.get_by_label("Patient number").fill("CL-000007")
    go_on(page, "Find")
    assert faults(page) == CLEAN
    page.get_by_role("radio").check()
    go_on(page, "Store 1 row")

    assert page.get_by_text("1 row settled").is_visible()


def test_a_workbook_is_imported_and_its_bad_row_comes_back(sign_in, sheet):
    page = sign_in(LAB)
    imported(page, sheet)

    rows = list(csv.DictReader(io.StringIO(downloaded(page, "Download these rows"))))

    assert stats(page)["New results"] == 1
    assert [(row["mrn"], row["value"]) for row in rows] == [("CL-000006", "oops")]


def test_the_wizard_needs_no_mouse(sign_in, tmp_path):
    page = sign_in(LAB, "/labs/upload/")
    path = tmp_path / "keys.csv"
    path.write_text("mrn,code,value,unit,collected_at\nCL-000008,HBA1C,6.6,%,2026-03-18\n")
    page.locator("input[type=file]").set_input_files(path)

    for name in ["Upload and check", "Continue", "Preview the import", "Import 1 row"]:
        target = page.get_by_role("link" if name == "Continue" else "button", name=name)
        target.wait_for(timeout=60_000)
        for _press in range(80):
            if target.evaluate("element => element === document.activeElement"):
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")

    wait_for(page, "Read to its last row")


def test_no_step_runs_off_a_narrow_screen(sign_in, export):
    page = sign_in(LAB, viewport={**PHONE, "width": 320})
    widths = {}
    export.write_bytes(EXPORT.replace("7,1", "7,4").encode("cp1252"))
    choose(page, export, "Labor Schmal")
    for step in ["check", "mapping", "preview"]:
        page.wait_for_load_state("networkidle")
        widths[step] = page.evaluate("document.documentElement.scrollWidth")
        if step == "check":
            page.get_by_role("link", name=re.compile("Continue")).click()
        if step == "mapping":
            go_on(page, "Preview the import")
            wait_for(page, "New results")

    assert {step: width <= 320 for step, width in widths.items()} == dict.fromkeys(widths, True)
