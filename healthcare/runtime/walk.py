"""The main job as an outside system and a clinician do it, over HTTP only."""

from __future__ import annotations

import http.cookiejar
import json
import re
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta

from healthcare.accounts import services as accounts
from healthcare.accounts.models import CareTeam, User
from healthcare.demo import services as demo

PATIENCE = 90  # seconds for each step of the background work
MRN = "CL-000001"


def panel() -> list[tuple[str, str, str]]:
    """A day on which everything has gone up, never twice the same: risks must move."""
    return [
        ("SBP", str(160 + secrets.randbelow(30)), "mm[Hg]"),
        ("2093-3", str(260 + secrets.randbelow(60)), "mg/dL"),
        ("2085-9", str(30 + secrets.randbelow(9)), "mg/dL"),
        ("2160-0", f"{1.1 + secrets.randbelow(40) / 100:.2f}", "mg/dL"),
        ("6690-2", f"{8 + secrets.randbelow(30) / 10:.1f}", "10*3/uL"),
    ]


class Miss(Exception):
    """A step did not do what it must; the message says which."""


class Walk:
    def __init__(self, url: str):
        self.url = url
        self.began = datetime.now(UTC)
        self.panel = panel()
        self.report: dict[str, object] = {}
        self.browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def go(self) -> dict[str, object]:
        self.user = self._make_key()
        try:
            for step in (self._find, self._upload, self._import, self._predict, self._recommend,
                         self._read_page):  # fmt: skip
                begun = time.monotonic()
                step()
                seconds = round(time.monotonic() - begun, 2)
                self.report[f"{step.__name__.strip('_')}_s"] = seconds
        finally:
            self._remove_key()
        return self.report

    def _make_key(self) -> User:
        name = f"smoke-{uuid.uuid4().hex[:8]}"
        self.key = accounts.create_api_key(
            name=name, role=User.Role.API_CLIENT, care_teams=list(CareTeam.objects.all())
        )
        return User.objects.get(api_keys__name=name)

    def _remove_key(self) -> None:
        # The user stays: imports and audit events tell of it. Its key does not.
        self.user.api_keys.all().delete()
        User.objects.filter(pk=self.user.pk).update(is_active=False)

    def _find(self) -> None:
        found = self._get(f"patients/?identifier=mrn|{MRN}")["results"]
        if len(found) != 1:
            raise Miss(f"{len(found)} patients have {MRN}; is the demo hospital loaded?")
        self.patient = found[0]["id"]
        self.before = self._current("predictions")

    def _upload(self) -> None:
        collected = (self.began - timedelta(hours=1)).isoformat(timespec="seconds")
        lines = ["mrn,code,value,unit,collected_at,status"]
        lines += [
            f"{MRN},{code},{value},{unit},{collected},final" for code, value, unit in self.panel
        ]
        answer = self._post_file("lab-imports/", "\n".join(lines).encode())
        self.lab_import = answer["id"]

    def _import(self) -> None:
        done = self._wait_for(self._ended_import, "the import")
        accepted = done["accepted"] + done["corrected"]
        if accepted != len(self.panel):
            raise Miss(f"{accepted} of {len(self.panel)} results were accepted: {done}")
        self.report["results"] = accepted

    def _predict(self) -> None:
        self.predictions = self._wait_for(
            lambda: self._newer(self._current("predictions"), self.before), "predictions"
        )
        self.report["predictions"] = len(self.predictions)
        if not any(row["risk"] is not None for row in self.predictions):
            raise Miss("No prediction has a number.")

    def _recommend(self) -> None:
        scored_at = max(row["as_of"] for row in self.predictions)
        rows = self._wait_for(
            lambda: [r for r in self._current("recommendations") if r["as_of"] >= scored_at],
            "recommendations",
        )
        self.report["recommendations"] = sum(row["status"] == "recommended" for row in rows)
        if not self.report["recommendations"]:
            raise Miss("Nothing is recommended to a person with these values.")

    def _read_page(self) -> None:
        login = next(one for one in demo.logins() if one.username == demo.CLINICIAN)
        form = self.browser.open(f"{self.url}/login/").read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        if token is None:
            raise Miss("The log-in page has no form.")
        fields = {
            "username": login.username,
            "password": login.password,
            "csrfmiddlewaretoken": token[1],
        }
        self.browser.open(f"{self.url}/login/", urllib.parse.urlencode(fields).encode())
        page = self.browser.open(f"{self.url}/patients/{self.patient}/").read().decode()
        self.report["page_bytes"] = len(page)
        if self.panel[0][1] not in page or "Recommendations" not in page:
            raise Miss("The patient page does not show the new value and the recommendations.")

    def _ended_import(self) -> dict | None:
        row = self._get(f"lab-imports/{self.lab_import}/")
        if row["status"] in {"FAILED", "PARKED"}:
            raise Miss(f"The import failed: {row['failure']}")
        return row if row["status"] == "DONE" else None

    @staticmethod
    def _newer(rows: list[dict], before: list[dict]) -> list[dict]:
        """All of the rows, once one of them is newer than all before."""
        newest = max((row["as_of"] for row in before), default="")
        return rows if any(row["as_of"] > newest for row in rows) else []

    def _current(self, what: str) -> list[dict]:
        return self._get(f"patients/{self.patient}/{what}/")["results"]

    def _wait_for(self, look, what: str):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.2)
        raise Miss(f"Waited {PATIENCE} s for {what}.")

    def _get(self, path: str) -> dict:
        return self._call(urllib.request.Request(f"{self.url}/api/v1/{path}"))  # noqa: S310

    def _post_file(self, path: str, content: bytes) -> dict:
        edge = uuid.uuid4().hex
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="smoke.csv"\r\n'
            "Content-Type: text/csv\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data=body)  # noqa: S310
        request.add_header("Content-Type", f"multipart/form-data; boundary={edge}")
        return self._call(request)

    def _call(self, request: urllib.request.Request) -> dict:
        request.add_header("Authorization", f"Api-Key {self.key}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            path = urllib.parse.urlsplit(request.full_url).path
            raise Miss(f"{path} answered {refusal.code}: {refusal.read().decode()[:300]}") from None
