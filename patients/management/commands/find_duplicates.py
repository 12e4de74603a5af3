import time

from django.core.management.base import BaseCommand
from django.utils import timezone

from patients.services import duplicates


class Command(BaseCommand):
    help = "Look through all records for those that may be one person; fill the work list."

    def handle(self, **options):
        begun = time.monotonic()
        count = duplicates.find(now=timezone.now())
        seconds = time.monotonic() - begun
        self.stdout.write(f"Pairs on the work list: {count:,} ({seconds:.1f} s).")
