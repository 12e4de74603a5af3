"""`make smoke`: the main job on real processes, without a browser."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from healthcare.runtime import state
from healthcare.runtime.walk import Miss, Walk

START_SECONDS = 300


class Command(BaseCommand):
    help = "Upload a lab file over HTTP, wait for risk and recommendations, read them, report."

    def add_arguments(self, parser):
        parser.add_argument("--patients", type=int, default=60, help="when a hospital is made")

    def handle(self, *, patients, **options):
        begun = time.monotonic()
        server = None
        try:
            running = state.find()
            if running is None:
                server = self._start(patients)
                running = self._wait(server)
            walk = Walk(running.url)
            report = {"started_s": round(time.monotonic() - begun, 1), **walk.go()}
        except Miss as miss:
            raise CommandError(f"Smoke: {miss}") from miss
        finally:
            if server is not None:
                server.terminate()
                with suppress(subprocess.TimeoutExpired):
                    server.wait(60)
        report["total_s"] = round(time.monotonic() - begun, 1)
        self.stdout.write(json.dumps(report))

    def _start(self, patients: int) -> subprocess.Popen:
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        self.log = settings.DATA_DIR / "smoke.log"
        command = [sys.executable, "manage.py", "serve", "--demo", "--patients", str(patients)]
        with self.log.open("w") as log:
            return subprocess.Popen(  # noqa: S603
                command, cwd=settings.BASE_DIR, stdout=log, stderr=log, env=os.environ
            )

    def _wait(self, server: subprocess.Popen) -> state.Running:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise Miss(f"serve ended with {server.returncode}; see {self.log}.")
            running = state.find()
            if running and "is ready at" in self.log.read_text(errors="replace"):
                return running
            time.sleep(0.2)
        raise Miss(f"serve was not ready in {START_SECONDS} s; see {self.log}.")
