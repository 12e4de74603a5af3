from pathlib import Path

from django.db.backends.postgresql import base

from healthcare.embedded import postgres


class DatabaseWrapper(base.DatabaseWrapper):
    """Importing settings starts nothing; asking the database for the first time does."""

    def get_new_connection(self, conn_params):
        embedded = self.settings_dict["EMBEDDED"]
        postgres.ensure(Path(embedded["DATA_DIR"]), durable=embedded["DURABLE"])
        return super().get_new_connection(conn_params)
