"""Make the README's pictures from a running demo: `make run` in one terminal, then this."""

import json
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
DATA_DIR = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var"
PICTURES = ROOT / "docs" / "pictures"
STORY = "CL-000001"


def main() -> None:
    url = json.loads((DATA_DIR / "serve.json").read_text())["url"]
    passwords = json.loads((DATA_DIR / "demo-logins.json").read_text())
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(base_url=url, viewport={"width": 1280, "height": 900})
        page.goto("/login/")
        page.locator("input[name=username]").fill("dr.osei")
        page.locator("input[name=password]").fill(passwords["dr.osei"])
        page.get_by_role("button", name="Log in").click()
        page.goto("/worklist/")
        page.screenshot(path=PICTURES / "worklist.png")
        page.goto(f"/worklist/?q={STORY}")
        page.locator("table a[href^='/patients/']").first.click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / "patient.png")
        browser.close()


if __name__ == "__main__":
    main()
