import json
from dataclasses import asdict
from datetime import datetime, time

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.dateparse import parse_date

from recommendations import evaluationwords, qualitywords
from recommendations.services import evaluation, quality


class Command(BaseCommand):
    help = (
        "Print how recommendations fare, small numbers left out: by item and group, and their "
        "order against simpler ones. The whole is stored and listed on the quality page."
    )

    def add_arguments(self, parser):
        parser.add_argument("--since", help="day from which answers count: 2026-01-31 (a year ago)")
        parser.add_argument("--json", action="store_true", help="everything, as JSON")
        parser.add_argument(
            "--item", default="", help="code of one item: its numbers alone, nothing is stored"
        )

    def handle(self, **options):
        now, since = timezone.now(), _moment(options["since"])
        if options["item"]:
            report = quality.report(now=now, item=options["item"], since=since)
            plain = asdict(report)
        else:
            found = evaluation.evaluate(now=now, since=since)
            evaluation.store(found)
            report = found.report
            plain = asdict(report) | {name: found.plain[name] for name in ("ranking", "followed")}
        if options["json"]:
            self.stdout.write(json.dumps(plain, cls=DjangoJSONEncoder, ensure_ascii=False))
            return
        for line in evaluationwords.counts(qualitywords.page(report)):
            self.stdout.write(line)
        if not options["item"]:
            for line in evaluationwords.lines(found.plain):
                self.stdout.write(line)


def _moment(day: str | None) -> datetime | None:
    if day is None:
        return None
    try:
        parsed = parse_date(day)
    except ValueError:
        parsed = None
    if parsed is None:
        raise CommandError(f"{day} is no day. Write it as 2026-01-31.")
    return timezone.make_aware(datetime.combine(parsed, time()))
