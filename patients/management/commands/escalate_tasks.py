"""Tell the next people of every critical result that nobody has acknowledged in time."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from patients.services import resulttasks


class Command(BaseCommand):
    help = "Escalate result tasks that are due now. The beat does this every minute by itself."

    def handle(self, *args, **options):
        count = resulttasks.escalate(now=timezone.now())
        self.stdout.write(f"{count} result task{'s' * (count != 1)} escalated.")
