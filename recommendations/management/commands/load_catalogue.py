from django.core.management.base import BaseCommand, CommandError

from recommendations.catalogue import FaultyCatalogue
from recommendations.services import catalogue


class Command(BaseCommand):
    help = "Make the rows of the catalogue match the files in recommendations/catalogue."

    def handle(self, **options):
        try:
            differences = catalogue.load()
        except FaultyCatalogue as faulty:
            raise CommandError(str(faulty)) from faulty
        for name, difference in zip(["interventions", "interactions"], differences, strict=True):
            self.stdout.write(
                f"{name}: {len(difference.added)} added, {len(difference.changed)} changed, "
                f"{len(difference.withdrawn)} withdrawn"
            )
