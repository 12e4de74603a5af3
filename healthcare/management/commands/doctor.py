"""`make doctor`: what is wrong with this installation, each with what to do."""

import platform
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import django
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from kombu import Connection

from healthcare.embedded.files import EmbeddedServerError
from healthcare.runtime import ports, servers, state

LEAST_FREE = 2 * 1024**3

Finding = tuple[bool, str]


class Command(BaseCommand):
    help = "Check Python, disk, ports, database, broker, data and models."

    def handle(self, **options):
        was_running = state.find()
        bad = 0
        for is_fine, sentence in self._findings():
            self.stdout.write(("  ok     " if is_fine else "  WRONG  ") + sentence)
            bad += not is_fine
        if not was_running:
            servers.stop()
        if bad:
            raise CommandError(f"{bad} of the checks failed; each line says what to do.")

    def _findings(self) -> Iterator[Finding]:
        yield sys.version_info[:2] >= (3, 11), f"Python {platform.python_version()} (3.11 needed)"
        yield True, f"Django {django.get_version()}, Carelens {settings.VERSION}"
        yield self._disk()
        yield self._port()
        try:
            servers.ensure()
        except EmbeddedServerError as refusal:
            yield False, str(refusal)
            return
        yield self._database()
        yield self._migrations()
        yield self._broker()
        yield from self._contents()

    def _disk(self) -> Finding:
        free = shutil.disk_usage(settings.BASE_DIR).free
        return free > LEAST_FREE, f"{free / 1024**3:.1f} GB free (2 GB needed)"

    def _port(self) -> Finding:
        if running := state.find():
            return True, f"running at {running.url}"
        try:
            return True, f"port {ports.choose()} is free"
        except ports.PortTaken as taken:
            return False, str(taken)

    def _database(self) -> Finding:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW server_version")
                return True, f"PostgreSQL {cursor.fetchone()[0]}"
        except django.db.Error as error:
            return False, f"No database: {type(error).__name__}. Check DATABASE_URL."

    def _migrations(self) -> Finding:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        return not waiting, f"{len(waiting)} migrations wait (`manage.py migrate`)"

    def _broker(self) -> Finding:
        try:
            with Connection(settings.CELERY_BROKER_URL, connect_timeout=2) as broker:
                broker.ensure_connection(max_retries=1)
        except Exception as error:  # kombu raises whatever the transport raises
            return False, f"No broker: {type(error).__name__}. Check BROKER_URL."
        return True, "broker answers"

    def _contents(self) -> Iterator[Finding]:
        from patients.models import Analyte, Patient
        from predictions import artifacts
        from predictions.models import ModelVersion
        from recommendations.models import Intervention

        if not self._migrations()[0]:
            return
        loaded: list[tuple[Any, str]] = [
            (Analyte, "load_reference"),
            (Intervention, "load_catalogue"),
            (ModelVersion, "load_models"),
        ]
        for model, command in loaded:
            count = model.objects.count()
            yield count > 0, f"{count} {model._meta.verbose_name_plural} (`manage.py {command}`)"
        for version in ModelVersion.objects.filter(stage=ModelVersion.Stage.SERVING):
            broken = artifacts.fault(version)
            yield not broken, broken or f"{version} opens"
        yield True, f"{Patient.objects.count()} patients"
