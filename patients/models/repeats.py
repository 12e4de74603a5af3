from django.contrib.postgres.fields import ArrayField
from django.db import models


class RepeatedResults(models.Model):
    """Rows that said again what another file or message had said before them.

    They store no result. But when the first to say it is withdrawn, what the others said still
    stands (decision 0008). One row holds a whole stretch of a file: `results[i]` is the version
    that line `rows[i]` repeated.
    """

    class Privacy:
        identifying: set[str] = set()
        sensitive: set[str] = set()
        plain = {"id", "lab_import", "recorded_at", "source", "results", "rows"}

    lab_import = models.ForeignKey(
        "LabImport", on_delete=models.CASCADE, null=True, related_name="repeats"
    )
    recorded_at = models.DateTimeField(help_text="When this was known here")
    source = models.CharField(max_length=60, help_text="Who said so")
    results = ArrayField(models.BigIntegerField())
    rows = ArrayField(models.BigIntegerField())

    def __str__(self):
        return f"#{self.pk}"
