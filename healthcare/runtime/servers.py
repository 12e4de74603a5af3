"""The embedded servers of this installation, as far as the environment does not replace them."""

from django.conf import settings

from healthcare.embedded import postgres, valkey


def ensure() -> None:
    if not settings.DATABASE_URL:
        postgres.ensure(settings.DATA_DIR, durable=settings.EMBEDDED_DURABLE)
    if not settings.BROKER_URL:
        valkey.ensure(settings.DATA_DIR)


def stop() -> None:
    if not settings.BROKER_URL:
        valkey.stop(settings.DATA_DIR)
    if not settings.DATABASE_URL:
        postgres.stop(settings.DATA_DIR)
