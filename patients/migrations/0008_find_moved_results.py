from django.contrib.postgres.indexes import GinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0007_unchecked_copies"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="resultmove",
            index=GinIndex(fields=["results"], name="moved_results", opclasses=["jsonb_path_ops"]),
        ),
    ]
