from django.core.management.base import BaseCommand, CommandError

from predictions.models import Prediction
from predictions.services import replay


class Command(BaseCommand):
    help = "Compute stored predictions again from their inputs and compare the numbers."

    def add_arguments(self, parser):
        parser.add_argument("--all", action="store_true", help="also those replaced since")

    def handle(self, **options):
        predictions = Prediction.objects if options["all"] else Prediction.objects.current()
        stored = predictions.filter(risk__isnull=False).select_related("version").order_by("pk")
        wrong = list(replay.mismatches(stored.iterator()))
        for mismatch in wrong:
            self.stderr.write(
                f"prediction {mismatch.prediction_id}: stored {mismatch.stored}, "
                f"replayed {mismatch.replayed} ({mismatch.reason})"
            )
        self.stdout.write(f"{stored.count()} replayed, {len(wrong)} mismatches")
        if wrong:
            raise CommandError("Stored predictions cannot be said again; see above.")
