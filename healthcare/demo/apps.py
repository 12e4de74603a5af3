from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "healthcare.demo"
    label = "demo"
