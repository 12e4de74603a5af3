from django.core.management.base import BaseCommand

from predictions.services import registry


class Command(BaseCommand):
    help = "Register the models that come with this release and let new ones serve."

    def handle(self, **options):
        for version in registry.install_builtin():
            self.stdout.write(f"{version}: {version.get_stage_display().lower()}")
