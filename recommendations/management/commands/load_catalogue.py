from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from recommendations.catalogue import FaultyCatalogue, expiry
from recommendations.catalogue.entries import Intervention
from recommendations.services import catalogue


class Command(BaseCommand):
    help = (
        "Make the rows of the catalogue match the files in recommendations/catalogue. Entries that "
        "the site has edited itself keep the edit and are listed."
    )

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
        rows = [
            f"{name}: {len(difference.added)} added, {len(difference.changed)} changed, "
            f"{len(difference.withdrawn)} withdrawn"
            for name, difference in zip(["interventions", "interactions"], differences, strict=True)
        ]
        return rows + [_own(each) for each in catalogue.own_edits()]

    def _expired(self) -> list[str]:
        whole = catalogue.current()
        found = expiry.expired(whole, timezone.localdate())
        if not found:
            return [f"No entry is older than {whole.valid_years} years: all reviews hold."]
        return [
            f"{entry.id}  reviewed {entry.review_date}, held until "
            f"{expiry.last_day(entry, whole)}  {_words(entry)}"
            for entry in found
        ]


def _own(own: catalogue.OwnEdit) -> str:
    edit = own.edit
    by = edit.decided_by.get_username() if edit.decided_by else "-"
    said = f"{edit.code}  kept: the site's own {_kind(own)}, published {edit.decided_at:%Y-%m-%d}"
    if own.fault:
        return f"{said} by {by}. It can no longer be read ({own.fault}): edit it again"
    if own.is_as_file:
        return f"{said} by {by}. The file says the same now: it may go back to the file"
    if own.file_changed:
        return f"{said} by {by}. THE FILE HAS CHANGED SINCE: compare the two and decide"
    return f"{said} by {by}"


def _kind(own: catalogue.OwnEdit) -> str:
    return "withdrawal" if own.edit.entry is None else f"version {own.edit.version}"


def _words(entry: expiry.Entry) -> str:
    if isinstance(entry, Intervention):
        return f"{entry.name}: not recommended until reviewed"
    return f"{entry.drug_class} with {entry.against_text}: still checked"
