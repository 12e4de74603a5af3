from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"

    def ready(self) -> None:
        from . import receivers, tasks  # noqa: F401 - registers what this app does by itself
