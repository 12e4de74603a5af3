from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from recommendations.catalogue import FaultyCatalogue, expiry
from recommendations.catalogue import load as load_files
from recommendations.catalogue.entries import Intervention
from recommendations.services import catalogue


class Command(BaseCommand):
    help = "Make the rows of the catalogue match the files in recommendations/catalogue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expired",
            action="store_true",
            help="only list the entries whose review has run out; change nothing",
        )

    def handle(self, *, expired: bool = False, **options):
        try:
            lines = self._expired() if expired else self._loaded()
        except FaultyCatalogue as faulty:
            raise CommandError(str(faulty)) from faulty
        for line in lines:
            self.stdout.write(line)

    def _loaded(self) -> list[str]:
        differences = catalogue.load()
        return [
            f"{name}: {len(difference.added)} added, {len(difference.changed)} changed, "
            f"{len(difference.withdrawn)} withdrawn"
            for name, difference in zip(["interventions", "interactions"], differences, strict=True)
        ]

    def _expired(self) -> list[str]:
        whole = load_files()
        found = expiry.expired(whole, timezone.localdate())
        if not found:
            return [f"No entry is older than {whole.valid_years} years: all reviews hold."]
        return [
            f"{entry.id}  reviewed {entry.review_date}, held until "
            f"{expiry.last_day(entry, whole)}  {_words(entry)}"
            for entry in found
        ]


def _words(entry: expiry.Entry) -> str:
    if isinstance(entry, Intervention):
        return f"{entry.name}: not recommended until reviewed"
    return f"{entry.drug_class} with {entry.against_text}: still checked"
