from django.conf import settings
from django.db.backends.postgresql import base

from healthcare.embedded import postgres


class DatabaseWrapper(base.DatabaseWrapper):
    """Importing settings starts nothing; asking the database for the first time does."""

    def get_new_connection(self, conn_params):
        postgres.ensure(settings.DATA_DIR, durable=settings.EMBEDDED_DURABLE)
        return super().get_new_connection(conn_params)
