import os
import signal

from django.core.management.base import BaseCommand, CommandError

from healthcare.runtime import servers, state

PATIENCE = 30


class Command(BaseCommand):
    help = "Stop what `serve` started, and the embedded servers."

    def handle(self, **options):
        if running := state.find():
            os.kill(running.pid, signal.SIGTERM)
            if not state.wait_until_gone(running, seconds=PATIENCE):
                raise CommandError(f"Process {running.pid} does not end; kill it by hand.")
        servers.stop()
        self.stdout.write("Stopped.")
