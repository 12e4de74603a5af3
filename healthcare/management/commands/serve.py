"""`make run`: web, workers and beat in one terminal, on this machine."""

import contextlib
import os
import sys
import threading
import time
import urllib.request

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from healthcare.demo import services as demo
from healthcare.embedded.files import EmbeddedServerError
from healthcare.runtime import ports, processes, servers, state
from healthcare.runtime.processes import Supervised

# Celery warns of root because a pickled message could run code there; ours are JSON only.
ROOT_IS_FINE = "ignore:You're running the worker with superuser privileges"


class Command(BaseCommand):
    help = "Start web, workers and beat, keep them running, and stop all of it on Ctrl-C."

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=int(os.getenv("PORT") or 0))
        parser.add_argument("--demo", action="store_true", help="with the demo hospital")
        parser.add_argument("--patients", type=int, default=500, help="of the demo hospital")

    def handle(self, *, port, demo, patients, **options):
        self.lock = threading.Lock()
        self.tend_at = 0.0
        with state.one_supervisor() as is_first:
            if is_first:
                self._serve(port, demo=demo, patients=patients)
            else:
                self._point_to_the_first()

    def _point_to_the_first(self) -> None:
        running = state.find()
        if running is None:
            raise CommandError("Carelens is being started or stopped here. Wait a moment.")
        self.stdout.write(f"Carelens runs already at {running.url} (`make stop` ends it).")
        self._print_logins()

    def _serve(self, port: int, *, demo: bool, patients: int) -> None:
        try:
            servers.ensure()
            port = ports.choose(port or None)
        except (EmbeddedServerError, ports.PortTaken) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._prepare(demo=demo, patients=patients)
        self.url = f"http://127.0.0.1:{port}"
        state.write(state.Running(pid=os.getpid(), url=self.url))
        try:
            processes.run(
                self._processes(port),
                say=self._say,
                ready=self._announce_when_ready,
                tend=self._tend_servers,
            )
        finally:
            state.clear()
            servers.stop()

    def _prepare(self, *, demo: bool, patients: int) -> None:
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        self._say("serve", "database …")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("load_reference", stdout=_Quiet())
        call_command("load_catalogue", stdout=_Quiet())
        call_command("load_models", stdout=_Quiet())
        if demo:
            call_command("seed_demo", patients=patients, seed=7)

    def _processes(self, port: int) -> list[Supervised]:
        python = sys.executable
        celery = [python, "-m", "celery", "--quiet", "-A", "healthcare"]
        worker = [*celery, "worker", "--loglevel=WARNING", "--without-mingle", "--without-gossip"]
        one_thread = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": ROOT_IS_FINE}
        # fmt: off
        return [
            Supervised("web", [
                python, "-m", "granian", "--interface", "wsgi", "healthcare.wsgi:application",
                "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
                "--blocking-threads", "4", "--respawn-failed-workers", "--no-access-log",
                "--log-level", "warning",
            ], one_thread),
            Supervised("worker", [
                *worker, "-Q", "inference,imports", "-c", "2", "-n", "worker@%h",
            ], one_thread),
            Supervised("training", [
                *worker, "-Q", "training", "-c", "1", "-n", "training@%h",
            ], one_thread),
            Supervised("beat", [*celery, "beat", "--loglevel=WARNING"]),
            *self._listener(python),
        ]
        # fmt: on

    def _listener(self, python: str) -> list[Supervised]:
        """Laboratories send HL7 messages to MLLP_PORT, where it is set."""
        port = os.getenv("MLLP_PORT")
        if not port:
            return []
        command = [python, str(settings.BASE_DIR / "manage.py"), "mllp_server", "--port", port]
        return [Supervised("mllp", command, {"OMP_NUM_THREADS": "1"})]

    def _announce_when_ready(self) -> bool:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{self.url}/livez", timeout=1).close()  # noqa: S310
            self._say("serve", f"Carelens is ready at {self.url}")
            self._print_logins()
            self._say("serve", "Ctrl-C stops all of it.")
            return True
        return False

    def _tend_servers(self) -> None:
        """Every other second: start an embedded server again that was killed."""
        if time.monotonic() < self.tend_at:
            return
        self.tend_at = time.monotonic() + 2
        try:
            servers.ensure()
        except EmbeddedServerError as trouble:
            self._say("serve", str(trouble))

    def _print_logins(self) -> None:
        for login in demo.logins():
            self.stdout.write(f"  {login.role:<15} {login.username:<10} {login.password}")
        self.stdout.flush()

    def _say(self, name: str, line: str) -> None:
        with self.lock:
            self.stdout.write(f"{name:>8} │ {line}")
            self.stdout.flush()


class _Quiet:
    """Where the set-up commands may say what they like."""

    def write(self, *_):
        pass

    def flush(self):
        pass
