"""A whole Carelens on real processes, and a browser to walk through it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip
START_SECONDS = 240
PATIENTS = 40
WATCH_CSP = """
window.violations = [];
document.addEventListener('securitypolicyviolation', event => window.violations.push(
  `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@dataclass(frozen=True)
class Site:
    url: str
    passwords: dict[str, str]
    data_dir: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """`manage.py serve --demo` in a data folder of its own."""
    data_dir = tmp_path_factory.mktemp("site")
    log = (data_dir / "serve.log").open("w")
    command = [sys.executable, "manage.py", "serve", "--demo", "--patients", str(PATIENTS)]
    environment = os.environ | {"DATA_DIR": str(data_dir), "EMBEDDED_DURABLE": "0"}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield _wait_until_ready(server, data_dir)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        log.close()


def _wait_until_ready(server, data_dir):
    said = data_dir / "serve.log"
    deadline = time.monotonic() + START_SECONDS
    while "Ctrl-C" not in said.read_text():
        assert server.poll() is None, said.read_text()[-2000:]
        assert time.monotonic() < deadline, said.read_text()[-2000:]
        time.sleep(0.2)
    passwords = json.loads((data_dir / "demo-logins.json").read_text())
    running = json.loads((data_dir / "serve.json").read_text())
    return Site(running["url"], passwords, data_dir)


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        pytest.skip("there is no chromium here: THE BROWSER JOURNEYS DID NOT RUN")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def sign_in(chromium, site):
    """Open a page as one of the demo log-ins; every violation of the CSP is collected."""
    contexts = []

    def open_as(username, path="/", **options):
        context = chromium.new_context(base_url=site.url, **options)
        contexts.append(context)
        context.add_init_script(WATCH_CSP)
        page = context.new_page()
        page.goto("/login/")
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(site.passwords[username])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda url: "/login/" not in url)
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
