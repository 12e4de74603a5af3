"""The lab grid on paper: laid out by a browser for an A4 sheet, nothing cut off."""

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from tests.factories import ResultFactory

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no chromium: THE PRINT WAS NOT LOOKED AT"
    ),
]
DAY = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
TESTS = {"SODIUM": 141, "POTASSIUM": 4.35, "PLT": 1234.5, "LDL": 133.7, "HGB": 13.25}
DAYS = 8  # as many as a page of the grid has
SHEETS = {"portrait": (703, 1017), "landscape": (1032, 688)}  # A4 less its margins, in CSS pixels
LAYOUT = """() => {
  const shown = one => one.getClientRects().length > 0;
  const right = one => one.getBoundingClientRect().right;
  const clipped = one => !one.closest(".visually-hidden") && one.clientWidth > 1 &&
    one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible";
  return {
    sheet: document.documentElement.clientWidth,
    widest: Math.max(...[...document.querySelectorAll("main *")].filter(shown).map(right)),
    clipped: [...document.querySelectorAll("main *")].filter(shown).filter(clipped).length,
    values: [...document.querySelectorAll(".lab-value")].filter(shown).map(one => one.innerText),
    courses: [...document.querySelectorAll(".lab-grid svg.spark")].filter(shown).length,
    controls: [...document.querySelectorAll("button:not(.lab-unseen), .filters, nav, input")]
      .filter(shown).map(one => one.outerHTML.slice(0, 80)),
    ground: getComputedStyle(document.body).backgroundColor,
    who: document.querySelector(".who").innerText,
  };
}"""


@pytest.fixture
def page(signed_in, patient, tmp_path):
    """The grid of eight days as a file with the style sheets of the site."""
    for age in range(DAYS):
        at = DAY - dt.timedelta(days=age * 40)
        for code, value in TESTS.items():
            ResultFactory(
                patient=patient, code=code, value=value, collected_at=at, flag="HH",
                reference_low=value / 1.5, reference_high=value / 1.1,
            )  # fmt: skip
    html = signed_in.get(reverse("labs", args=[patient.public_id])).content.decode()
    static = (Path(settings.BASE_DIR) / "static").as_uri()
    path = tmp_path / "labs.html"
    path.write_text(re.sub(r"/static/", f"{static}/", re.sub(r"<script.*?</script>", "", html)))
    return path


@pytest.fixture
def printed(page):
    """Its layout on a sheet, and the sheet as PDF."""
    from playwright.sync_api import sync_playwright

    def laid_out(width, height):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            tab = browser.new_page(viewport={"width": width, "height": height})
            tab.emulate_media(media="print")
            tab.goto(page.as_uri())
            found = tab.evaluate(LAYOUT), tab.pdf(format="A4", landscape=width > height)
            browser.close()
        return found

    return laid_out


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_value_stands_on_the_sheet_and_no_control_does(printed, sheet):
    layout, pdf = printed(*SHEETS[sheet])

    assert layout["widest"] <= layout["sheet"] + 1
    assert layout["clipped"] == 0
    assert len(layout["values"]) == DAYS * len(TESTS)
    assert sum("4.35" in text for text in layout["values"]) == DAYS
    assert layout["courses"] == len(TESTS)
    assert layout["controls"] == []
    assert layout["ground"] == "rgb(255, 255, 255)"
    assert "OKAFOR" in layout["who"]
    assert "004 812 77" in layout["who"]
    assert pdf.startswith(b"%PDF")
