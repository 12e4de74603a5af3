from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "healthcare.portal"
    label = "portal"
