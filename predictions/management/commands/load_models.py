from django.core.management.base import BaseCommand

from predictions.services import registry


class Command(BaseCommand):
    help = "Register the models of this release and let what stands in each folder serve."

    def handle(self, **options):
        for version in registry.install_builtin(held=self.stderr.write):
            self.stdout.write(f"{version}: {version.get_stage_display().lower()}")
