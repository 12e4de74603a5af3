"""The site as people use it, in a real browser on real processes."""

import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.journeys.conftest import ROOT

pytestmark = pytest.mark.browser
CLINICIAN, LAB, ADMIN, PATIENT = "dr.osei", "lab.kim", "ada.admin", "p.demo"
EDITOR = "ed.moreau"
PAGES = [
    (CLINICIAN, "/worklist/"),
    (CLINICIAN, "/models/"),
    (CLINICIAN, "/tour/"),
    (CLINICIAN, "/tasks/"),
    (CLINICIAN, "/notices/"),
    (CLINICIAN, "/emergency/"),
    (CLINICIAN, "/recommendations/tasks/"),
    (CLINICIAN, "/recommendations/order/"),
    (EDITOR, "/catalogue/"),
    (EDITOR, "/catalogue/M01/"),
    (EDITOR, "/catalogue/M01/change/"),
    (EDITOR, "/catalogue/new/interaction/"),
    (EDITOR, "/catalogue/X001/withdraw/"),
    (EDITOR, "/catalogue/expired/"),
    (EDITOR, "/recommendations/order/weights/"),
    (LAB, "/labs/"),
    (LAB, "/labs/upload/"),
    (LAB, "/labs/held/"),
    (ADMIN, "/models/"),
    (ADMIN, "/jobs/"),
    (ADMIN, "/recommendations/quality/"),
    (ADMIN, "/recommendations/alert-budget/"),
    (ADMIN, "/labs/"),
    (ADMIN, "/records/duplicates/"),
    (ADMIN, "/emergency/review/"),
    (ADMIN, "/api/v1/docs/"),
    (PATIENT, "/my-health/"),
    (PATIENT, "/my-health/devices/"),
    (PATIENT, "/my-health/consent/"),
    (PATIENT, "/my-health/looks/"),
    (PATIENT, "/my-health/preferences/"),
    (CLINICIAN, "/no-such-page/"),
]
PHONE = {"width": 390, "height": 844}


def faults(page):
    """Violations of the CSP, and serious findings about accessibility."""
    page.wait_for_load_state("networkidle")
    found = Axe().run(page).response["violations"]
    serious = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
    return {"csp": page.evaluate("window.violations"), "axe": serious}


def open_patient(page, number="000001"):
    page.goto(f"/worklist/?q=CL-{number}")
    page.locator("table a[href^='/patients/']").first.click()
    page.wait_for_url(re.compile("/patients/"))


@pytest.mark.parametrize(("username", "path"), PAGES)
def test_a_page_breaks_no_rule_of_csp_or_accessibility(sign_in, username, path):
    page = sign_in(username, path)

    assert faults(page) == {"csp": [], "axe": []}


def test_the_login_page_breaks_no_rule(chromium, site):
    page = chromium.new_page(base_url=site.url)
    page.add_init_script("window.violations = []")
    page.goto("/login/")

    assert faults(page) == {"csp": [], "axe": []}


@pytest.mark.parametrize("number", [f"00000{n}" for n in (1, 2, 3, 4, 8, 9)])
def test_the_patient_page_breaks_no_rule(sign_in, number):
    page = sign_in(CLINICIAN)
    open_patient(page, number)

    assert faults(page) == {"csp": [], "axe": []}


def test_no_page_of_a_record_breaks_a_rule_or_runs_off_a_phone(sign_in):
    page = sign_in(CLINICIAN, viewport=PHONE)
    open_patient(page)
    places = page.locator("nav.places a").evaluate_all("links => links.map(link => link.href)")

    for place in places:
        page.goto(place)
        assert faults(page) == {"csp": [], "axe": []}, place
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], place
    assert len(places) > 6


def test_the_model_page_breaks_no_rule(sign_in):
    page = sign_in(ADMIN, "/models/")
    page.locator("main a[href^='/models/']").first.click()
    page.wait_for_url(re.compile(r"/models/\d+/"))

    assert faults(page) == {"csp": [], "axe": []}


@pytest.mark.parametrize("path", ["/worklist/", "patient", "/my-health/"])
def test_nothing_runs_off_a_phone(sign_in, path):
    page = sign_in(PATIENT if path == "/my-health/" else CLINICIAN, viewport=PHONE)
    if path == "patient":
        open_patient(page)
    else:
        page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_from_lab_file_to_accepted_advice(sign_in):
    lab = sign_in(LAB, "/labs/upload/")
    lab.get_by_label(re.compile("file", re.IGNORECASE)).first.set_input_files(
        ROOT / "samples" / "demo_day.csv"
    )
    lab.get_by_role("button", name="Upload and check").click()
    lab.get_by_role("link", name="Continue").click()
    lab.get_by_role("button", name="Preview the import").click()
    lab.get_by_role("button", name=re.compile(r"Import \d")).click(timeout=60_000)
    lab.get_by_text("Read to its last row").wait_for(timeout=60_000)
    assert faults(lab) == {"csp": [], "axe": []}

    clinician = sign_in(CLINICIAN)
    open_patient(clinician)
    advice = clinician.locator("ol.advice > li").first
    title = advice.get_by_role("heading").first.inner_text()
    advice.get_by_role("button", name="Accept").click()
    clinician.get_by_text(re.compile("Accepted", re.IGNORECASE)).first.wait_for(timeout=10_000)
    clinician.reload()

    answered = clinician.locator("details", has_text="answered").last
    assert title in answered.text_content()
    assert "accepted" in answered.text_content().lower()


def test_an_answer_is_taken_back_with_one_click_after_a_reload(sign_in):
    page = sign_in(CLINICIAN)
    open_patient(page, "000003")
    first = page.locator("ol.advice > li").first
    title = first.get_by_role("heading").first.inner_text()
    first.locator("summary", has_text="Decline").click()
    first.get_by_role("button", name="Not relevant here").click()
    page.get_by_text(re.compile("Declined by")).first.wait_for(timeout=10_000)
    page.reload()

    undo = page.get_by_role("button", name=re.compile("^Undo"))
    assert undo.is_visible()
    assert faults(page) == {"csp": [], "axe": []}
    undo.click()
    page.get_by_role("button", name=re.compile("^Accept")).first.wait_for(timeout=10_000)
    page.reload()

    assert page.get_by_role("button", name=re.compile("^Undo")).count() == 0
    assert page.locator("ol.advice > li").first.get_by_role("heading").first.inner_text() == title


def unused_for(page, minutes):
    """As if nobody had used any window of the site for so long."""
    page.evaluate(
        """minutes => {
          localStorage.setItem("carelens-seen", String(Date.now() - minutes * 60000));
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        minutes,
    )


def test_who_is_away_is_warned_may_stay_and_is_led_back_otherwise(sign_in):
    page = sign_in(CLINICIAN, "/recommendations/order/?from=here")
    warning = page.get_by_text("You will be logged out in about two minutes")
    unused_for(page, 26)
    assert warning.is_hidden()

    unused_for(page, 27.5)
    assert warning.is_visible()
    assert faults(page) == {"csp": [], "axe": []}
    if shots := os.environ.get("CARELENS_SHOTS"):
        page.screenshot(path=f"{shots}/idle.png")
    page.get_by_role("button", name="Stay logged in").click()
    warning.wait_for(state="hidden")

    page.context.clear_cookies()
    unused_for(page, 31)
    page.wait_for_url(re.compile("/login/"))
    assert page.url.endswith("?idle=1&next=%2Frecommendations%2Forder%2F%3Ffrom%3Dhere")
    assert page.get_by_text("You were logged out").is_visible()
    if shots:
        page.screenshot(path=f"{shots}/login.png")


def test_numbers_of_quality_are_counted_again_on_request(sign_in):
    page = sign_in(ADMIN, "/recommendations/quality/")

    page.get_by_role("button", name="Count now").click()

    page.get_by_text("The numbers are being counted.").wait_for()  # or the test fails
    assert faults(page) == {"csp": [], "axe": []}
    if shots := os.environ.get("CARELENS_SHOTS"):
        page.screenshot(path=f"{shots}/quality.png")
