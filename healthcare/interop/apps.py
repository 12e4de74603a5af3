from django.apps import AppConfig


class InteropConfig(AppConfig):
    name = "healthcare.interop"
    label = "interop"
