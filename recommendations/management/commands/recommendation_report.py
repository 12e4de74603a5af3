import json
from dataclasses import asdict

from django.core.management.base import BaseCommand
from django.utils import timezone

from recommendations.services import quality


class Command(BaseCommand):
    help = "Print how recommendations fare: the numbers of the page, small ones left out."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="everything, as JSON")
        parser.add_argument("--item", default="", help="code of one item of the catalogue")

    def handle(self, **options):
        report = quality.report(now=timezone.now(), item=options["item"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report), default=str, ensure_ascii=False))
            return
        for row in report.items:
            self.stdout.write(
                f"{row.item} {row.name}: offered {_shown(row.offered)}, "
                f"accepted {_shown(row.accepted)}, declined {_shown(row.declined)}"
            )
        for part in report.groups:
            for name in part.flagged:
                self.stdout.write(f"{part.group} {part.part}: {name} outside 0.8 to 1.25")


def _shown(cell) -> str:
    return "hidden" if cell.count is None else str(cell.count)
