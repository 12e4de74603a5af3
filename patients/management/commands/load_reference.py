from django.core.management.base import BaseCommand

from patients.services import reference


class Command(BaseCommand):
    help = "Load analytes and reference ranges from the library; safe to run again."

    def handle(self, **options):
        loaded = reference.load()
        self.stdout.write(
            f"Analytes: {len(loaded.added)} added, {len(loaded.changed)} changed. "
            f"Reference ranges: {loaded.range_count}."
        )
        for code in loaded.changed:
            self.stdout.write(f"  changed: {code}")
